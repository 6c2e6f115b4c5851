import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Answer, chunk, SSE, sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { sendRaw } from '../../support/raw-http.ts';
import { type Stage, signal, startStage, TextReader, write, writeHead } from '../../support/stage.ts';

const BINARY = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));

let stage: Stage;

beforeAll(async () => {
  stage = await startStage({ environment: { GROQ_API_KEY: 'groq-key-of-nobody' } });
});

beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.answer = (_request, response) => sendJson(response, { ok: true });
});

afterAll(() => stage.stop());

const received = () => stage.upstream.received[0];
const call = (path: string, init?: RequestInit) => stage.gateway.fetch(path, init);

function answering(
  status: number,
  body: string | Buffer | null,
  headers: Record<string, string> = {},
): Answer {
  return (_request, response) => {
    response.writeHead(status, headers).end(body ?? undefined);
  };
}

describe('the status', () => {
  test.each([200, 201, 202, 206, 301, 304, 307, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503, 529])(
    'keeps its status %i',
    async (status) => {
      const location = status === 301 || status === 307 ? { location: `${stage.upstream.origin}/else` } : {};
      stage.answer = answering(status, status === 304 ? null : '{"a": 1}', {
        'content-type': 'application/json',
        ...location,
      });
      const response = await call('/files', { redirect: 'manual' });
      expect(response.status).toBe(status === 401 ? 502 : status);
      if (status !== 304 && status !== 401) expect(await response.text()).toBe('{"a": 1}');
      expect(response.headers.get('location')).toBe(location.location ?? null);
      expect(stage.upstream.received).toHaveLength(1);
    },
  );

  test.each([204, 205])('of %i has no body', async (status) => {
    stage.answer = answering(status, null);
    const response = await call('/files/f', { method: 'DELETE' });
    expect([response.status, await response.text()]).toEqual([status, '']);
  });

  test('with a status that HTTP does not have is a 502', async () => {
    stage.answer = answering(999, 'x');
    expect((await call('/files')).status).toBe(502);
  });
});

describe('the body', () => {
  test('keeps its bytes and its headers', async () => {
    const headers = {
      'content-type': 'audio/mpeg',
      'content-disposition': 'attachment; filename="a.mp3"',
      etag: '"1"',
    };
    stage.answer = answering(200, BINARY, headers);
    const response = await call('/audio/speech', { method: 'POST', body: '{}' });
    expect(Buffer.from(await response.arrayBuffer()).equals(BINARY)).toBe(true);
    for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name)).toBe(value);
  });

  test('to a range keeps its part', async () => {
    stage.answer = (request, response) => {
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(String(request.headers.range)) ?? [];
      const part = BINARY.subarray(Number(from), Number(to) + 1);
      response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${BINARY.byteLength}` }).end(part);
    };
    const response = await call('/files/f/content', { headers: { range: 'bytes=10-19' } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes 10-19/${BINARY.byteLength}`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(BINARY.subarray(10, 20));
  });

  test('that is compressed stays compressed', async () => {
    const bytes = gzipSync('{"a":"é"}');
    stage.answer = answering(200, bytes, {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'content-length': String(bytes.byteLength),
    });
    const response = await call('/files', { headers: { 'accept-encoding': 'gzip' } });
    expect(received()?.headers['accept-encoding']).toBe('gzip');
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.json()).toEqual({ a: 'é' });
    const head = ['GET /v1/files HTTP/1.1', 'host: x', `authorization: Bearer ${LOCAL_KEY}`];
    const raw = await sendRaw(stage.gateway.url, head);
    expect(raw.headers['content-length']).toBe(String(bytes.byteLength));
    expect(Buffer.from(raw.body, 'latin1')).toEqual(bytes);
  });

  test('to HEAD keeps its length, and the socket serves the next request', async () => {
    const sockets = new Set<unknown>();
    stage.answer = (_request, response, message) => {
      sockets.add(message.socket);
      response.writeHead(200, { 'content-length': '12345', 'content-type': 'audio/wav' }).end();
    };
    for (let n = 0; n < 3; n++) {
      const response = await call('/files/f/content', { method: 'HEAD' });
      expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
        200,
        '12345',
        '',
      ]);
    }
    expect(sockets.size).toBe(1);
  });
});

describe('a stream and the headers', () => {
  test('streams: each part arrives while the upstream still produces', async () => {
    const arrived = signal();
    stage.answer = async (_request, response) => {
      writeHead(response, SSE);
      await write(response, chunk({ content: 'first' }));
      await arrived.given;
      response.end('data: {"error":{"message":"as it is"}}\n\nhalf');
    };
    const reader = new TextReader(await call('/responses', { method: 'POST', body: '{}' }));
    await reader.until('first');
    arrived.give();
    expect(await reader.rest()).toBe(
      `${chunk({ content: 'first' })}data: {"error":{"message":"as it is"}}\n\nhalf`,
    );
  });

  test('has no header of the connection, of the vendor’s host or of its account', async () => {
    const hidden = {
      'set-cookie': 'a=b',
      'openai-organization': 'org-x',
      'alt-svc': 'h3',
      'x-hop': '1',
      connection: 'x-hop',
    };
    stage.answer = answering(200, '{}', { ...hidden, 'x-request-id': 'req_vendor' });
    const { headers } = await call('/files');
    for (const name of ['set-cookie', 'openai-organization', 'alt-svc', 'x-hop'])
      expect(headers.get(name)).toBeNull();
    expect(headers.get('x-upstream-request-id')).toBe('req_vendor');
    expect(headers.get('x-request-id')).not.toContain('req_vendor');
    expect([headers.get('x-bt-used-endpoint'), headers.get('x-bt-cached')]).toEqual(['openai', 'MISS']);
  });
});
