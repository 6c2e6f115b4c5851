import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FakeUpstream, sendJson, startUpstream } from '../../../support/fake-upstream.ts';
import { LOCAL_KEY, startGateway, type TestGateway } from '../../../support/local-gateway.ts';

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
      OPENAI_API_KEY: 'the-gateways-openai-key',
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

describe('OpenAI’s organization and project', () => {
  const CHOSEN = { 'openai-organization': 'org-other', 'openai-project': 'proj-other' };
  const ask = async (path: string, authorization: string) => {
    upstream.received.length = 0;
    const headers = { authorization, ...CHOSEN, 'openai-beta': 'assistants=v2' };
    const body = { model: 'gpt-test', messages: [{ role: 'user', content: 'Hello' }] };
    await gateway.post(path, body, { headers });
    return upstream.received[0]?.headers;
  };

  test.each(['/chat/completions', '/responses'])(
    'are the caller’s to choose with a key of their own: %s',
    async (path) => {
      expect(await ask(path, `Bearer ${OWN_KEY}`)).toMatchObject({
        ...CHOSEN,
        'openai-beta': 'assistants=v2',
      });
    },
  );

  test.each(['/chat/completions', '/responses'])(
    'are the operator’s with the gateway’s key: %s',
    async (path) => {
      const sent = await ask(path, `Bearer ${LOCAL_KEY}`);
      expect(sent).toMatchObject({
        authorization: 'Bearer the-gateways-openai-key',
        'openai-beta': 'assistants=v2',
      });
      for (const name of Object.keys(CHOSEN)) expect(sent).not.toHaveProperty(name);
    },
  );
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
