import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  chunk,
  completion,
  type FakeUpstream,
  SSE,
  sendJson,
  startUpstream,
} from '../../../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../../../support/local-gateway.ts';
import { CHAT, errorOf } from '../../../support/stage.ts';

/** What the upstream says to a key of a provider, first to last; the last one again and again. */
type Script = Record<string, readonly (number | { status: number; headers: Record<string, string> })[]>;

let script: Script = {};
let upstream: FakeUpstream;
let gateway: TestGateway;

const MODELS = {
  listed: ['a/first', 'b/second', 'c/third'],
  alternatives: ['a/first', 'a/second'],
  weighted: [
    { model: 'a/first', weight: 9 },
    { model: 'b/second', weight: 1 },
    { model: 'c/third', weight: 0 },
  ],
  partly: ['groq/llama', 'b/second'],
  missing: ['groq/llama', 'xai/grok-4'],
};

/** The provider and the key of each upstream call: `a:a1`. */
const calls = () =>
  upstream.received.map(({ url, headers }) => `${url.split('/')[1]}:${headers.authorization?.slice(7)}`);
const models = () =>
  upstream.received.map(({ body }) => (JSON.parse(body.toString()) as { model: string }).model);
const ask = (model: string, headers: Record<string, string> = {}) =>
  gateway.post('/chat/completions', { ...CHAT, model }, { headers });

function startProviders(config: object = {}): Promise<TestGateway> {
  const names = ['a', 'b', 'c'];
  const entries = names.map((name) => [
    name,
    { kind: 'openai-compatible', baseUrl: `${upstream.origin}/${name}/v1` },
  ]);
  return startGateway({
    environment: {
      A_API_KEY: 'a1-of-nobody,a2-of-nobody,a3-of-nobody',
      B_API_KEY: 'b1-of-nobody',
      OPENAI_API_KEY: 'openai-of-nobody',
      OPENAI_BASE_URL: `${upstream.origin}/openai/v1`,
    },
    config: { providers: Object.fromEntries(entries), models: MODELS, ...config },
  });
}

beforeAll(async () => {
  const seen = new Map<string, number>();
  upstream = await startUpstream((request, response) => {
    const name = request.url.split('/')[1] ?? '';
    if (upstream.received.length === 1) seen.clear();
    const turn = seen.get(name) ?? 0;
    seen.set(name, turn + 1);
    const answers = script[name] ?? [200];
    const answer = answers[Math.min(turn, answers.length - 1)] ?? 200;
    const { status, headers } = typeof answer === 'number' ? { status: answer, headers: {} } : answer;
    const body =
      status === 200 ? completion(`from ${name}`) : { error: { message: `${name} says ${status}` } };
    sendJson(response, body, status, headers);
  });
  gateway = await startProviders();
});

beforeEach(() => {
  upstream.received.length = 0;
  script = {};
});

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const wait = (value: string, name = 'retry-after') => ({ status: 429, headers: { [name]: value } });

describe('several keys of a provider', () => {
  test('begin with another one each time', async () => {
    for (let n = 0; n < 6; n++) await (await ask('a/model')).text();
    const first = calls().slice(0, 3);
    expect([...first].sort()).toEqual(['a:a1-of-nobody', 'a:a2-of-nobody', 'a:a3-of-nobody']);
    expect(calls().slice(3)).toEqual(first);
  });

  test.each([401, 403, 402, 429])('are tried one after the other on a %i', async (status) => {
    script = { a: [status, status, 200] };
    expect((await ask('a/model')).status).toBe(200);
    expect(new Set(calls()).size).toBe(3);
  });

  test('are tried at once on a 429 that asks for a long wait', async () => {
    script = { a: [wait('3600'), 200] };
    expect((await ask('a/model')).status).toBe(200);
    expect(calls()).toHaveLength(2);
  });

  test('are a 502 where all are refused', async () => {
    script = { a: [401] };
    const response = await ask('a/model');
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: 'provider_auth' });
    expect(new Set(calls()).size).toBe(3);
  });

  test.each([500, 502, 503, 529])('are not tried on a %i, which is no key’s fault', async (status) => {
    script = { a: [status, 200] };
    expect((await ask('a/model')).status).toBe(200);
    expect(new Set(calls()).size).toBe(1);
    expect(calls()).toHaveLength(2);
  });
});

describe('retry-after', () => {
  test.each([
    ['in seconds', wait('0')],
    ['in milliseconds', wait('20', 'retry-after-ms')],
    ['as a date', wait('Wed, 21 Oct 2015 07:28:00 GMT')],
  ])('that is short is waited for: %s', async (_, answer) => {
    script = { b: [answer, 200] };
    expect((await ask('b/model')).status).toBe(200);
    expect(calls()).toHaveLength(2);
  });

  test.each(['21', '3600', 'Wed, 21 Oct 2099 07:28:00 GMT'])(
    'of %s is the caller’s at once',
    async (value) => {
      script = { b: [wait(value), 200] };
      const response = await ask('b/model');
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(21);
      expect((await errorOf(response)).message).toBe('b says 429');
      expect(calls()).toHaveLength(1);
    },
  );

  test('past the deadline is the caller’s at once', async () => {
    const hurried = await startProviders({ timeouts: { totalMs: 4_000 } });
    script = { b: [wait('4'), 200] };
    const response = await hurried.post('/chat/completions', { ...CHAT, model: 'b/model' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '4']);
    await hurried.stop();
  });
});

describe('attempts', () => {
  test('are three at most, over keys and routes', async () => {
    script = { a: [429], b: [429], c: [429] };
    const response = await ask('listed');
    expect(response.status).toBe(429);
    expect(calls()).toHaveLength(3);
  });

  test.each([
    [1, 1],
    [2, 2],
    [5, 5],
  ])('are what the operator sets: %i', async (attempts, expected) => {
    const other = await startProviders({ retries: { attempts } });
    script = { a: [401], b: [wait('0')], c: [500] };
    await (await other.post('/chat/completions', { ...CHAT, model: 'listed' })).text();
    expect(calls()).toHaveLength(expected);
    await other.stop();
  });

  test.each([400, 413, 422, 415])('end with a %i, which no other provider could mend', async (status) => {
    script = { a: [status] };
    const response = await ask('listed');
    expect((await errorOf(response)).message).toBe(`a says ${status}`);
    expect(calls()).toHaveLength(1);
  });

  test('end with the first byte', async () => {
    const broken = await startUpstream((_request, response, message) => {
      response.writeHead(200, SSE);
      response.write(chunk({ content: 'Hi' }), () => message.socket.destroy());
    });
    const providers = { broken: { kind: 'openai-compatible', baseUrl: broken.origin } };
    const other = await startGateway({ config: { providers, models: { m: ['broken/x', 'broken/y'] } } });
    const text = await (await other.post('/chat/completions', { ...CHAT, model: 'm', stream: true })).text();
    expect(text).toContain('upstream_reset');
    expect(broken.received).toHaveLength(1);
    await other.stop();
    await broken.close();
  });
});

describe('a list of models', () => {
  test('is tried in order, and the answer tells who gave it', async () => {
    script = { a: [500], b: [503] };
    const response = await ask('listed');
    expect(response.headers.get('x-bt-used-endpoint')).toBe('c');
    expect(await response.json()).toEqual(completion('from c'));
    expect(models()).toEqual(['first', 'second', 'third']);
  });

  test('goes on at a model that the provider does not have, its other keys left aside', async () => {
    script = { a: [404, 200] };
    expect((await ask('alternatives')).status).toBe(200);
    expect(models()).toEqual(['first', 'second']);
  });

  test('ends with the last one’s error', async () => {
    script = { a: [500], b: [404], c: [503] };
    const response = await ask('listed');
    expect(response.status).toBe(503);
    expect((await errorOf(response)).message).toBe('c says 503');
  });

  test('leaves out providers without a key', async () => {
    expect((await ask('partly')).headers.get('x-bt-used-endpoint')).toBe('b');
    expect(calls()).toEqual(['b:b1-of-nobody']);
  });
});

describe('weights', () => {
  test.each([
    [0, ['first']],
    [0.89, ['first']],
    [0.91, ['second']],
    [0.999, ['second']],
  ])('choose by lot, at %d', async (lot, expected) => {
    jest.spyOn(Math, 'random').mockReturnValue(lot);
    expect((await ask('weighted')).status).toBe(200);
    expect(models()).toEqual(expected);
  });

  test.each([
    [0, ['first', 'second']],
    [0.95, ['second', 'first']],
  ])('keep the others as fallbacks, but none of weight 0, at %d', async (lot, expected) => {
    jest.spyOn(Math, 'random').mockReturnValue(lot);
    script = { a: [404], b: [404] };
    expect((await ask('weighted')).status).toBe(404);
    expect(models()).toEqual(expected);
  });
});
