import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type FakeUpstream, sendJson, startUpstream } from '../../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../../support/local-gateway.ts';

const OWN_KEY = 'the-callers-own-key-of-one-vendor';
let upstream: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startUpstream((_, response) =>
    sendJson(response, { error: { message: 'no', type: 'x' } }, 401),
  );
  gateway = await startGateway({
    environment: {
      OPENAI_BASE_URL: `${upstream.origin}/openai`,
      ANTHROPIC_BASE_URL: `${upstream.origin}/anthropic`,
      ANTHROPIC_API_KEY: 'the-gateways-key',
    },
    config: { models: { either: ['openai/gpt-test', 'anthropic/claude-test'] } },
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

test('a caller’s own key goes to the first provider of an alias and to no other', async () => {
  const body = { model: 'either', messages: [{ role: 'user', content: 'Hello' }] };
  const response = await gateway.post('/chat/completions', body, {
    headers: { authorization: `Bearer ${OWN_KEY}` },
  });
  expect(response.status).toBe(401);
  expect(upstream.received.map(({ url }) => url)).toEqual(['/openai/chat/completions']);
  expect(upstream.received[0]?.headers.authorization).toBe(`Bearer ${OWN_KEY}`);
});

test('where the first vendor of an alias can not do what is asked, the next one is asked', async () => {
  const body = { model: 'either', n: 2, messages: [{ role: 'user', content: 'Hello' }] };
  upstream.received.length = 0;
  const other = await startGateway({
    environment: {
      OPENAI_API_KEY: 'x',
      OPENAI_BASE_URL: `${upstream.origin}/openai`,
      ANTHROPIC_API_KEY: 'y',
      ANTHROPIC_BASE_URL: upstream.origin,
    },
    config: { models: { either: ['anthropic/claude-test', 'openai/gpt-test'] }, retries: { attempts: 1 } },
  });
  expect((await other.post('/chat/completions', body)).status).toBe(502);
  expect(upstream.received.map(({ url }) => url)).toEqual(['/openai/chat/completions']);
  const alone = await other.post('/chat/completions', { ...body, model: 'anthropic/claude-test' });
  expect(await alone.json()).toMatchObject({ error: { param: 'n' } });
  await other.stop();
});
