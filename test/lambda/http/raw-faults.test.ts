import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Answer, completion, sendJson } from '../../support/fake-upstream.ts';
import {
  errorOf,
  type Stage,
  startStage,
  TextReader,
  UPSTREAM_KEY,
  write,
  writeHead,
} from '../../support/stage.ts';

let stage: Stage;
let briefly: Stage;

beforeAll(async () => {
  stage = await startStage();
  briefly = await startStage({ config: { timeouts: { firstByteMs: 100, idleMs: 100 } } });
});

beforeEach(() => {
  for (const { upstream, gateway } of [stage, briefly]) {
    upstream.received.length = 0;
    gateway.lines.length = 0;
  }
  // What the local server does with a body that breaks: it tells the terminal.
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
});

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(() => Promise.all([stage.stop(), briefly.stop()]));

const calls = () => stage.upstream.received.length;
const call = (path: string, init?: RequestInit) => stage.gateway.fetch(path, init);
const resets: Answer = (_request, _response, message) => void message.socket.resetAndDestroy();
const resetsBehindHeaders: Answer = (_request, response, message) => {
  writeHead(response, { 'content-type': 'text/plain' });
  message.socket.end();
};
const ok: Answer = (_request, response) => sendJson(response, { ok: true });

/** These answers in turn, the last one again and again. */
function inTurn(...answers: Answer[]): Answer {
  let turn = 0;
  return (...call) => answers[Math.min(turn++, answers.length - 1)]?.(...call);
}

describe('a break before the first byte', () => {
  test.each(['GET', 'DELETE', 'HEAD'])('of %s is tried again', async (method) => {
    stage.answer = inTurn(resets, resetsBehindHeaders, ok);
    const response = await call('/files/f', { method });
    expect(response.status).toBe(200);
    // The headers of HEAD are its whole answer.
    expect(calls()).toBe(method === 'HEAD' ? 2 : 3);
  });

  test.each<[string, RequestInit]>([
    ['POST', { method: 'POST', body: '{}' }],
    ['PUT', { method: 'PUT', body: '{}' }],
    ['PATCH', { method: 'PATCH' }],
    ['POST of a stream', { method: 'POST', body: new Blob(['{}']).stream(), duplex: 'half' } as RequestInit],
  ])('of %s is not tried again: the provider may have done it', async (_, init) => {
    stage.answer = inTurn(resets, ok);
    const response = await call('/files', init);
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: 'upstream_reset' });
    expect(calls()).toBe(1);
  });

  test('is a 502 at the third time', async () => {
    stage.answer = inTurn(resets, resetsBehindHeaders, resets, ok);
    const response = await call('/files');
    expect(response.status).toBe(502);
    expect(calls()).toBe(3);
  });
});

describe('a break in the body', () => {
  test('breaks the caller’s connection: it must not look complete', async () => {
    stage.answer = async (_request, response, message) => {
      writeHead(response, { 'content-type': 'text/plain' });
      await write(response, 'first');
      message.socket.resetAndDestroy();
    };
    const reader = new TextReader(await call('/files/f/content'));
    await expect(reader.rest()).rejects.toThrow('terminated');
    expect('first').toContain(reader.text);
    expect(calls()).toBe(1);
    expect(stage.gateway.lines.at(-1)).toMatch(
      /"relay failed".*"provider":"openai".*"code":"upstream_reset"/,
    );
  });

  test('and a silence in it do', async () => {
    const idle = await startStage({ config: { timeouts: { idleMs: 100 } } });
    idle.answer = async (_request, response) => {
      writeHead(response, { 'content-type': 'text/plain' });
      await write(response, 'first');
    };
    const reader = new TextReader(await idle.gateway.fetch('/files/f/content'));
    await expect(reader.rest()).rejects.toThrow('terminated');
    expect(reader.text).toBe('first');
    await idle.stop();
  });
});

describe('a silence', () => {
  test.each<[string, Answer]>([
    ['before the headers', () => undefined],
    ['behind the headers', (_request, response) => writeHead(response, { 'content-type': 'text/plain' })],
  ])('%s is a 504, and nothing is tried again', async (_, answer) => {
    briefly.answer = answer;
    const response = await briefly.gateway.fetch('/files');
    expect(response.status).toBe(504);
    expect(await errorOf(response)).toMatchObject({ code: 'upstream_timeout' });
    expect(briefly.upstream.received).toHaveLength(1);
  });
});

describe('a key that the provider refuses', () => {
  const refuses: Answer = (_request, response) =>
    sendJson(response, { error: { message: `Incorrect API key provided: ${UPSTREAM_KEY}.` } }, 401);

  test('is a 502 where it is the gateway’s', async () => {
    stage.answer = refuses;
    const response = await call('/files');
    expect(response.status).toBe(502);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: 'provider_auth' });
    expect(error.message).toContain('Incorrect API key provided');
    expect(error.message).not.toContain(UPSTREAM_KEY);
  });

  test('is a 502 also where the refusal is compressed', async () => {
    const body = gzipSync(JSON.stringify({ error: { message: 'Incorrect API key provided.' } }));
    stage.answer = (_request, response) =>
      void response.writeHead(401, { 'content-encoding': 'gzip' }).end(body);
    const response = await call('/files', { headers: { 'accept-encoding': 'gzip' } });
    expect(response.status).toBe(502);
    expect((await errorOf(response)).message).toContain('Incorrect API key provided.');
  });

  test('is relayed as it is where it is the caller’s own', async () => {
    const body = '{ "error": {"message": "Incorrect API key provided: own-key."} }';
    stage.answer = (_request, response) => void response.writeHead(401).end(body);
    const response = await call('/files', { headers: { authorization: 'Bearer own-key-of-nobody' } });
    expect([response.status, await response.text()]).toEqual([401, body]);
    expect(stage.upstream.received[0]?.headers.authorization).toBe('Bearer own-key-of-nobody');
  });

  test('makes room for the next key, with the same body', async () => {
    const several = await startStage({ environment: { OPENAI_API_KEY: 'one-of-nobody,two-of-nobody' } });
    several.answer = inTurn(refuses, ok);
    expect((await several.gateway.post('/files', { a: 1 })).status).toBe(200);
    const [first, second] = several.upstream.received;
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers.authorization).not.toBe(first?.headers.authorization);
    await several.stop();
  });
});

describe('an error that quotes the gateway’s key', () => {
  const quoting = JSON.stringify({ error: { message: `The key ${UPSTREAM_KEY} may not do this.` } });

  test.each([403, 400, 500])('of status %i comes without it', async (status) => {
    stage.answer = (_request, response) => void response.writeHead(status, { etag: '"1"' }).end(quoting);
    const response = await call('/files');
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(quoting.replace(UPSTREAM_KEY, '[redacted]'));
    expect(response.headers.get('etag')).toBeNull();
  });

  test('comes without it where it is compressed', async () => {
    stage.answer = (_request, response) =>
      void response.writeHead(403, { 'content-encoding': 'gzip' }).end(gzipSync(quoting));
    const response = await call('/files', { headers: { 'accept-encoding': 'gzip' } });
    expect(await response.text()).toBe(quoting.replace(UPSTREAM_KEY, '[redacted]'));
  });

  test('stays as it is where it quotes none, compressed or large', async () => {
    const large = `{"error":{"message":"${'x'.repeat(1024 * 1024)}"}}`;
    for (const body of [gzipSync(large), Buffer.from(large)]) {
      const encoding: Record<string, string> =
        body.byteLength < large.length ? { 'content-encoding': 'gzip' } : {};
      stage.answer = (_request, response) => void response.writeHead(500, encoding).end(body);
      const response = await call('/files', { headers: { 'accept-encoding': 'gzip' } });
      expect(response.headers.get('content-encoding')).toBe(encoding['content-encoding'] ?? null);
      expect(await response.text()).toBe(large);
    }
  });
});

test('a keep-alive socket that the upstream closed between two calls is no failure of the next', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.answer = (_request, response, message) => {
    message.socket.once('close', () => resolve());
    response.once('finish', () => message.socket.end());
    sendJson(response, completion('Hi'));
  };
  await (await call('/files', { method: 'POST', body: '{}' })).text();
  await promise;
  stage.answer = ok;
  expect((await call('/files', { method: 'POST', body: '{}' })).status).toBe(200);
  expect(calls()).toBe(2);
});
