import { afterEach, describe, expect, test } from '@jest/globals';
import { type Answer, type FakeUpstream, sendJson, startUpstream } from '../../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../../support/local-gateway.ts';
import { errorOf } from '../../support/stage.ts';

const model = (id: string, owned_by = 'vendor') => ({
  id,
  object: 'model',
  created: 1_700_000_000,
  owned_by,
});

const LISTS: Record<string, unknown> = {
  openai: { object: 'list', data: [model('gpt-test'), model('o9-mini'), { id: 7 }, null] },
  groq: { data: [model('llama-x'), model('org/model-y'), model('gpt-oss')] },
  bare: [{ id: 'first-model' }],
};

let stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  stops = [];
});

/** A gateway before OpenAI, Groq and a server of one's own; each lists its models unless `answer` says otherwise. */
async function start(
  answers: Record<string, Answer> = {},
  config: object = {},
): Promise<{ gateway: TestGateway; upstream: FakeUpstream }> {
  const upstream = await startUpstream((request, response, message) => {
    const name = request.url.split('/')[1] ?? '';
    return (answers[name] ?? (() => sendJson(response, LISTS[name])))(request, response, message);
  });
  const gateway = await startGateway({
    environment: {
      OPENAI_API_KEY: 'openai-of-nobody',
      OPENAI_BASE_URL: `${upstream.origin}/openai`,
      GROQ_API_KEY: 'groq-of-nobody',
      GROQ_BASE_URL: `${upstream.origin}/groq`,
    },
    config: {
      providers: { bare: { kind: 'openai-compatible', baseUrl: `${upstream.origin}/bare` } },
      models: { fast: 'groq/llama-x', 'team/smart': 'openai/gpt-test' },
      ...config,
    },
  });
  stops.push(gateway.stop, upstream.close);
  return { gateway, upstream };
}

async function ids(gateway: TestGateway): Promise<string[]> {
  const response = await gateway.fetch('/models');
  expect(response.status).toBe(200);
  const { data } = (await response.json()) as { data: { id: string }[] };
  return data.map(({ id }) => id).filter((id) => !id.startsWith('simulated'));
}

const ALL = [
  'fast',
  'team/smart',
  'gpt-test',
  'o9-mini',
  'groq/llama-x',
  'groq/org/model-y',
  'groq/gpt-oss',
  'bare/first-model',
];

describe('GET /models', () => {
  test('lists aliases and what every provider lists, by the names that lead there', async () => {
    const { gateway } = await start();
    expect((await ids(gateway)).sort()).toEqual([...ALL].sort());
  });

  test('has the shape of OpenAI’s', async () => {
    const { gateway } = await start();
    const body = (await (await gateway.fetch('/models')).json()) as { object: string; data: object[] };
    expect(body.object).toBe('list');
    expect(body.data).toContainEqual(model('gpt-test'));
    expect(body.data).toContainEqual({ ...model('fast'), created: 0, owned_by: 'sluice' });
    for (const entry of body.data) {
      expect(entry).toEqual({
        id: expect.any(String),
        object: 'model',
        created: expect.any(Number),
        owned_by: expect.any(String),
      });
    }
  });

  test('asks each provider with its own key, and not again for a while', async () => {
    const { gateway, upstream } = await start();
    await ids(gateway);
    await ids(gateway);
    const asked = upstream.received.map(({ url, headers }) => `${url} ${headers.authorization}`);
    expect(asked.sort()).toEqual([
      '/bare/models undefined',
      '/groq/models Bearer groq-of-nobody',
      '/openai/models Bearer openai-of-nobody',
    ]);
  });

  test.each<[string, Answer]>([
    ['refuses', (_request, response) => sendJson(response, { error: { message: 'canary text' } }, 401)],
    ['is down', (_request, _response, message) => void message.socket.destroy()],
    ['answers HTML', (_request, response) => void response.end('<html>canary text</html>')],
    ['answers another shape', (_request, response) => sendJson(response, { data: 'canary text' })],
    ['redirects', (_request, response) => void response.writeHead(302, { location: '/openai/models' }).end()],
  ])('leaves out a provider that %s, and lists the others', async (_, answer) => {
    const { gateway } = await start({ groq: answer });
    expect((await ids(gateway)).sort()).toEqual(ALL.filter((id) => !id.startsWith('groq/')).sort());
    expect(gateway.lines.join()).not.toContain('canary');
  });

  test('names a provider that can not be asked in the log', async () => {
    const { gateway } = await start({ groq: (_request, response) => sendJson(response, {}, 500) });
    await ids(gateway);
    expect(gateway.lines.join()).toMatch(/"models not listed".*"provider":"groq"/);
  });

  test('asks a provider anew that could not be asked before', async () => {
    const answers: Record<string, Answer> = { groq: (_request, response) => sendJson(response, {}, 500) };
    const { gateway } = await start(answers);
    expect(await ids(gateway)).not.toContain('groq/llama-x');
    delete answers.groq;
    expect(await ids(gateway)).toContain('groq/llama-x');
  });

  test('asks OpenAI with the caller’s own key, where that is what the caller has', async () => {
    const { gateway, upstream } = await start();
    const headers = { authorization: 'Bearer own-key-of-nobody' };
    expect((await gateway.fetch('/models', { headers })).status).toBe(200);
    const asked = upstream.received.filter(({ headers }) => headers.authorization !== undefined);
    expect(asked.map(({ url, headers }) => `${url} ${headers.authorization}`)).toEqual([
      '/openai/models Bearer own-key-of-nobody',
    ]);
  });
});

describe('GET /models/{id}', () => {
  test.each(ALL)('finds %s', async (id) => {
    const { gateway } = await start();
    const response = await gateway.fetch(`/models/${id}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id, object: 'model' });
  });

  test.each([
    ['groq%2Fllama-x', 'groq/llama-x'],
    ['groq/org%2fmodel-y', 'groq/org/model-y'],
    ['gpt%2Dtest', 'gpt-test'],
  ])('finds %s, percent-encoded', async (path, id) => {
    const { gateway } = await start();
    expect(await (await gateway.fetch(`/models/${path}`)).json()).toMatchObject({ id });
  });

  test('is a 404 for a name that nobody lists', async () => {
    const { gateway } = await start();
    const response = await gateway.fetch('/models/no-such-model');
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ code: 'model_not_found', param: 'model' });
  });

  test('is a 400 for a name that is not percent-encoded rightly', async () => {
    const { gateway } = await start();
    const response = await gateway.fetch('/models/gpt%zz');
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_path' });
  });
});
