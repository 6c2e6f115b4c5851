import { type DeployedFunction, deployFunction } from '../support/deployed-function.ts';
import {
  type Answer,
  chatStream,
  chunk,
  completion,
  type FakeUpstream,
  SSE,
  sendJson,
} from '../support/fake-upstream.ts';
import type { EventKind } from '../support/lambda-hosts.ts';

const JSON_BODY = { 'content-type': 'application/json' };
const chat = (more: object = {}) =>
  JSON.stringify({ model: 'gpt-test', messages: [{ role: 'user', content: 'Hello' }], ...more });

let deployed: DeployedFunction;
let upstream: FakeUpstream;
let answer: Answer;

beforeAll(async () => {
  deployed = await deployFunction((...received) => answer(...received));
  upstream = deployed.upstream;
});

afterAll(() => deployed.stop());

describe.each<EventKind>(['function-url', 'rest'])('the function behind %s', (kind) => {
  const call = (path: string, init?: Parameters<DeployedFunction['call']>[2]) =>
    deployed.call(kind, path, init);

  test('answers a chat completion byte for byte', async () => {
    const sent = JSON.stringify(completion('Grüße 👋'));
    answer = (_, response) => void response.writeHead(200, JSON_BODY).end(sent);
    const { response, finished } = call('/v1/chat/completions', {
      method: 'POST',
      headers: JSON_BODY,
      body: chat(),
    });
    expect(await (await response).text()).toBe(sent);
    expect((await response).headers.get('x-bt-used-endpoint')).toBe('openai');
    const outcome = await finished;
    expect(outcome.handlerError).toBeUndefined();
    expect(outcome.error).toBeUndefined();
    expect(upstream.received.at(-1)?.headers.authorization).toBe('Bearer key-of-nobody');
  });

  test('gives the first chunk while the provider still produces, and resolves after the last', async () => {
    const proceed = Promise.withResolvers<void>();
    answer = async (_, response) => {
      response.writeHead(200, SSE).write(chunk({ role: 'assistant', content: 'first' }));
      await proceed.promise;
      response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`);
    };
    const { response, finished } = call('/v1/chat/completions', {
      method: 'POST',
      headers: JSON_BODY,
      body: chat({ stream: true }),
    });
    const reader = (await response).body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toContain('first');
    proceed.resolve();
    let rest = '';
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
      rest += Buffer.from(part.value);
    expect(rest).toMatch(/data: \[DONE\]\n\n$/);
    const { endedAt = 0, handlerResolvedAt = 0 } = await finished;
    expect(handlerResolvedAt).toBeGreaterThanOrEqual(endedAt);
  });

  test('passes a binary body and a binary answer through unchanged', async () => {
    const bytes = Uint8Array.from({ length: 1024 }, (_, i) => i % 256);
    answer = (received, response) =>
      void response.writeHead(201, { 'content-type': 'application/octet-stream' }).end(received.body);
    const { response } = call('/v1/files?purpose=a%20b&x=1&x=2', {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    });
    expect((await response).status).toBe(201);
    expect(new Uint8Array(await (await response).arrayBuffer())).toEqual(bytes);
    expect(new URL(upstream.received.at(-1)?.url ?? '', upstream.origin).searchParams.getAll('x')).toEqual([
      '1',
      '2',
    ]);
    expect(upstream.received.at(-1)?.headers['content-length']).toBe('1024');
  });

  test('keeps escapes in a path', async () => {
    answer = (_, response) => sendJson(response, {});
    await call('/v1/files/a%2Fb%20c').finished;
    expect(upstream.received.at(-1)?.url).toBe('/v1/files/a%2Fb%20c');
  });

  test.each([
    ['no key', { headers: { authorization: '' } }, 401],
    ['a body that is no JSON', { method: 'POST', body: '{' }, 400],
    ['a model without a key', { method: 'POST', body: chat({ model: 'groq/x' }) }, 404],
  ])('answers %s with its true status before the first byte', async (_, init, status) => {
    const { response, finished } = call('/v1/chat/completions', init);
    expect((await response).status).toBe(status);
    expect(await (await response).json()).toMatchObject({ error: { message: expect.any(String) } });
    expect((await finished).handlerError).toBeUndefined();
  });

  test('says at which size a body is too large', async () => {
    const { response } = call('/v1/chat/completions', {
      method: 'POST',
      body: 'x'.repeat(6 * 1024 * 1024 + 1),
    });
    expect((await response).status).toBe(413);
    expect(await (await response).json()).toMatchObject({
      error: { message: expect.stringContaining('6 MB') },
    });
  });

  test('ends a stream that breaks with an error frame', async () => {
    answer = (_, response) => {
      response.writeHead(200, SSE).write(chunk({ content: 'half' }), () => response.destroy());
    };
    const { response, finished } = call('/v1/chat/completions', {
      method: 'POST',
      body: chat({ stream: true }),
    });
    const text = await (await response).text();
    expect(text).toMatch(/half[\s\S]*data: \{"error":\{.*"code":"upstream_reset"\}\}\n\n$/);
    expect(text).not.toContain('[DONE]');
    expect((await finished).handlerError).toBeUndefined();
  });

  test('cuts a relayed body off where the provider did', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('partial', () => response.destroy());
    };
    const { response, finished } = call('/v1/files/f/content');
    await expect((await response).text()).rejects.toThrow();
    expect((await finished).error).toBeDefined();
  });

  test('sends status and headers of an answer without a body', async () => {
    answer = (_, response) => void response.writeHead(204, { 'x-ratelimit-limit-requests': '7' }).end();
    const { response, finished } = call('/v1/files/f', { method: 'DELETE' });
    expect((await response).status).toBe(204);
    expect((await response).headers.get('x-ratelimit-limit-requests')).toBe('7');
    expect((await finished).handlerError).toBeUndefined();
  });

  test('gives up in time for the invocation to end well', async () => {
    answer = (_, response) => void response.writeHead(200, SSE).write(chunk({ content: 'then silence' }));
    const init = { method: 'POST', body: chat({ stream: true }), remainingMs: 2_300 };
    const { response, finished } = call('/v1/chat/completions', init);
    expect(await (await response).text()).toContain('upstream_timeout');
    expect((await finished).handlerError).toBeUndefined();
  });
});

test('streams many answers at once without mixing them', async () => {
  answer = (received, response) => {
    const { messages } = JSON.parse(received.body.toString()) as { messages: { content: string }[] };
    response.writeHead(200, SSE).end(chatStream(Array(20).fill(messages[0]?.content)));
  };
  const calls = Array.from({ length: 16 }, (_, i) => {
    const body = chat({ stream: true, messages: [{ role: 'user', content: `w${i}-` }] });
    return deployed.call('function-url', '/v1/chat/completions', { method: 'POST', body }).response;
  });
  const texts = await Promise.all(calls.map(async (response) => (await response).text()));
  texts.forEach((text, i) => {
    expect(text).toBe(chatStream(Array(20).fill(`w${i}-`)));
  });
});
