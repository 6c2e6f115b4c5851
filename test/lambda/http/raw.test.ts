import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { sendRaw } from '../../support/raw-http.ts';
import { errorOf, type Stage, signal, startStage, UPSTREAM_KEY } from '../../support/stage.ts';

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

describe('a request', () => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])(
    'of %s goes to OpenAI with our key',
    async (method) => {
      const response = await call('/vector_stores/vs_1/files?limit=2&order=asc&x=%20+é', { method });
      expect(response.status).toBe(200);
      expect(received()).toMatchObject({
        method,
        url: '/v1/vector_stores/vs_1/files?limit=2&order=asc&x=%20+%C3%A9',
      });
      expect(received()?.headers.authorization).toBe(`Bearer ${UPSTREAM_KEY}`);
      expect(received()?.headers.host).toBe(new URL(stage.upstream.origin).host);
    },
  );

  test('keeps its body byte for byte', async () => {
    for (const size of [0, 1, 1000, BINARY.byteLength]) {
      const body = BINARY.subarray(0, size);
      stage.upstream.received.length = 0;
      await (
        await call('/anything', { method: 'PUT', body, headers: { 'content-type': 'audio/wav' } })
      ).text();
      expect(received()?.body.equals(body)).toBe(true);
      expect(received()?.headers['content-type']).toBe('audio/wav');
    }
  });

  test('keeps a multipart form byte for byte', async () => {
    const form = new FormData();
    form.set('purpose', 'batch');
    form.set('file', new Blob([BINARY]), 'naïve "name".bin');
    const sample = new Request('http://x', { method: 'POST', body: form });
    const type = sample.headers.get('content-type') ?? '';
    const bytes = Buffer.from(await sample.arrayBuffer());
    await (await call('/files', { method: 'POST', body: bytes, headers: { 'content-type': type } })).text();
    expect(received()?.headers['content-type']).toBe(type);
    expect(received()?.body.equals(bytes)).toBe(true);
  });

  test('of DELETE may have a body', async () => {
    await (await call('/x', { method: 'DELETE', body: '{"a":1}' })).text();
    expect(received()?.body.toString()).toBe('{"a":1}');
  });

  test('of GET leaves a body behind, and nobody waits for it', async () => {
    const head = [
      'GET /v1/files HTTP/1.1',
      'host: x',
      `authorization: Bearer ${LOCAL_KEY}`,
      'content-length: 2',
    ];
    expect((await sendRaw(stage.gateway.url, head, '{}')).status).toBe(200);
    expect(received()?.headers['content-length']).toBeUndefined();
  });
});

describe('where a request goes and what goes with it', () => {
  test('keeps the headers that a provider needs, and no others', async () => {
    const kept = {
      accept: 'application/x-thing',
      'accept-language': 'nb',
      range: 'bytes=2-5',
      'if-none-match': '"abc"',
      'openai-beta': 'assistants=v2',
      'idempotency-key': 'once',
      'x-stainless-lang': 'js',
      traceparent: '00-1-2-03',
    };
    const own = {
      cookie: 'a=b',
      'x-forwarded-for': '10.0.0.1',
      'x-custom': '1',
      'x-bt-use-cache': 'never',
      forwarded: 'for=x',
    };
    await (await call('/files/f', { headers: { ...kept, ...own } })).text();
    expect(received()?.headers).toMatchObject(kept);
    for (const name of Object.keys(own)) expect(received()?.headers[name]).toBeUndefined();
  });

  test('goes to the provider that x-bt-endpoint-name names', async () => {
    const headers = { 'x-bt-endpoint-name': 'simulated-openai' };
    const response = await call('/nothing-here', { headers });
    expect(response.status).toBe(404);
    expect(response.headers.get('x-bt-used-endpoint')).toBe('simulated-openai');
    expect(stage.upstream.received).toEqual([]);
  });

  test('to a provider without a key is a 404', async () => {
    const response = await call('/files', { headers: { 'x-bt-endpoint-name': 'xai' } });
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ code: 'provider_not_configured' });
  });
});

describe('an upload', () => {
  test('that the caller breaks off never looks complete upstream', async () => {
    const seen = signal();
    stage.onPart = () => seen.give();
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(BINARY.subarray(0, 1000)),
    });
    const controller = new AbortController();
    const init = { method: 'POST', body, duplex: 'half', signal: controller.signal } as RequestInit;
    const upload = call('/files', init).catch(() => undefined);
    await seen.given;
    controller.abort();
    await upload;
    stage.onPart = () => undefined;
    while (!stage.gateway.lines.some((line) => line.includes('"caller left"'))) await call('/health');
    await (await call('/files')).text();
    expect(stage.upstream.received.map(({ method }) => method)).toEqual(['GET']);
  });

  test.each([
    ['of unknown length', {}],
    ['of known length', { 'content-length': String(BINARY.byteLength) }],
  ])('%s streams through before it is complete', async (_, headers: Record<string, string>) => {
    const seen = signal();
    const parts: Buffer[] = [];
    stage.answer = (request, response) => sendJson(response, { bytes: request.body.byteLength });
    stage.onPart = (part) => {
      parts.push(part);
      seen.give();
    };
    const body = new ReadableStream<Uint8Array>({
      async start(stream) {
        stream.enqueue(BINARY.subarray(0, 1000));
        // The client holds the rest until the upstream has the first part.
        await seen.given;
        stream.enqueue(BINARY.subarray(1000));
        stream.close();
      },
    });
    const init = { method: 'POST', body, duplex: 'half', headers } as RequestInit;
    expect(await (await call('/files', init)).json()).toEqual({ bytes: BINARY.byteLength });
    expect(Buffer.concat(parts).equals(BINARY)).toBe(true);
    stage.onPart = () => undefined;
  });
});
