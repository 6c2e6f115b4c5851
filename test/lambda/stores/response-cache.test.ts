import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DynamoDBResponseCache } from '../../../lambda/stores/dynamodb-response-cache.ts';
import type { EntryLabels } from '../../../lambda/stores/response-cache.ts';
import { CACHE_TABLE } from '../../../local/dynamodb.ts';
import {
  type CacheTable,
  differences,
  entryOf,
  NOW,
  patterned,
  startCacheTable,
} from '../../support/cache-table.ts';

let table: CacheTable;
beforeAll(async () => {
  table = await startCacheTable();
});
afterAll(() => table.stop());
beforeEach(async () => {
  table.now = NOW * 1000;
  await table.cache().purge({});
});

const SMALL = Buffer.from('sealed bytes');

describe('an entry', () => {
  test('comes back as it was put', async () => {
    const entry = entryOf(Buffer.from([0, 255, 1, 128]));
    await table.cache().put('a', entry);
    expect(differences(await table.cache().get('a'), entry)).toEqual([]);
  });

  test('that was never put is a miss', async () => {
    expect(await table.cache().get('nobody')).toBeUndefined();
  });

  test('is replaced by the next one', async () => {
    const next = entryOf(Buffer.from('other'), {
      labels: { scope: 'other', model: 'groq/llama' },
      createdAt: NOW + 1,
      expiresAt: NOW + 2,
    });
    await table.cache().put('a', entryOf(SMALL));
    await table.cache().put('a', next);
    expect(differences(await table.cache().get('a'), next)).toEqual([]);
  });

  test.each([
    ['small', 12],
    ['in parts', 400_000],
  ])('%s ends at its second, whether DynamoDB has deleted it or not', async (_, size) => {
    await table.cache().put('a', entryOf(patterned(size), { expiresAt: NOW + 1 }));
    table.now += 999;
    expect(await table.cache().get('a')).toBeDefined();
    expect((await table.cache().look('a')).entry).toBeDefined();
    table.now += 1;
    expect(await table.cache().get('a')).toBeUndefined();
    expect((await table.cache().look('a')).entry).toBeUndefined();
  });

  test('that is over makes room for a new one', async () => {
    await table.cache().put('a', entryOf(SMALL, { expiresAt: NOW - 1 }));
    const next = entryOf(Buffer.from('next'));
    await table.cache().put('a', next);
    expect(differences(await table.cache().get('a'), next)).toEqual([]);
  });
});

describe('counts', () => {
  test('add up by day, in UTC, also from many at once', async () => {
    const cache = table.cache();
    table.now = Date.UTC(2027, 2, 4, 23, 59, 59, 999);
    await Promise.all(Array.from({ length: 20 }, () => cache.count({ hit: 2, shared: 1 })));
    await cache.count({ miss: 3, skip: 4, failed: 5 });
    table.now += 1;
    await cache.count({ hit: 1 });
    const { counts } = await cache.stats();
    expect(Object.keys(counts)).toEqual(['2027-03-04', '2027-03-05']);
    expect(counts['2027-03-04']).toEqual({ hit: 40, miss: 3, skip: 4, shared: 20, failed: 5 });
    expect(counts['2027-03-05']).toEqual({ hit: 1, miss: 0, skip: 0, shared: 0, failed: 0 });
  });

  test('of nothing are no write', async () => {
    const sent: string[] = [];
    const cache = table.cache(
      table.intercepted(async ({ name }, go) => {
        sent.push(name);
        await go();
      }),
    );
    await cache.count({});
    await cache.count({ hit: 0 });
    expect(sent).toEqual([]);
  });

  test('are told for a quarter of a year, and stay when the entries are purged', async () => {
    const day = Date.UTC(2028, 0, 1);
    table.now = day;
    await table.cache().count({ hit: 1 });
    await table.cache().purge({});
    table.now = day + 92 * 86_400_000 - 1;
    expect((await table.cache().stats()).counts).toHaveProperty('2028-01-01');
    table.now += 1;
    expect((await table.cache().stats()).counts).not.toHaveProperty('2028-01-01');
  });
});

const LABELS: Record<string, EntryLabels> = {
  a: { scope: 'one', model: 'openai/gpt-test' },
  b: { scope: 'one', model: 'groq/llama' },
  c: { scope: 'two', model: 'openai/gpt-test' },
  d: { scope: 'two', model: 'groq/llama' },
};

async function fill(): Promise<void> {
  for (const [id, labels] of Object.entries(LABELS)) {
    await table.cache().put(id, entryOf(patterned(400_000), { labels }));
  }
}

async function left(): Promise<string[]> {
  const found = await Promise.all(
    Object.keys(LABELS).map(async (id) => ((await table.cache().get(id)) ? [id] : [])),
  );
  return found.flat();
}

describe('stats', () => {
  test('tell entries and their sealed bytes, past the one megabyte that DynamoDB gives at a time', async () => {
    await fill();
    await table.cache().put('e', entryOf(SMALL));
    await table.cache().put('f', entryOf(SMALL, { expiresAt: NOW }));
    await table.cache().acquire('a', 'holder', 1_000);
    let scans = 0;
    const counting = table.intercepted(async ({ name }, go) => {
      if (name === 'ScanCommand') scans++;
      await go();
    });
    expect(await table.cache(counting).stats()).toMatchObject({
      entries: 5,
      bytes: 4 * 400_000 + SMALL.byteLength,
    });
    expect(scans).toBeGreaterThan(1);
  });

  test('of an empty table are nothing', async () => {
    expect(await table.cache().stats()).toMatchObject({ entries: 0, bytes: 0 });
  });
});

describe('purge', () => {
  beforeEach(fill);

  test.each([
    ['a scope', { scope: 'one' }, ['c', 'd'], 2],
    ['a model', { model: 'openai/gpt-test' }, ['b', 'd'], 2],
    ['a model in a scope', { scope: 'two', model: 'groq/llama' }, ['a', 'b', 'c'], 1],
    ['everything', {}, [], 4],
    ['a scope that nobody has', { scope: 'three' }, ['a', 'b', 'c', 'd'], 0],
  ])('of %s leaves the others, and says how many are gone', async (_, labels, others, count) => {
    expect(await table.cache().purge(labels)).toBe(count);
    expect(await left()).toEqual(others);
  });

  test('of a scope takes the parts of its entries, and no others', async () => {
    await table.cache().purge({ scope: 'one' });
    const parts = (await itemsLeft()).filter((sk) => sk.startsWith('part#'));
    expect(parts).toHaveLength(4);
  });

  test('takes the parts with their entries, and those that a broken write left', async () => {
    const broken = table.cache(
      table.intercepted(async ({ sk }, go) => {
        if (sk === 'entry') throw new Error('broken off');
        await go();
      }),
    );
    await expect(broken.put('e', entryOf(patterned(800_000)))).rejects.toThrow('broken off');
    expect(await table.cache().purge({})).toBe(4);
    expect(await itemsLeft()).toEqual([]);
  });

  test('leaves a lease: its holder is at work', async () => {
    await table.cache().acquire('a', 'holder', 1_000);
    await table.cache().purge({});
    expect(await table.cache().acquire('a', 'other', 1_000)).toBe(false);
  });
});

/** The sort keys of all entries and parts. */
async function itemsLeft(): Promise<string[]> {
  const deleted: string[] = [];
  const watching = table.intercepted(async ({ name, sk }, go) => {
    if (name === 'DeleteItemCommand') deleted.push(sk ?? '');
    await go();
  });
  await table.cache(watching).purge({});
  return deleted;
}

describe('a table that can not be reached', () => {
  test('rejects, whatever was asked', async () => {
    const gone = new DynamoDBClient({
      endpoint: 'http://127.0.0.1:9',
      region: 'local',
      credentials: { accessKeyId: 'nobody', secretAccessKey: 'nobody' },
      maxAttempts: 1,
    });
    const cache = new DynamoDBResponseCache(gone, CACHE_TABLE);
    const calls = [
      cache.get('a'),
      cache.put('a', entryOf(SMALL)),
      cache.put('a', entryOf(patterned(400_000))),
      cache.count({ hit: 1 }),
      cache.stats(),
      cache.purge({}),
      cache.acquire('a', randomUUID(), 1_000),
      cache.release('a', randomUUID()),
      cache.look('a'),
    ];
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).toEqual(calls.map(() => 'rejected'));
    gone.destroy();
  });
});
