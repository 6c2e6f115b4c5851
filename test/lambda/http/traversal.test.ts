import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { completion, sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { type RawResponse, sendRaw } from '../../support/raw-http.ts';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});

beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.answer = (_request, response) => sendJson(response, completion('Hi'));
});

afterAll(() => stage.stop());

/** The target goes out as it is written here: no client cleans it. */
function get(target: string, headers: readonly string[] = [], method = 'GET'): Promise<RawResponse> {
  const key = `authorization: Bearer ${LOCAL_KEY}`;
  return sendRaw(stage.gateway.url, [`${method} ${target} HTTP/1.1`, 'host: gateway', key, ...headers]);
}

const urls = () => stage.upstream.received.map(({ url }) => url);

describe('a path that could climb out of the provider’s base URL is a 400, and nothing goes upstream', () => {
  test.each([
    '/v1/..',
    '/v1/.',
    '/v1/../admin',
    '/v1/files/../../admin',
    '/v1/files/./../../admin',
    '/v1/files/..',
    '/v1/files/../chat/completions',
    '/..',
    '/../v1/models',
    '/v1/%2e%2e/admin',
    '/v1/%2E%2E/admin',
    '/v1/.%2e/admin',
    '/v1/%2e./admin',
    '/v1/%2e/admin',
    '/v1/..%2fadmin',
    '/v1/..%2Fadmin',
    '/v1/files/..%2f..%2fadmin',
    '/v1/files/a%2f..%2f..%2fadmin',
    '/v1/%2e%2e%2fadmin',
    '/v1/%2e%2e%5cadmin',
    '/v1/..%5cadmin',
    '/v1/..%5Cadmin',
    '/v1/..\\admin',
    '/v1/files\\..\\..\\admin',
    '/v1\\..\\admin',
    '/v1/.\\./admin',
    '/v1/.\t./admin',
    '/v1/.%09./../admin',
    '/v1/proxy/../../admin',
    '/v1/btorg/../admin',
    '/btorg/%2e%2e/v1/files',
    '/btorg/acme/v1/../../admin',
    '/v1/models/..',
    '/v1/models/%2e%2e%2fadmin',
    '/v1/chat/completions/../../../admin',
    '//../admin',
    '/v1//../admin',
    'http://gateway/v1/../admin',
    'http://elsewhere.example/v1/%2e%2e/admin',
  ])('%j', async (target) => {
    expect((await get(target)).status).toBe(400);
    expect(urls()).toEqual([]);
  });

  test('whatever the method', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status, body } = await get('/v1/files/..%2fx', ['content-length: 0'], method);
      expect(status).toBe(400);
      expect(JSON.parse(body)).toMatchObject({ error: { code: 'invalid_path' } });
    }
    expect(urls()).toEqual([]);
  });
});

describe('other escapes go on as they are', () => {
  test.each([
    '/files/a%2Fb',
    '/files/a%20b',
    '/files/a..b',
    '/files/..a',
    '/files/...',
    '/files/.hidden',
    '/files/v1.2',
    '/files/a%252e%252e%252fb',
    '/files/%E2%82%AC',
    '/files//twice',
    '/files/x;y=1',
    '/files/x:y@z',
  ])('%s', async (path) => {
    expect((await get(`/v1${path}`)).status).toBe(200);
    expect(urls()).toEqual([`/v1${path}`]);
  });

  test('dots in the query are no path', async () => {
    const query = '?after=../../x&path=%2e%2e%2f&empty=&a=1&a=2';
    expect((await get(`/v1/files${query}`)).status).toBe(200);
    expect(urls()).toEqual([`/v1/files${query}`]);
  });
});

describe('a target that names a host', () => {
  test.each([
    ['http://gateway/v1/files?a=1', '/v1/files?a=1'],
    ['http://elsewhere.example:1/v1/files', '/v1/files'],
    ['https://elsewhere.example/v1/files', '/v1/files'],
    ['//elsewhere.example/v1/files', '/v1//elsewhere.example/v1/files'],
    ['/v1/http://elsewhere.example/', '/v1/http://elsewhere.example/'],
    ['/v1/@elsewhere.example/', '/v1/@elsewhere.example/'],
  ])('%s goes to the configured provider all the same', async (target, expected) => {
    expect((await get(target)).status).toBe(200);
    expect(urls()).toEqual([expected]);
  });

  test('reaches the gateway’s own routes', async () => {
    expect(await get('http://elsewhere.example/v1/health')).toMatchObject({
      status: 200,
      body: '{"status":"ok"}',
    });
    expect((await get('http://elsewhere.example')).status).not.toBe(500);
  });

  test.each(['*', 'files', '@elsewhere.example/', ':80/files', 'ftp://elsewhere.example/v1/files'])(
    '%s is a 400',
    async (target) => {
      expect((await get(target)).status).toBe(400);
      expect(urls()).toEqual([]);
    },
  );

  test('does not go by the Host header', async () => {
    for (const host of ['elsewhere.example', '169.254.169.254', 'a b']) {
      const head = ['GET /v1/files HTTP/1.1', `host: ${host}`, `authorization: Bearer ${LOCAL_KEY}`];
      expect([200, 400]).toContain((await sendRaw(stage.gateway.url, head)).status);
    }
    expect(new Set(urls())).toEqual(new Set(['/v1/files']));
  });
});
