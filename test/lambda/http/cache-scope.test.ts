import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { hashKey } from '../../../lambda/gateway/callers/bearer.ts';
import { as, counting, fresh, told } from '../../support/cache-calls.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { errorOf, type Stage, startStage } from '../../support/stage.ts';

const SHARED = ['team-a', 'team-b'];

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ config: { cacheScopes: { both: SHARED } } });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.answer = counting();
});

const chat = (key: string, body: object, more: Record<string, string> = {}) =>
  told(stage.chat(body, as(key, more)));

async function mint(body: object, key = LOCAL_KEY, more: Record<string, string> = {}): Promise<string> {
  const made = await stage.gateway.post('/credentials', body, as(key, more));
  return ((await made.json()) as { key: string }).key;
}

/** Both ask for the same: whether the second one got the first one's answer. */
async function shares(first: string, second: string): Promise<boolean> {
  const body = fresh();
  const one = await chat(first, body);
  const other = await chat(second, body);
  expect(one.cached).toBe('MISS');
  expect(other.text === one.text).toBe(other.cached === 'HIT');
  // The first one's own entry is there all the same.
  expect(await chat(first, body)).toEqual({ cached: 'HIT', text: one.text });
  return other.cached === 'HIT';
}

/** Refused as if there were no entry: nothing of it, and nothing that tells of it. */
async function expectRefused(response: Response, status: number): Promise<void> {
  expect(response.status).toBe(status);
  for (const name of ['x-bt-cached', 'age', 'x-bt-original-request-id', 'cache-control'])
    expect(response.headers.get(name)).toBeNull();
  await errorOf(response);
}

describe('an answer that is there is refused', () => {
  const body = fresh();
  beforeAll(async () => {
    stage.answer = counting();
    await chat(LOCAL_KEY, body);
    expect((await chat(LOCAL_KEY, body)).cached).toBe('HIT');
    stage.upstream.received.length = 0;
  });

  test('to a key that is unknown, or revoked', async () => {
    await expectRefused(await stage.chat(body, as('sk-sluice-unknown-of-nobody')), 401);
    const key = await stage.gateway.addKey();
    const hash = hashKey(key);
    await stage.gateway.stores.credentials.revokeKey(hash);
    await expectRefused(await stage.chat(body, as(key)), 401);
  });

  test('without a key', async () => {
    const bare = await fetch(`${stage.gateway.url}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'gpt-test', ...body }),
      headers: { 'content-type': 'application/json' },
    });
    await expectRefused(bare, 401);
  });

  test('to a credential of another model, though its parent’s entry is its own too', async () => {
    const child = await mint({ model: 'gpt-other', cache_scope: 'parent' });
    await expectRefused(await stage.chat(body, as(child)), 403);
    await expectRefused(await stage.chat(body, as(child, { 'x-bt-use-cache': 'always' })), 403);
  });

  test('to a key of a shared scope that may not use the model', async () => {
    const shared = fresh();
    const [a, b] = [
      await stage.gateway.addKey({ name: 'team-a' }),
      await stage.gateway.addKey({ name: 'team-b', models: ['gpt-other'] }),
    ];
    await chat(a, shared);
    await expectRefused(await stage.chat(shared, as(b)), 403);
    expect((await chat(a, shared)).cached).toBe('HIT');
  });

  test('to an expired credential', async () => {
    const child = await mint({ ttl_seconds: 60, cache_scope: 'parent' });
    expect((await chat(child, body)).cached).toBe('HIT');
    const at = Date.now() + 60_000;
    jest.spyOn(Date, 'now').mockReturnValue(at);
    try {
      await expectRefused(await stage.chat(body, as(child)), 401);
      expect((await chat(LOCAL_KEY, body)).cached).toBe('HIT');
    } finally {
      jest.restoreAllMocks();
    }
  });

  test('to a provider’s key that names an organization that is not its own', async () => {
    const child = await mint({ cache_scope: 'parent' }, LOCAL_KEY, { 'x-bt-org-name': 'acme' });
    await expectRefused(await stage.chat(body, as(child, { 'x-bt-org-name': 'other' })), 403);
  });
});

describe('a cache of one’s own', () => {
  test('has each key', async () => {
    expect(await shares(await stage.gateway.addKey(), await stage.gateway.addKey())).toBe(false);
    expect(await shares(LOCAL_KEY, await stage.gateway.addKey())).toBe(false);
  });

  test('has each provider key', async () => {
    expect(await shares('own-key-a-of-nobody', 'own-key-b-of-nobody')).toBe(false);
    expect(await shares('own-key-a-of-nobody', 'own-key-a-of-nobody')).toBe(true);
    expect(await shares(LOCAL_KEY, 'own-key-a-of-nobody')).toBe(false);
  });

  test('has each credential, apart from its parent and its siblings', async () => {
    const [a, b] = [await mint({}), await mint({})];
    expect(await shares(LOCAL_KEY, a)).toBe(false);
    expect(await shares(a, LOCAL_KEY)).toBe(false);
    expect(await shares(a, b)).toBe(false);
    expect(await shares(a, a)).toBe(true);
  });

  test('has each organization', async () => {
    const body = fresh();
    const acme = await chat(LOCAL_KEY, body, { 'x-bt-org-name': 'acme' });
    expect((await chat(LOCAL_KEY, body)).cached).toBe('MISS');
    expect((await chat(LOCAL_KEY, body, { 'x-bt-org-name': 'other' })).cached).toBe('MISS');
    const path = stage.gateway.url.replace('/v1', '/btorg/acme/v1');
    const again = await fetch(`${path}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'gpt-test', ...body }),
      headers: { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json' },
    });
    expect(await told(again)).toEqual({ cached: 'HIT', text: acme.text });
  });

  test('has each endpoint that a caller names', async () => {
    const body = fresh();
    await chat(LOCAL_KEY, body);
    expect((await chat(LOCAL_KEY, body, { 'x-bt-endpoint-name': 'openai' })).cached).toBe('MISS');
  });
});

describe('a shared cache', () => {
  test('have the keys that gateway.json joins, by name', async () => {
    const [a, b] = await Promise.all(SHARED.map((name) => stage.gateway.addKey({ name })));
    if (a === undefined || b === undefined) throw new Error('two keys are needed');
    expect(await shares(a, b)).toBe(true);
    expect(await shares(b, a)).toBe(true);
    expect(await shares(a, LOCAL_KEY)).toBe(false);
    expect(await shares(await mint({}, a), b)).toBe(false);
    expect(await shares(await mint({ cache_scope: 'parent' }, a), b)).toBe(true);
  });

  test('has a credential with its parent and its siblings where it was made so', async () => {
    const [a, b] = [await mint({ cache_scope: 'parent' }), await mint({ cache_scope: 'parent' })];
    expect(await shares(LOCAL_KEY, a)).toBe(true);
    expect(await shares(a, LOCAL_KEY)).toBe(true);
    expect(await shares(a, b)).toBe(true);
  });

  test('has a provider key’s credential with that key alone', async () => {
    const child = await mint({ cache_scope: 'parent' }, 'own-key-c-of-nobody');
    expect(await shares('own-key-c-of-nobody', child)).toBe(true);
    expect(await shares('own-key-d-of-nobody', child)).toBe(false);
  });
});
