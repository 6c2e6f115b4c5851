import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type CacheTable,
  differences,
  entryOf,
  NOW,
  PART_BYTES,
  patterned,
  startCacheTable,
} from '../../support/cache-table.ts';

let table: CacheTable;
let id = '';
let made = 0;
beforeAll(async () => {
  table = await startCacheTable();
});
afterAll(() => table.stop());
beforeEach(() => {
  table.now = NOW * 1000;
  id = `request ${made++}`;
});

describe('a lease', () => {
  test('is one holder’s: a second one is refused, also in another process', async () => {
    expect(await table.cache().acquire(id, 'first', 1_000)).toBe(true);
    const elsewhere = table.cache(table.intercepted((_, go) => go()));
    expect(await elsewhere.acquire(id, 'second', 1_000)).toBe(false);
    expect(await table.cache().acquire(`${id} other`, 'second', 1_000)).toBe(true);
  });

  test('is got by exactly one of fifty at once', async () => {
    const asked = Array.from({ length: 50 }, (_, holder) => table.cache().acquire(id, `${holder}`, 1_000));
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
  });

  test('is over at its millisecond; then exactly one of fifty gets it', async () => {
    await table.cache().acquire(id, 'first', 1_500);
    table.now += 1_499;
    expect(await table.cache().acquire(id, 'second', 1_000)).toBe(false);
    table.now += 1;
    const asked = Array.from({ length: 50 }, (_, holder) => table.cache().acquire(id, `${holder}`, 1_000));
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
  });

  test('is free once its holder gave it back', async () => {
    await table.cache().acquire(id, 'first', 1_000);
    await table.cache().release(id, 'first');
    expect(await table.cache().acquire(id, 'second', 1_000)).toBe(true);
  });

  test('lingers where its holder says so, for others who looked too early', async () => {
    await table.cache().acquire(id, 'first', 60_000);
    await table.cache().release(id, 'second', 1_000);
    await table.cache().release(id, 'first', 1_000);
    table.now += 999;
    expect(await table.cache().acquire(id, 'second', 1_000)).toBe(false);
    expect((await table.cache().look(id)).leased).toBe(true);
    table.now += 1;
    expect((await table.cache().look(id)).leased).toBe(false);
    expect(await table.cache().acquire(id, 'second', 1_000)).toBe(true);
  });

  test('is not ended by anyone else, nor by a holder whose time was over', async () => {
    await table.cache().acquire(id, 'first', 1_000);
    await table.cache().release(id, 'second');
    expect(await table.cache().acquire(id, 'second', 1_000)).toBe(false);
    table.now += 1_000;
    expect(await table.cache().acquire(id, 'second', 1_000)).toBe(true);
    await table.cache().release(id, 'first');
    expect(await table.cache().acquire(id, 'third', 1_000)).toBe(false);
  });

  test('that nobody has can be given back: nothing happens', async () => {
    await table.cache().release(id, 'first');
    expect((await table.cache().look(id)).leased).toBe(false);
  });

  test('is got by who asks again because the answer was lost', async () => {
    let sent = 0;
    const losing = table.intercepted(async (_, go) => {
      await go();
      // As the SDK does where the connection breaks before the answer.
      if (sent++ === 0) await go();
    });
    expect(await table.cache(losing).acquire(id, 'first', 1_000)).toBe(true);
    expect(await table.cache().acquire(id, 'second', 1_000)).toBe(false);
  });
});

describe('look', () => {
  test.each([0, 100, PART_BYTES, 2 * PART_BYTES])(
    'tells an entry of %i bytes and the lease',
    async (size) => {
      const entry = size === 0 ? undefined : entryOf(patterned(size));
      if (entry) await table.cache().put(id, entry);
      for (const leased of [false, true]) {
        if (leased) await table.cache().acquire(id, 'first', 1_000);
        const seen = await table.cache().look(id);
        expect(seen.leased).toBe(leased);
        expect(entry ? differences(seen.entry, entry) : seen.entry).toEqual(entry ? [] : undefined);
      }
      table.now += 1_000;
      expect((await table.cache().look(id)).leased).toBe(false);
    },
  );

  test('is one call for an entry of one item', async () => {
    await table.cache().put(id, entryOf(patterned(100)));
    await table.cache().acquire(id, 'first', 1_000);
    const sent: string[] = [];
    const counting = table.intercepted(async ({ name }, go) => {
      sent.push(name);
      await go();
    });
    await table.cache(counting).look(id);
    expect(sent).toEqual(['QueryCommand']);
  });

  test('does not see another request’s entry or lease', async () => {
    await table.cache().put(`${id} other`, entryOf(patterned(100)));
    await table.cache().acquire(`${id} other`, 'first', 1_000);
    expect(await table.cache().look(id)).toEqual({ entry: undefined, leased: false });
  });

  test('sees the holder’s entry as soon as the lease is free', async () => {
    const entry = entryOf(patterned(2 * PART_BYTES));
    await table.cache().acquire(id, 'first', 60_000);
    await table.cache().put(id, entry);
    await table.cache().release(id, 'first');
    const { entry: found, leased } = await table.cache().look(id);
    expect(leased).toBe(false);
    expect(differences(found, entry)).toEqual([]);
  });
});
