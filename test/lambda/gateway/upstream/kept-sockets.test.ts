import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { completion, sendJson } from '../../../support/fake-upstream.ts';
import { type Stage, signal, startStage } from '../../../support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

test('a kept socket that is reset takes the others with it: the next attempt is over a new one', async () => {
  const sockets = new Set<Socket>();
  const all = signal();
  const MANY = 6;
  stage.answer = async (_, response, { socket }) => {
    sockets.add(socket);
    if (sockets.size === MANY) all.give();
    await all.given;
    sendJson(response, completion('kept'));
  };
  await Promise.all(Array.from({ length: MANY }, async () => (await stage.chat()).text()));
  // As a provider that was restarted: it knows none of its connections any more.
  stage.answer = (_, response, { socket }) => {
    if (sockets.has(socket)) socket.resetAndDestroy();
    else sendJson(response, completion('over a new one'));
  };
  const answer = await stage.chat();
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('over a new one');
  expect(stage.upstream.received).toHaveLength(MANY + 2);
});
