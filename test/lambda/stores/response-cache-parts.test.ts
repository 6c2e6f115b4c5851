import { DeleteItemCommand, PutItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { keyOf } from '../../../lambda/stores/dynamodb-cache-survey.ts';
import type { CacheEntry } from '../../../lambda/stores/response-cache.ts';
import { CACHE_TABLE } from '../../../local/dynamodb.ts';
import {
  type CacheTable,
  differences,
  entryOf,
  NOW,
  PART_BYTES as PART,
  patterned,
  startCacheTable,
} from '../../support/cache-table.ts';
import { collect } from '../../support/collect.ts';
import { signal } from '../../support/stage.ts';

let table: CacheTable;
beforeAll(async () => {
  table = await startCacheTable();
});
afterAll(() => table.stop());
beforeEach(async () => {
  table.now = NOW * 1000;
  await table.cache().purge({});
});

const isPart = (sk: string | undefined) => sk?.startsWith('part#') === true;

/** Both ways to read an entry. */
async function read(id: string): Promise<(CacheEntry | undefined)[]> {
  return [await table.cache().get(id), (await table.cache().look(id)).entry];
}

async function partsOf(id: string): Promise<string[]> {
  const query = {
    TableName: CACHE_TABLE,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :part)',
    ExpressionAttributeValues: { ':pk': { S: id }, ':part': { S: 'part#' } },
    ProjectionExpression: 'sk',
  };
  const pages = await collect(paginateQuery({ client: table.client }, query));
  return pages.flatMap(({ Items = [] }) => Items.map(({ sk }) => sk?.S ?? ''));
}

describe('an entry above one item’s size', () => {
  test.each([
    [PART, 0],
    [PART + 1, 2],
    [2 * PART, 2],
    [2 * PART + 1, 3],
    [8_000_000, 23],
    [8 * 1024 * 1024, 24],
  ])('of %i bytes comes back byte for byte', async (size, parts) => {
    const entry = entryOf(patterned(size));
    await table.cache().put('a', entry);
    for (const found of await read('a')) expect(differences(found, entry)).toEqual([]);
    expect(await partsOf('a')).toHaveLength(parts);
  });

  test('is replaced by a small one, and a small one by it', async () => {
    const large = entryOf(patterned(2 * PART));
    const small = entryOf(patterned(100, 2));
    for (const next of [large, small, large]) {
      await table.cache().put('a', next);
      expect(differences(await table.cache().get('a'), next)).toEqual([]);
    }
  });

  test('is read consistently by who waits for it, its parts too', async () => {
    await table.cache().put('a', entryOf(patterned(2 * PART)));
    const loose: string[] = [];
    const client = table.intercepted(async ({ name, consistent }, go) => {
      if (!consistent) loose.push(name);
      await go();
    });
    expect((await table.cache(client).look('a')).entry).toBeDefined();
    expect(loose).toEqual([]);
  });

  test.each([0, 1, 2])('of which part %i is missing is a miss', async (missing) => {
    await table.cache().put('a', entryOf(patterned(3 * PART)));
    const sk = (await partsOf('a'))[missing] ?? '';
    await table.client.send(new DeleteItemCommand({ TableName: CACHE_TABLE, Key: keyOf('a', sk) }));
    expect(await read('a')).toEqual([undefined, undefined]);
  });

  test('of which a part is shorter than it was is a miss', async () => {
    await table.cache().put('a', entryOf(patterned(2 * PART)));
    const [sk = ''] = await partsOf('a');
    const Item = { ...keyOf('a', sk), sealed: { B: patterned(PART - 1) } };
    await table.client.send(new PutItemCommand({ TableName: CACHE_TABLE, Item }));
    expect(await read('a')).toEqual([undefined, undefined]);
  });

  test.each([
    ['no parts at all', {}],
    ['parts that nobody wrote', { write: { S: 'of-nobody' }, parts: { N: '2' } }],
    ['a number of parts that is none', { write: { S: 'of-nobody' }, parts: { N: '0' } }],
  ])('that names %s is a miss', async (_, named) => {
    const Item = { ...keyOf('a', 'entry'), expires_at: { N: String(NOW + 60) }, size: { N: '0' }, ...named };
    await table.client.send(new PutItemCommand({ TableName: CACHE_TABLE, Item }));
    expect(await read('a')).toEqual([undefined, undefined]);
  });
});

describe('two writers at once', () => {
  test('never mix, whoever names its parts last', async () => {
    const [one, other] = [entryOf(patterned(3 * PART, 1)), entryOf(patterned(3 * PART, 2))];
    const written = signal();
    const open = signal();
    const held = table.intercepted(async ({ sk }, go) => {
      if (sk === 'entry') {
        written.give();
        await open.given;
      }
      await go();
    });
    const slow = table.cache(held).put('a', one);
    await written.given;
    await table.cache().put('a', other);
    expect(differences(await table.cache().get('a'), other)).toEqual([]);
    open.give();
    await slow;
    expect(differences(await table.cache().get('a'), one)).toEqual([]);
  });

  test('and readers beside them: each gets one of the entries, whole', async () => {
    const entries = Array.from({ length: 6 }, (_, seed) => entryOf(patterned(2 * PART + seed, seed)));
    const [first = entryOf(patterned(1))] = entries;
    await table.cache().put('a', first);
    const writes = entries.map((entry) => table.cache().put('a', entry));
    const reads = await Promise.all(entries.map(() => table.cache().get('a')));
    await Promise.all(writes);
    for (const found of [...reads, await table.cache().get('a')]) {
      expect(entries.some((entry) => differences(found, entry).length === 0)).toBe(true);
    }
  });
});

describe('a reader', () => {
  test('that is overtaken by a writer gets the old entry, whole', async () => {
    const [old, next] = [entryOf(patterned(2 * PART, 1)), entryOf(patterned(2 * PART, 2))];
    await table.cache().put('a', old);
    const overtaken = table.intercepted(async ({ sk }, go) => {
      if (isPart(sk)) await table.cache().put('a', next);
      await go();
    });
    expect(differences(await table.cache(overtaken).get('a'), old)).toEqual([]);
    expect(differences(await table.cache().get('a'), next)).toEqual([]);
  });

  test('that is overtaken by a purge gets nothing', async () => {
    await table.cache().put('a', entryOf(patterned(2 * PART)));
    const overtaken = table.intercepted(async ({ sk }, go) => {
      if (isPart(sk)) await table.cache().purge({});
      await go();
    });
    expect(await table.cache(overtaken).get('a')).toBeUndefined();
  });
});

describe('a write that fails', () => {
  const STEPS = [0, 1, 2, 3];
  const cases = STEPS.flatMap((step) => [
    [step, false],
    [step, true],
  ]) as [number, boolean][];

  test.each(cases)(
    'at step %i (the table took it: %s) leaves the old entry or a miss',
    async (step, taken) => {
      const old = entryOf(patterned(2 * PART, 1));
      const next = entryOf(patterned(3 * PART, 2));
      await table.cache().put('old', old);
      for (const id of ['old', 'none']) {
        let sent = 0;
        const failing = table.intercepted(async (_, go) => {
          const mine = sent++;
          if (mine !== step || taken) await go();
          if (mine === step) throw new Error('broken off');
        });
        await expect(table.cache(failing).put(id, next)).rejects.toThrow('broken off');
      }
      const [none, kept] = [await read('none'), await read('old')];
      // The last step names the parts: where the table took it, the entry is there though its writer does not know.
      const whole = taken && step === STEPS.length - 1;
      for (const found of kept) expect(differences(found, whole ? next : old)).toEqual([]);
      for (const found of none) expect(found === undefined).toBe(!whole);
    },
  );

  test('can be written again', async () => {
    const failing = table.intercepted(async ({ sk }, go) => {
      if (sk === 'entry') throw new Error('broken off');
      await go();
    });
    const entry = entryOf(patterned(3 * PART));
    await expect(table.cache(failing).put('a', entry)).rejects.toThrow('broken off');
    await table.cache().put('a', entry);
    expect(differences(await table.cache().get('a'), entry)).toEqual([]);
  });
});
