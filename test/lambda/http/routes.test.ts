import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { completion, SSE, sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { CHAT, errorOf, type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
let origin: string;

beforeAll(async () => {
  stage = await startStage();
  origin = new URL(stage.gateway.url).origin;
});

beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.answer = (_request, response) => sendJson(response, completion('Hi'));
});

afterAll(() => stage.stop());

const AUTH = { authorization: `Bearer ${LOCAL_KEY}` };

/** A request to any path, the base path included; with the gateway's key where no headers are given. */
function send(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${origin}${path}`, { headers: AUTH, ...init });
}

function post(path: string, body: unknown = CHAT, headers: Record<string, string> = {}): Promise<Response> {
  return send(path, { method: 'POST', body: JSON.stringify(body), headers: { ...AUTH, ...headers } });
}

const urls = () => stage.upstream.received.map(({ url }) => url);
const BASES = ['', '/v1', '/v1/proxy'];

describe('every base path', () => {
  test.each(BASES)('%s/chat/completions answers', async (base) => {
    const response = await post(`${base}/chat/completions`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(completion('Hi'));
    expect(urls()).toEqual(['/v1/chat/completions']);
  });

  test.each(BASES)('%s/completions and %s/embeddings answer', async (base) => {
    await (await post(`${base}/completions`, { model: 'gpt-3.5-turbo-instruct', prompt: 'Hi' })).text();
    stage.answer = (_request, response) => sendJson(response, { object: 'list', data: [], model: 'e' });
    await (await post(`${base}/embeddings`, { model: 'text-embedding-3-small', input: 'Hi' })).text();
    expect(urls()).toEqual(['/v1/completions', '/v1/embeddings']);
  });

  test.each(BASES)('%s/health answers without a key', async (base) => {
    const response = await send(`${base}/health`, { headers: {} });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  test.each(BASES)('%s/files goes to OpenAI', async (base) => {
    stage.answer = (_request, response) => sendJson(response, { data: [] });
    expect((await send(`${base}/files?limit=2`)).status).toBe(200);
    expect(urls()).toEqual(['/v1/files?limit=2']);
  });
});

describe('/btorg/<name>', () => {
  test.each([
    '/btorg/acme/v1/chat/completions',
    '/v1/btorg/acme/chat/completions',
    '/v1/proxy/btorg/acme/chat/completions',
    '/btorg/acme/v1/proxy/chat/completions',
    '/btorg/acme/chat/completions',
    '/btorg/a%20b%2Fc/v1/chat/completions',
  ])('%s is taken off', async (path) => {
    expect((await post(path)).status).toBe(200);
    expect(urls()).toEqual(['/v1/chat/completions']);
  });

  test('agrees with the same x-bt-org-name', async () => {
    const response = await post('/btorg/ac%6De/v1/chat/completions', CHAT, { 'x-bt-org-name': 'acme' });
    expect(response.status).toBe(200);
  });

  test.each([
    ['another x-bt-org-name beside it', '/btorg/acme/v1/chat/completions', { 'x-bt-org-name': 'other' }],
    ['two names in the path', '/btorg/acme/v1/btorg/other/chat/completions', {}],
    ['a name that is not percent-encoded rightly', '/btorg/%zz/v1/chat/completions', {}],
  ])('with %s is a 400', async (_, path, headers) => {
    const response = await post(path, CHAT, headers as Record<string, string>);
    expect(response.status).toBe(400);
    await errorOf(response);
    expect(urls()).toEqual([]);
  });
});

describe('methods', () => {
  test.each([
    ['POST', '/v1/health', 'GET, HEAD'],
    ['DELETE', '/health', 'GET, HEAD'],
    ['GET', '/v1/auto', 'POST'],
    ['PUT', '/v1/proxy/auto', 'POST'],
  ])('%s %s is a 405 that tells what is allowed', async (method, path, allow) => {
    const response = await send(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await errorOf(response)).toMatchObject({ code: 'method_not_allowed' });
    expect(urls()).toEqual([]);
  });

  test.each([
    ['GET', '/v1/chat/completions?limit=2', '/v1/chat/completions?limit=2'],
    ['DELETE', '/v1/models/ft:gpt-test:acme', '/v1/models/ft:gpt-test:acme'],
    ['POST', '/v1/models', '/v1/models'],
  ])('%s %s is OpenAI’s', async (method, path, expected) => {
    await (await send(path, { method })).text();
    expect(stage.upstream.received.map((request) => `${request.method} ${request.url}`)).toEqual([
      `${method} ${expected}`,
    ]);
  });

  test('HEAD /health has no body', async () => {
    const response = await send('/v1/health', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('a caller without a valid key', () => {
  const PATHS: [string, string][] = [
    ['POST', '/v1/chat/completions'],
    ['POST', '/v1/completions'],
    ['POST', '/v1/embeddings'],
    ['POST', '/v1/auto'],
    ['GET', '/v1/models'],
    ['GET', '/v1/models/gpt-test'],
    ['GET', '/v1/files'],
    ['POST', '/v1/responses'],
  ];

  test.each(PATHS)('%s %s is a 401, whatever the body', async (method, path) => {
    for (const headers of [{}, { authorization: 'Bearer sk-sluice-of-nobody' }]) {
      const body = method === 'GET' ? {} : { body: 'no JSON' };
      const response = await send(path, { method, headers, ...body });
      expect(response.status).toBe(401);
      expect(await errorOf(response)).toMatchObject({ type: 'authentication_error' });
    }
    expect(urls()).toEqual([]);
  });

  test.each([
    ['no header', {}, 'missing_api_key'],
    ['another scheme', { authorization: `Basic ${LOCAL_KEY}` }, 'invalid_api_key'],
    ['the key alone', { authorization: LOCAL_KEY }, 'invalid_api_key'],
    ['nothing behind Bearer', { authorization: 'Bearer ' }, 'invalid_api_key'],
    ['two keys', { authorization: `Bearer ${LOCAL_KEY} ${LOCAL_KEY}` }, 'invalid_api_key'],
    [
      'a wrong key before a right one',
      { authorization: 'Bearer sk-sluice-x', 'x-api-key': LOCAL_KEY },
      'invalid_api_key',
    ],
    ['an empty x-api-key', { 'x-api-key': '' }, 'missing_api_key'],
    ['a wrong x-api-key', { 'x-api-key': 'sk-sluice-of-nobody' }, 'invalid_api_key'],
    ['the key in the query', {}, 'missing_api_key', '?key='],
  ])('with %s is a 401', async (_, headers, code, query = '') => {
    const init = { method: 'POST', body: JSON.stringify(CHAT), headers: headers as Record<string, string> };
    const response = await send(`/v1/chat/completions${query && query + LOCAL_KEY}`, init);
    expect(response.status).toBe(401);
    expect(await errorOf(response)).toMatchObject({ code });
  });

  test.each([
    ['Bearer', { authorization: `Bearer ${LOCAL_KEY}` }],
    ['bearer, in lower case', { authorization: `bearer ${LOCAL_KEY}` }],
    ['x-api-key', { 'x-api-key': LOCAL_KEY }],
    ['x-goog-api-key', { 'x-goog-api-key': LOCAL_KEY }],
  ])('the key as %s is taken', async (_, headers) => {
    const init = { method: 'POST', body: JSON.stringify(CHAT), headers: headers as Record<string, string> };
    expect((await send('/v1/chat/completions', init)).status).toBe(200);
  });
});

describe('the response’s headers', () => {
  test('of JSON tell what happened', async () => {
    const vendor = {
      'x-request-id': 'req_vendor',
      'x-ratelimit-remaining-tokens': '7',
      'openai-processing-ms': '12',
    };
    stage.answer = (_request, response) =>
      sendJson(response, completion('Hi'), 200, { ...vendor, 'set-cookie': 'a=b', server: 'cloudflare' });
    const { headers } = await post('/v1/chat/completions');
    expect(headers.get('x-bt-cached')).toBe('MISS');
    expect(headers.get('x-bt-used-endpoint')).toBe('openai');
    expect(headers.get('x-request-id')).toMatch(/^[\w-]{8,}$/);
    expect(headers.get('x-upstream-request-id')).toBe('req_vendor');
    expect(headers.get('x-ratelimit-remaining-tokens')).toBe('7');
    expect(headers.get('openai-processing-ms')).toBe('12');
    expect(headers.get('server-timing')).toMatch(
      /^auth;dur=[\d.]+, .*upstream;dur=[\d.]+, total;dur=[\d.]+$/,
    );
    expect([headers.get('set-cookie'), headers.get('server')]).toEqual([null, null]);
  });

  test('of a stream keep proxies from holding it back, and have no total', async () => {
    stage.answer = (_request, response) => {
      response.writeHead(200, SSE).end('data: [DONE]\n\n');
    };
    const { headers } = await post('/v1/chat/completions', { ...CHAT, stream: true });
    expect(headers.get('content-type')).toBe(SSE['content-type']);
    expect(headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(headers.get('server-timing')).toMatch(/upstream;dur=/);
    expect(headers.get('server-timing')).not.toContain('total');
  });
});
