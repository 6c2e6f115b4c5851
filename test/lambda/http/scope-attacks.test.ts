import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Received, sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { sendRaw } from '../../support/raw-http.ts';
import { errorOf, type Stage, startStage } from '../../support/stage.ts';

/** What no caller here may ever reach. */
const FORBIDDEN = 'gpt-forbidden';
const MESSAGES = [{ role: 'user', content: 'x' }];

let stage: Stage;
/** A credential for `gpt-ok` on OpenAI alone, and for `shared`, an alias. */
let token: string;
beforeAll(async () => {
  stage = await startStage({
    config: {
      models: {
        shared: ['openai/gpt-ok', `openai/${FORBIDDEN}`],
        'gpt-ok ': `openai/${FORBIDDEN}`,
        loop: 'shared',
        circle: 'circle',
      },
      providers: { other: { kind: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1' } },
    },
  });
  const made = await stage.gateway.post('/credentials', { models: ['gpt-ok'] });
  ({ key: token } = (await made.json()) as { key: string });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.answer = (_, response) =>
    sendJson(response, { object: 'list', data: [{ id: FORBIDDEN }, { id: 'gpt-ok' }], choices: [] });
});

interface Attack {
  readonly path?: string;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

const send = (body: string | Uint8Array<ArrayBuffer>, { path, type, headers, method }: Attack = {}) =>
  stage.gateway.fetch(path ?? '/chat/completions', {
    method: method ?? 'POST',
    body,
    headers: { authorization: `Bearer ${token}`, 'content-type': type ?? 'application/json', ...headers },
  });
const chat = (model: unknown, more: object = {}) => JSON.stringify({ model, messages: MESSAGES, ...more });

/** Whether what the upstream got names the forbidden model anywhere, in whatever spelling. */
function reached({ url, body }: Received): boolean {
  const texts = [url, body.toString('utf8'), body.toString('utf16le')];
  return texts.some((text) => decodeURIComponent(text.replaceAll('\\u002d', '-')).includes(FORBIDDEN));
}

async function expectRefused(answer: Response, statuses = [400, 401, 403, 404]): Promise<void> {
  expect(statuses).toContain(answer.status);
  await errorOf(answer);
  expect(stage.upstream.received.filter(reached)).toEqual([]);
  expect(stage.upstream.received).toEqual([]);
}

/** Every way to the same model: routes of the gateway's own, and the fallthrough. */
const ROUTES: [string, object][] = [
  ['/chat/completions', { messages: MESSAGES }],
  ['/completions', { prompt: 'x' }],
  ['/auto', { messages: MESSAGES }],
  ['/embeddings', { input: 'x' }],
  ['/moderations', { input: 'x' }],
  ['/responses', { input: 'x' }],
  ['/messages', { messages: MESSAGES }],
  ['/images/generations', { prompt: 'x' }],
  ['/audio/speech', { input: 'x' }],
];

describe.each(ROUTES)('on %s', (path, rest) => {
  const tail = JSON.stringify(rest).slice(1);
  const body = (head: string) => `{${head},${tail}`;

  test('the model that is allowed is let through, all others not', async () => {
    expect((await send(JSON.stringify({ model: 'gpt-ok', ...rest }), { path })).status).toBe(200);
    stage.upstream.received.length = 0;
    await expectRefused(await send(JSON.stringify({ model: FORBIDDEN, ...rest }), { path }), [403]);
  });

  test.each([
    ['twice', `"model":"gpt-ok","model":"${FORBIDDEN}"`],
    ['twice, the allowed one last', `"model":"${FORBIDDEN}","model":"gpt-ok"`],
    ['by an escaped name', `"model":"gpt-ok","\\u006d\\u006f\\u0064\\u0065\\u006c":"${FORBIDDEN}"`],
    ['in capitals', `"model":"gpt-ok","MODEL":"${FORBIDDEN}"`],
    ['with a tab', `"model":"gpt-ok","model\\t":"${FORBIDDEN}"`],
    ['with a byte order mark', `"model":"gpt-ok","\\ufeffmodel":"${FORBIDDEN}"`],
    ['as a list', `"model":["gpt-ok","${FORBIDDEN}"]`],
    ['as an object', `"model":{"id":"${FORBIDDEN}"}`],
    ['as null', `"model":null`],
    ['behind a null byte', `"model":"gpt-ok\\u0000${FORBIDDEN}"`],
    ['in an escape', `"model":"gpt\\u002dforbidden"`],
  ])('a model named %s reaches nobody', async (_, head) => {
    await expectRefused(await send(body(head), { path }));
  });

  test.each(['models', 'fallbacks', 'route', 'preset', 'plugins'])(
    'a vendor’s field %s leads to no further model',
    async (field) => {
      const further = JSON.stringify({ model: 'gpt-ok', [field]: [FORBIDDEN], ...rest });
      const answer = await send(further, { path });
      expect(await errorOf(answer)).toMatchObject({ param: field, code: 'model_not_allowed' });
      expect(stage.upstream.received).toEqual([]);
    },
  );

  test('in front of a byte order mark, and in another charset, it is read as everyone reads it', async () => {
    const marked = `\ufeff${JSON.stringify({ model: FORBIDDEN, ...rest })}`;
    await expectRefused(await send(marked, { path }));
    const wide = new Uint8Array(Buffer.from(JSON.stringify({ model: 'gpt-ok', ...rest }), 'utf16le'));
    await expectRefused(await send(wide, { path, type: 'application/json; charset=utf-16le' }));
  });
});

test.each([10_000, 200_000])(
  'a body of %d levels is the caller’s mistake, not the gateway’s',
  async (levels) => {
    const deep = '['.repeat(levels) + ']'.repeat(levels);
    const metered = { authorization: `Bearer ${await stage.gateway.addKey({ tpm: 1_000_000_000 })}` };
    const body = `{"model":"gpt-ok","messages":[{"role":"user","content":"x"}],"more":${deep}}`;
    for (const attack of [{ path: '/responses' }, { headers: metered }]) {
      expect(await errorOf(await send(body, attack))).toMatchObject({ code: 'invalid_json' });
    }
    expect(stage.gateway.lines.join()).not.toContain('internal_error');
  },
);

describe('the name of a model', () => {
  test.each([
    'shared/gpt-ok',
    `openai/${FORBIDDEN}`,
    `OpenAI/${FORBIDDEN}`,
    `openai//${FORBIDDEN}`,
    `/${FORBIDDEN}`,
    `gpt-ok/../${FORBIDDEN}`,
    `gpt-ok?model=${FORBIDDEN}`,
    `gpt-ok#${FORBIDDEN}`,
    'gpt-ok ',
    'GPT-OK',
    'gpt-ok:online',
    'other/gpt-ok',
    'openai/openai/gpt-ok',
    'loop',
    'circle',
    'constructor',
    'simulated/openai',
    'gpt\u2010ok',
  ])('%j opens nothing', async (model) => {
    await expectRefused(await send(chat(model)), [403]);
  });

  test('of an alias opens what is allowed of it, and that alone', async () => {
    expect((await send(chat('shared'))).status).toBe(200);
    expect(stage.upstream.received).toHaveLength(1);
    expect(stage.upstream.received.filter(reached)).toEqual([]);
  });
});

describe('headers', () => {
  test.each<[string, Record<string, string>]>([
    ['another provider', { 'x-bt-endpoint-name': 'other' }],
    ['another provider, in capitals', { 'X-BT-ENDPOINT-NAME': 'simulated-openai' }],
  ])('that name %s lead nowhere', async (_, headers) => {
    await expectRefused(await send(chat('gpt-ok'), { headers }));
    await expectRefused(await send('{"model":"gpt-ok"}', { path: '/responses', headers }));
  });

  test('with another key beside the credential do not count', async () => {
    const headers = { 'x-api-key': LOCAL_KEY, 'x-goog-api-key': LOCAL_KEY, cookie: `key=${LOCAL_KEY}` };
    await expectRefused(await send(chat(FORBIDDEN), { headers }), [403]);
    const swapped = { authorization: '', 'x-api-key': token, 'x-goog-api-key': LOCAL_KEY };
    await expectRefused(await send(chat(FORBIDDEN), { headers: swapped }));
  });

  test('twice with two bearers are none, and a query holds no key', async () => {
    const two = { authorization: `Bearer ${token}, Bearer ${LOCAL_KEY}` };
    await expectRefused(await send(chat('gpt-ok'), { headers: two }), [401]);
    const query = await fetch(`${stage.gateway.url}/chat/completions?key=${LOCAL_KEY}`, { method: 'POST' });
    await expectRefused(query, [401]);
  });

  test.each(['x-http-method-override', 'x-method-override', 'x-original-url', 'x-rewrite-url', 'x-bt-model'])(
    '%s changes nothing and goes nowhere',
    async (name) => {
      const answer = await send('{"model":"gpt-ok"}', { path: '/responses', headers: { [name]: '/files' } });
      expect(answer.status).toBe(200);
      expect(stage.upstream.received[0]).toMatchObject({ method: 'POST', url: '/v1/responses' });
      expect(stage.upstream.received[0]?.headers[name]).toBeUndefined();
    },
  );

  test.each(['gzip', 'br', 'deflate', 'x-unknown', 'identity, gzip'])(
    'of a body in %s let nobody look past',
    async (encoding) => {
      const headers = { 'content-encoding': encoding };
      await expectRefused(await send('{"model":"gpt-ok"}', { path: '/responses', headers }), [403]);
    },
  );
});

describe('a path', () => {
  const BODY = chat('gpt-ok', { more: FORBIDDEN });

  test.each([
    '//v1/chat/completions',
    '/v1//chat/completions',
    '/v1/chat/completions/',
    '/v1/CHAT/completions',
    '/v1/chat%2fcompletions',
    '/v1/chat/completions;x=1',
    '/v1/./chat/completions',
    '/v1/x/../chat/completions',
    '/v1/%2e%2e/v1/chat/completions',
    '/v1/chat\\completions',
    '/v1/responses/',
    '/v1/responses?model=gpt-forbidden',
    '/v1/responses?',
    '/v1/responses%20',
    '/v1/%72esponses',
    '/v1/proxy/v1/v1/responses/x',
    '/btorg/acme/v1/files',
    '/v1/engines/gpt-forbidden/completions',
    '/v1/deployments/gpt-forbidden/chat/completions',
    '/v1/models/gpt-forbidden:generateContent',
    '/v1/batches',
    '/v1/threads/t/runs',
    '/v1/fine_tuning/jobs',
    '/v1/realtime',
  ])('%s opens nothing', async (path) => {
    const head = [`POST ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${token}`];
    const length = `content-length: ${Buffer.byteLength(BODY)}`;
    const answer = await sendRaw(
      stage.gateway.url,
      [...head, 'content-type: application/json', length],
      BODY,
    );
    expect([400, 403]).toContain(answer.status);
    expect(stage.upstream.received).toEqual([]);
  });
});
