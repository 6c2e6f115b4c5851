import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hashKey } from '../../../lambda/gateway/callers/bearer.ts';
import { completion, sendJson } from '../../support/fake-upstream.ts';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  stage.answer = (_, response) => sendJson(response, completion('ok'));
});
afterAll(() => stage.stop());

const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

test.each<[string, (key: string) => Promise<Response>, string]>([
  ['an answer', (key) => stage.chat({}, as(key)), 'answered'],
  ['a hit', (key) => stage.chat({ seed: 1 }, as(key)), 'answered'],
  ['a refusal', (key) => stage.chat({ messages: 1 }, as(key)), 'refused'],
  ['a relayed call', (key) => stage.gateway.fetch('/files', as(key)), 'relayed'],
])('%s is told with its caller’s id, which the CLI lists', async (_, call, event) => {
  const key = await stage.gateway.addKey();
  await (await call(key)).text();
  await (await call(key)).text();
  const told = stage.gateway.lines.map((line) => JSON.parse(line)).filter((line) => line.event === event);
  expect(told.at(-1)).toMatchObject({ caller: hashKey(key).slice(0, 16) });
});

test('who is not known is told as nobody', async () => {
  await (await stage.chat({}, as('sk-sluice-unknown-of-nobody'))).text();
  expect(JSON.parse(stage.gateway.lines.at(-1) ?? '')).not.toHaveProperty('caller');
});
