import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { completion, SSE, sendJson } from '../../support/fake-upstream.ts';
import { CHAT, type Stage, startStage } from '../../support/stage.ts';

const SITE = 'https://site.example';

let open: Stage;
let listed: Stage;

beforeAll(async () => {
  open = await startStage();
  listed = await startStage({ config: { cors: { origins: [SITE, 'https://other.example'] } } });
});

beforeEach(() => {
  for (const stage of [open, listed]) {
    stage.upstream.received.length = 0;
    stage.answer = (_request, response) => sendJson(response, completion('Hi'));
  }
});

afterAll(() => Promise.all([open.stop(), listed.stop()]));

/** A browser's question before it sends a request with a key. */
function preflight(
  stage: Stage,
  path: string,
  origin: string,
  headers = 'authorization,x-bt-use-cache',
): Promise<Response> {
  return fetch(`${stage.gateway.url}${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': headers,
    },
  });
}

const allowed = (response: Response) => response.headers.get('access-control-allow-origin');

describe('a preflight', () => {
  test.each(['/chat/completions', '/models', '/files/x', '/anything'])(
    'to %s is answered without a key, and nothing goes upstream',
    async (path) => {
      const response = await preflight(open, path, SITE);
      expect(response.status).toBe(204);
      expect(allowed(response)).toBe('*');
      expect(open.upstream.received).toEqual([]);
    },
  );

  test('allows every header that is asked for, and every method that there is', async () => {
    const { headers } = await preflight(open, '/files', SITE, 'authorization,x-stainless-os,x-new-one');
    expect(headers.get('access-control-allow-headers')).toBe('authorization,x-stainless-os,x-new-one');
    const methods = headers.get('access-control-allow-methods')?.split(/, ?/);
    expect(methods).toEqual(expect.arrayContaining(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']));
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  test('of a site that is not listed allows nothing', async () => {
    expect(allowed(await preflight(listed, '/models', SITE))).toBe(SITE);
    expect(allowed(await preflight(listed, '/models', 'https://elsewhere.example'))).toBeNull();
    expect(allowed(await preflight(listed, '/models', 'null'))).toBeNull();
  });
});

describe('a response', () => {
  const headers = { origin: SITE };
  const EXPOSED = [
    'x-bt-cached',
    'x-bt-used-endpoint',
    'x-request-id',
    'x-upstream-request-id',
    'age',
    'server-timing',
    'retry-after',
    'x-ratelimit-remaining-requests',
  ];

  const RESPONSES: [string, (stage: Stage) => Promise<Response>][] = [
    ['an answer', (stage) => stage.chat({}, { headers })],
    ['a relayed answer', (stage) => stage.gateway.fetch('/files', { headers })],
    ['the list of models', (stage) => stage.gateway.fetch('/models', { headers })],
    ['health', (stage) => stage.gateway.fetch('/health', { headers })],
    ['a 400', (stage) => stage.chat({ messages: [] }, { headers })],
    ['a 401', (stage) => stage.chat({}, { headers: { ...headers, authorization: 'Basic x' } })],
    ['a 404', (stage) => stage.chat({ model: 'xai/grok' }, { headers })],
    ['a 405', (stage) => stage.gateway.fetch('/health', { method: 'PUT', headers })],
    ['a path that is refused', (stage) => stage.gateway.fetch('/files/..%2fx', { headers })],
  ];

  test.each(RESPONSES)('shows its headers to a page: %s', async (_, ask) => {
    const response = await ask(open);
    expect(allowed(response)).toBe('*');
    const exposed = response.headers.get('access-control-expose-headers')?.split(/, ?/);
    expect(exposed).toEqual(expect.arrayContaining(EXPOSED));
    expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{8,}$/);
  });

  test.each(RESPONSES)('names the site where sites are listed: %s', async (_, ask) => {
    const response = await ask(listed);
    expect(allowed(response)).toBe(SITE);
    expect(response.headers.get('vary')).toMatch(/origin/i);
  });

  test('of a stream shows its headers too', async () => {
    open.answer = (_request, response) => {
      response.writeHead(200, SSE).end('data: [DONE]\n\n');
    };
    expect(allowed(await open.chat({ ...CHAT, stream: true }, { headers }))).toBe('*');
  });

  test('never shows the provider’s own CORS headers', async () => {
    open.answer = (_request, response) =>
      sendJson(response, {}, 200, {
        'access-control-allow-origin': 'https://vendor.example',
        'access-control-allow-credentials': 'true',
      });
    const response = await open.gateway.fetch('/files', { headers });
    expect(allowed(response)).toBe('*');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });
});
