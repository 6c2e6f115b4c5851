import { once } from 'node:events';
import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { chatStream, chunk, completion, SSE } from '../../../support/fake-upstream.ts';
import {
  brokenStream,
  errorOf,
  type Stage,
  signal,
  startStage,
  streaming,
  TextReader,
} from '../../../support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage({ config: { retries: { attempts: 1 } } });
});

beforeEach(() => {
  stage.upstream.received.length = 0;
});

afterAll(() => stage.stop());

const ENCODINGS: [string, (text: string) => Buffer][] = [
  ['gzip', (text) => gzipSync(text)],
  ['x-gzip', (text) => gzipSync(text)],
  ['GZIP', (text) => gzipSync(text)],
  ['deflate', (text) => deflateSync(text)],
  ['br', (text) => brotliCompressSync(text)],
  ['zstd', (text) => zstdCompressSync(text)],
  ['identity', (text) => Buffer.from(text)],
];

describe.each(ENCODINGS)('%s, though nobody asked for it', (encoding, encode) => {
  const headers = (type: string) => ({ 'content-type': type, 'content-encoding': encoding });

  test('is taken off a JSON answer', async () => {
    const text = JSON.stringify(completion('Grüße'), null, 2);
    stage.answer = (_request, response) => {
      response.writeHead(200, headers('application/json')).end(encode(text));
    };
    const response = await stage.chat();
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await response.text()).toBe(text);
    expect(stage.upstream.received[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('is taken off an error', async () => {
    const text = JSON.stringify({ error: { message: 'The vendor says no.', code: 'vendor_code' } });
    stage.answer = (_request, response) => {
      response.writeHead(400, headers('application/json')).end(encode(text));
    };
    const response = await stage.chat();
    expect(response.status).toBe(400);
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await errorOf(response)).toMatchObject({ message: 'The vendor says no.', code: 'vendor_code' });
  });

  test('is taken off a stream', async () => {
    stage.answer = streaming(encode(chatStream(['Hi', 'é😀'], true)), { 'content-encoding': encoding });
    const response = await stage.chat({ stream: true });
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await response.text()).toBe(chatStream(['Hi', 'é😀']));
  });
});

test('a compressed stream arrives chunk by chunk', async () => {
  const arrived = signal();
  stage.answer = async (_request, response) => {
    response.writeHead(200, { ...SSE, 'content-encoding': 'gzip' });
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    gzip.pipe(response);
    gzip.write(chunk({ content: 'first' }));
    await arrived.given;
    gzip.end(chatStream(['second']));
  };
  const reader = new TextReader(await stage.chat({ stream: true }));
  expect(await reader.until('first')).toBe(chunk({ content: 'first' }));
  arrived.give();
  expect(await reader.rest()).toBe(chunk({ content: 'first' }) + chatStream(['second']));
});

test('a caller who leaves a compressed stream closes the upstream’s socket', async () => {
  const closed = signal();
  stage.answer = async (_request, response, message) => {
    message.socket.once('close', () => closed.give());
    response.writeHead(200, { ...SSE, 'content-encoding': 'gzip' });
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    gzip.pipe(response);
    gzip.write(chunk({ content: 'first' }));
  };
  const reader = new TextReader(await stage.chat({ stream: true }));
  await reader.until('first');
  await reader.cancel();
  await closed.given;
});

describe('a compressed answer that is cut', () => {
  test('is a 502 where it is JSON', async () => {
    const bytes = gzipSync(JSON.stringify(completion('Hi')));
    stage.answer = (_request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(bytes.subarray(0, -10));
    };
    const response = await stage.chat();
    expect(response.status).toBe(502);
    expect((await errorOf(response)).code).toMatch(/^upstream_/);
  });

  test('is an error frame where it streams', async () => {
    stage.answer = async (_request, response) => {
      response.writeHead(200, { ...SSE, 'content-encoding': 'gzip' });
      const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
      gzip.write(chunk({ content: 'first' }));
      const [part] = await once(gzip, 'data');
      response.end(part);
    };
    const { before } = brokenStream(await (await stage.chat({ stream: true })).text());
    expect(before).toBe(chunk({ content: 'first' }));
  });

  test('is a message of the gateway’s where it is an error', async () => {
    stage.answer = (_request, response) => {
      response.writeHead(400, { 'content-encoding': 'gzip' }).end('this was never compressed');
    };
    const response = await stage.chat();
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toMatch(/400/);
  });
});

test('an encoding that nobody knows is a 502, not noise', async () => {
  stage.answer = (_request, response) => {
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'compress' })
      .end(Buffer.of(0x1f, 0x9d, 0x90));
  };
  const response = await stage.chat();
  expect(response.status).toBe(502);
  expect(await errorOf(response)).toMatchObject({ code: 'upstream_invalid_response' });
});
