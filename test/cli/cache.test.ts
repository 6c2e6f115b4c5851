import { randomBytes } from 'node:crypto';
import { paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CACHE_TABLE } from '../../local/dynamodb.ts';
import { collect } from '../support/collect.ts';
import { completion, sendJson } from '../support/fake-upstream.ts';
import { Operator, refused } from '../support/operator.ts';
import { type Stage, startStage } from '../support/stage.ts';

interface Stats {
  readonly entries: number;
  readonly bytes: number;
  readonly counts: Record<string, Record<string, number>>;
}

/** One gateway whose keys `ci` and `evals` share a scope; each test begins with an empty cache. */
let stage: Stage;
let operator: Operator;

beforeAll(async () => {
  stage = await startStage({ config: { cacheScopes: { 'a team': ['ci', 'evals'] } } });
  operator = new Operator({ SLUICE_DATA: stage.gateway.dataFolder });
});

beforeEach(() => {
  stage.answer = (_request, response) => sendJson(response, completion('Hi'));
});

afterEach(async () => {
  await stage.gateway.stores.cache.purge({});
});

afterAll(async () => {
  await operator.leave();
  await stage.stop();
});

let asked = 0;

/** A request that was never sent before, and makes an entry of `bearer`'s. Resolves when the entry is in the table. */
async function entryOf(bearer: string, body: object = {}): Promise<void> {
  const before = await entries();
  asked++;
  const init = { headers: { authorization: `Bearer ${bearer}` } };
  const answer = await stage.chat({ seed: asked, ...body }, init);
  expect([answer.status, answer.headers.get('x-bt-cached')]).toEqual([200, 'MISS']);
  await answer.text();
  while ((await entries()) === before);
}

const entries = async () => (await stage.gateway.stores.cache.stats()).entries;
const scopes = async () => (await stage.gateway.stores.cache.labels()).scopes;

async function mint(bearer: string, body: object = {}): Promise<string> {
  const init = { headers: { authorization: `Bearer ${bearer}` } };
  return ((await (await stage.gateway.post('/credentials', body, init)).json()) as { key: string }).key;
}

describe('cache stats', () => {
  test('counts entries, bytes and what became of requests', async () => {
    expect(await operator.out('cache', 'stats')).toMatch(/^0 entries, 0 B\n/);
    await entryOf(await stage.gateway.addKey());
    await stage.gateway.stores.cache.count({ hit: 3, miss: 1, shared: 2, skip: 4, failed: 5 });
    const { entries: count, bytes, counts } = await operator.json<Stats>('cache', 'stats');
    expect([count, Object.values(counts)[0]]).toEqual([
      1,
      { hit: 3, miss: 1, shared: 2, skip: 4, failed: 5 },
    ]);
    expect(bytes).toBeGreaterThan(100);
    const text = await operator.out('cache', 'stats');
    expect(text).toMatch(/^1 entry, \d+ B\n\nDAY +HIT +MISS +SKIP +SHARED +FAILED +ANSWERED\n/);
    expect(text).toMatch(/\d{4}-\d\d-\d\d +3 +1 +4 +2 +5 +83 %\n$/);
  });
});

describe('cache purge --key', () => {
  test('takes the key’s entries and its credentials’, and leaves other keys’', async () => {
    const [mine, other] = [await operator.key('mine'), await operator.key('other')];
    await entryOf(mine);
    await entryOf(await mint(mine));
    await entryOf(await mint(mine, { cache_scope: 'parent' }));
    await entryOf(other);
    await entryOf(await mint(other));
    const { code, stdout, stderr } = await operator.run('cache', 'purge', '--key', 'mine');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      'Purged 3 entries of key mine and its 2 living credentials. Running gateways forget them within 30 seconds.\n',
    );
    expect(await entries()).toBe(2);
    const { id } = await operator.json<{ id: string }>('keys', 'show', 'other');
    const purged = await operator.json('cache', 'purge', '--key', id);
    expect(purged).toEqual({ purged: 2, left_in_shared_scopes: {} });
    expect(await entries()).toBe(0);
  });

  test('says what keys share and how that is purged, and takes none of it', async () => {
    const [ci, alone] = [await operator.key('ci'), await operator.key('alone')];
    await entryOf(ci);
    await entryOf(await mint(ci));
    await entryOf(alone);
    const { stdout, stderr } = await operator.run('cache', 'purge', '--key', 'ci');
    expect(stdout).toContain('Purged 1 entry of key ci and its 1 living credential.');
    expect(stderr).toMatch(/^Not purged: .*cacheScopes.*cache purge --scope NAME: a team \(1 entry\)\.\n$/);
    const left = { left_in_shared_scopes: { 'a team': 1 } };
    expect(await operator.json('cache', 'purge', '--key', 'ci')).toEqual({ purged: 0, ...left });
    expect(await operator.out('cache', 'purge', '--scope', 'a team')).toContain('1 entry of scope a team.');
    expect(Object.keys(await scopes())).toEqual([expect.stringMatching(/^key#/)]);
    await operator.out('keys', 'revoke', 'ci');
  });

  test('takes what a revoked key left by its id, as keys revoke told it', async () => {
    const key = await operator.key('leaked');
    const token = await mint(key);
    await entryOf(key);
    await entryOf(token);
    const { revoked } = await operator.json<{ revoked: string }>('keys', 'revoke', 'leaked');
    const { code, message } = await refused(operator.run('cache', 'purge', '--key', 'leaked'));
    expect(code).toBe(1);
    expect(message).toMatch(/no such key in .*: keys list .* What a revoked key left goes by its id\.$/);
    const purged = await operator.out('cache', 'purge', '--key', revoked);
    expect(purged).toContain(`Purged 2 entries of the revoked key ${revoked}`);
    expect(await entries()).toBe(0);
  });

  test('of a key without entries purges nothing else', async () => {
    await operator.key('quiet');
    await entryOf(await stage.gateway.addKey());
    const purged = await operator.out('cache', 'purge', '--key', 'quiet');
    expect(purged).toBe('Purged 0 entries of key quiet.\n');
    expect(await entries()).toBe(1);
  });
});

describe('cache purge', () => {
  test('of a model leaves the others’ entries', async () => {
    const key = await stage.gateway.addKey();
    await entryOf(key, { model: 'gpt-one' });
    await entryOf(key, { model: 'gpt-two' });
    const nothing = await operator.run('cache', 'purge', '--model', 'openai/gpt-three');
    expect(nothing.stdout).toBe('Purged 0 entries of openai/gpt-three.\n');
    expect(nothing.stderr).toContain('Models with entries: openai/gpt-one, openai/gpt-two.');
    expect(await operator.json('cache', 'purge', '--model', 'openai/gpt-one')).toEqual({ purged: 1 });
    expect((await stage.gateway.stores.cache.labels()).models).toEqual({ 'openai/gpt-two': 1 });
  });

  test('of a scope that nobody has says which have entries', async () => {
    const empty = await operator.run('cache', 'purge', '--scope', 'x');
    expect(empty.stderr).toBe('No entry is of this scope. No shared scope has any.\n');
    await entryOf(await stage.gateway.addKey({ name: 'evals' }));
    const { stdout, stderr } = await operator.run('cache', 'purge', '--scope', 'ateam');
    expect(stdout).toBe('Purged 0 entries of scope ateam.\n');
    expect(stderr).toBe('No entry is of this scope. Scopes with entries: a team.\n');
  });

  test('takes an entry’s parts along, and every part with --all', async () => {
    const long = randomText(900_000);
    stage.answer = (_request, response) => sendJson(response, completion(long));
    const [mine, other] = [await operator.key('large'), await stage.gateway.addKey()];
    await entryOf(mine);
    await entryOf(other);
    const all = (await stored()).length;
    expect(all).toBeGreaterThan(4);
    expect(await operator.json('cache', 'purge', '--key', 'large')).toMatchObject({ purged: 1 });
    expect(await stored()).toHaveLength(all / 2);
    expect(await operator.out('cache', 'purge', '--all')).toContain(
      'Purged 1 entry of all keys in the data folder',
    );
    expect(await stored()).toEqual([]);
  });

  test.each([
    [[], /needs one of --key, --scope, --model and --all/],
    [['--all', '--key', 'x'], /needs one of/],
    [['--scope', 'x', '--model', 'a/b'], /needs one of/],
    [['--key', ''], /--key must not be empty/],
    [['--scope', ''], /--scope must not be empty/],
    [['--model', ''], /--model must not be empty/],
    [['--model', 'gpt-4o'], /--model must be PROVIDER\/MODEL.*openai\/gpt-4o/],
    [['everything'], /does not take "everything"/],
  ])('%j is refused and purges nothing', async (args, expected) => {
    await entryOf(await stage.gateway.addKey());
    const { code, message } = await refused(operator.run('cache', 'purge', ...args));
    expect(code).toBe(2);
    expect(message).toMatch(expected);
    expect(await entries()).toBe(1);
  });
});

/** Text that does not become small. */
function randomText(length: number): string {
  return randomBytes(length).toString('base64').slice(0, length);
}

/** The sort keys of all that is in the table but counters. */
async function stored(): Promise<string[]> {
  const { client } = stage.gateway.stores;
  const pages = await collect(paginateScan({ client }, { TableName: CACHE_TABLE, ConsistentRead: true }));
  const items = pages.flatMap(({ Items = [] }) => Items);
  return items.filter(({ pk, sk }) => pk?.S !== 'counts' && sk?.S !== 'lease').map(({ sk }) => sk?.S ?? '');
}
