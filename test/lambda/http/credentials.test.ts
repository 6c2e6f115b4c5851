import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { authenticate } from '../../../lambda/gateway/callers/authenticate.ts';
import { hashKey } from '../../../lambda/gateway/callers/bearer.ts';
import { localSigningSecret } from '../../../local/signing-secret.ts';
import { sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { errorOf, type Stage, startStage, UPSTREAM_KEY } from '../../support/stage.ts';

const OWN_KEY = 'own-provider-key-of-nobody';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ config: { models: { fast: 'openai/gpt-small' } } });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.answer = (_, response) =>
    sendJson(response, {
      id: 'a',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-test',
      choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
    });
});

const as = (key: string, more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${key}`, ...more },
});
const ask = (body: unknown, key = LOCAL_KEY, more = {}) =>
  stage.gateway.post('/credentials', body, as(key, more));
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));

async function mint(body: unknown = {}, key = LOCAL_KEY, more = {}): Promise<string> {
  const made = await ask(body, key, more);
  expect(made.status).toBe(200);
  return ((await made.json()) as { key: string }).key;
}

describe('minting', () => {
  test('answers with a key and nothing else, which nobody may keep', async () => {
    const made = await ask({
      model: 'gpt-test',
      ttl_seconds: 60,
      logging: { project_name: 'p' },
      unknown: 1,
    });
    expect(made.headers.get('content-type')).toBe('application/json');
    expect(made.headers.get('cache-control')).toBe('no-store');
    const json = (await made.json()) as { key: string };
    expect(Object.keys(json)).toEqual(['key']);
    const claims = claimsOf(json.key);
    expect(claims).toMatchObject({
      iss: 'sluice',
      aud: 'sluice',
      jti: expect.stringMatching(/^bt_tmp:[0-9a-f-]{36}$/),
      bt: { model: 'gpt-test', logging: { parent: 'project_name:p' } },
    });
    expect(claims.exp - claims.iat).toBe(60);
  });

  test('has a default for everything, and needs no body', async () => {
    const made = await stage.gateway.fetch('/credentials', { method: 'POST' });
    const { key } = (await made.json()) as { key: string };
    expect(claimsOf(key)).toMatchObject({ bt: {} });
    expect(claimsOf(key).exp - claimsOf(key).iat).toBe(600);
    expect(claimsOf(await mint({ model: null, logging: null, models: null })).bt).toEqual({});
  });

  test('model and models add up', async () => {
    expect(claimsOf(await mint({ model: 'a', models: ['b', 'a'] })).bt.models).toEqual(['a', 'b']);
  });

  test.each([
    ['model', { model: '' }],
    ['model', { model: 5 }],
    ['models', { models: [] }],
    ['models', { models: 'gpt-test' }],
    ['models[1]', { models: ['a', 5] }],
    ['ttl_seconds', { ttl_seconds: 0 }],
    ['ttl_seconds', { ttl_seconds: 86_401 }],
    ['ttl_seconds', { ttl_seconds: 1.5 }],
    ['ttl_seconds', { ttl_seconds: null }],
    ['ttl_seconds', { ttl_seconds: '60' }],
    ['logging', { logging: 'p' }],
    ['logging.project_name', { logging: {} }],
    ['logging.project_name', { logging: { project_name: '' } }],
    ['logging.parent', { logging: { parent: 'x' } }],
    ['max_requests', { max_requests: 0 }],
    ['max_requests', { max_requests: 1.5 }],
    ['max_cost_usd', { max_cost_usd: 0 }],
    ['max_cost_usd', { max_cost_usd: '5' }],
    ['cache_scope', { cache_scope: 'all' }],
  ])('a wrong %s is a 400 that names it', async (param, body) => {
    const refused = await ask(body);
    expect(refused.status).toBe(400);
    expect(await errorOf(refused)).toMatchObject({ param });
  });

  test.each(['{', '[]', '"x"', 'null'])('the body %s is a 400', async (body) => {
    const refused = await stage.gateway.fetch('/credentials', { method: 'POST', body });
    expect(refused.status).toBe(400);
  });

  test('is POST only, and ours alone', async () => {
    const refused = await stage.gateway.fetch('/credentials');
    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toBe('POST');
  });

  test('an unknown gateway key makes none', async () => {
    expect((await ask({}, 'sk-sluice-unknown-of-nobody')).status).toBe(401);
  });

  test('a credential makes none', async () => {
    const refused = await ask({}, await mint());
    expect(refused.status).toBe(403);
    expect(await errorOf(refused)).toMatchObject({ code: 'credential_cannot_mint' });
  });

  test('no child may use what its parent may not, under no name', async () => {
    const key = await stage.gateway.addKey({ models: ['fast'] });
    for (const [param, body] of [
      ['model', { model: 'gpt-large' }],
      ['models[1]', { models: ['fast', 'gpt-large'] }],
      ['models[0]', { models: ['openai/gpt-large'] }],
    ] as const) {
      const refused = await ask(body, key);
      expect(refused.status).toBe(403);
      expect(await errorOf(refused)).toMatchObject({ param });
    }
    const child = await mint({}, key);
    expect((await stage.chat({ model: 'gpt-small' }, as(child))).status).toBe(200);
    expect((await stage.chat({ model: 'gpt-large' }, as(child))).status).toBe(403);
  });

  test('no child outlives its parent', async () => {
    const expiresAt = Math.floor(Date.now() / 1000) + 30;
    const key = await stage.gateway.addKey({ expiresAt });
    expect(claimsOf(await mint({ ttl_seconds: 3_600 }, key)).exp).toBe(expiresAt);
  });
});

describe('a credential', () => {
  test('works wherever a key does', async () => {
    const key = await mint({ model: 'gpt-test' });
    const client = new OpenAI({ baseURL: stage.gateway.url, apiKey: key });
    const answer = await client.chat.completions.create({
      model: 'gpt-test',
      messages: [{ role: 'user', content: 'x' }],
    });
    expect(answer.choices[0]?.message.content).toBe('ok');
    expect(stage.upstream.received.at(-1)?.headers.authorization).toBe(`Bearer ${UPSTREAM_KEY}`);
    const other = await fetch(`${stage.gateway.url}/chat/completions`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-test', messages: [{ role: 'user', content: 'x' }] }),
    });
    expect(other.status).toBe(200);
    expect((await stage.gateway.post('/responses', { model: 'gpt-test' }, as(key))).status).toBe(200);
    expect((await stage.gateway.post('/responses', { model: 'gpt-other' }, as(key))).status).toBe(403);
  });

  test('of a provider key calls with that key, and the store alone does not know it', async () => {
    const token = await mint({}, OWN_KEY);
    expect((await stage.chat({}, as(token))).status).toBe(200);
    expect(stage.upstream.received.at(-1)?.headers.authorization).toBe(`Bearer ${OWN_KEY}`);
    const [record] = (await stage.gateway.stores.credentials.listCredentials()).filter(
      ({ parent }) => parent.kind === 'provider-key',
    );
    expect(JSON.stringify(record)).not.toContain(OWN_KEY);
  });

  test('nothing of a key or a token stands in clear in the data folder', async () => {
    const token = await mint({}, OWN_KEY);
    const { secret } = claimsOf(token).bt;
    await stage.chat({}, as(token));
    const files = readdirSync(stage.gateway.dataFolder, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    );
    const bytes = Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))));
    expect(bytes.byteLength).toBeGreaterThan(1_000);
    for (const hidden of [OWN_KEY, token, secret, LOCAL_KEY, Buffer.from(secret, 'base64url')]) {
      expect(bytes.includes(hidden)).toBe(false);
    }
  });

  test('is bound to the organization that it was made for', async () => {
    const token = await mint({}, LOCAL_KEY, { 'x-bt-org-name': 'acme' });
    expect(claimsOf(token).bt.org_name).toBe('acme');
    expect((await stage.chat({}, as(token))).status).toBe(200);
    expect((await stage.chat({}, as(token, { 'x-bt-org-name': 'acme' }))).status).toBe(200);
    const other = await stage.chat({}, as(token, { 'x-bt-org-name': 'other' }));
    expect(other.status).toBe(403);
    expect(await errorOf(other)).toMatchObject({ param: 'x-bt-org-name' });
  });

  test('tampered with is never taken for a provider key', async () => {
    const [a, b] = [await mint({}, OWN_KEY), await mint({}, OWN_KEY)];
    const [header, payload, signature] = a.split('.');
    const jti = { ...claimsOf(a), jti: claimsOf(b).jti };
    const swapped = Buffer.from(JSON.stringify(jti)).toString('base64url');
    const before = stage.upstream.received.length;
    for (const token of [
      `${header}.${swapped}.${signature}`,
      `${header}.${payload}.`,
      a.slice(0, -4),
      `${a}x`,
    ]) {
      expect((await stage.chat({}, as(token))).status).toBe(401);
    }
    expect(stage.upstream.received).toHaveLength(before);
  });
});

describe('the end of a credential', () => {
  /** The gateway's own check, with a clock of the test's. */
  const check = (token: string, at: number) =>
    authenticate(
      new Headers({ authorization: `Bearer ${token}` }),
      undefined,
      {
        credentials: stage.gateway.stores.credentials,
        signing: localSigningSecret(stage.gateway.dataFolder),
        allowProviderKeys: true,
        config: { cacheScopes: {} },
        identities: undefined,
      },
      at,
    );

  test('is its expiry to the second, also while its record is still in the table', async () => {
    const token = await mint({ ttl_seconds: 60 });
    const { exp } = claimsOf(token);
    await expect(check(token, exp * 1000 - 1)).resolves.toMatchObject({ kind: 'credential' });
    await expect(check(token, exp * 1000)).rejects.toMatchObject({ status: 401, code: 'credential_expired' });
  });

  test('is its revocation, and that of its key', async () => {
    const key = await stage.gateway.addKey();
    const [a, b] = [await mint({}, key), await mint({}, key)];
    await stage.gateway.stores.credentials.revokeCredential(claimsOf(a).jti);
    await expect(check(a, Date.now())).rejects.toMatchObject({ status: 401, code: 'credential_revoked' });
    await expect(check(b, Date.now())).resolves.toBeDefined();
    await stage.gateway.stores.credentials.revokeKey(hashKey(key));
    await expect(check(b, Date.now())).rejects.toMatchObject({ status: 401 });
  });

  test('in a running gateway comes within five seconds', async () => {
    const token = await mint();
    expect((await stage.chat({}, as(token))).status).toBe(200);
    await stage.gateway.stores.credentials.revokeCredential(claimsOf(token).jti);
    const revoked = Date.now();
    let status = 200;
    while (status === 200) {
      status = (await stage.chat({}, as(token))).status;
      // Were it never to end, the test would: jest's own limit stands behind it.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(status).toBe(401);
    expect(Date.now() - revoked).toBeLessThan(10_000);
  }, 15_000);
});
