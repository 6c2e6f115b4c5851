import { beforeEach, describe, expect, test } from '@jest/globals';
import { HotEntries } from '../../../../lambda/gateway/cache/hot-entries.ts';
import { entryOf, NOW } from '../../../support/cache-table.ts';

const MAX_ENTRY = 256 * 1024;
const MAX_ALL = 16 * 1024 * 1024;
/** So many of the largest entries fit. */
const FIT = MAX_ALL / MAX_ENTRY;

let now: number;
let hot: HotEntries;
beforeEach(() => {
  now = NOW * 1000;
  hot = new HotEntries(() => now);
});

const largest = () => entryOf(Buffer.alloc(MAX_ENTRY));
const there = (ids: readonly string[]) => ids.filter((id) => hot.get(id) !== undefined);

/** Puts as many as fit, `0` first. */
function fill(): string[] {
  const ids = Array.from({ length: FIT }, (_, index) => String(index));
  for (const id of ids) hot.set(id, largest());
  return ids;
}

describe('an entry', () => {
  test('comes back as it is', () => {
    const entry = entryOf(Buffer.from('a'));
    hot.set('a', entry);
    expect(hot.get('a')).toBe(entry);
    expect(hot.get('nobody')).toBeUndefined();
  });

  test('is forgotten after half a minute, however often it is asked for: it may have been purged', () => {
    hot.set('a', entryOf(Buffer.from('a')));
    for (let second = 0; second < 30; second++) {
      expect(hot.get('a')).toBeDefined();
      now += 1_000;
    }
    expect(hot.get('a')).toBeUndefined();
  });

  test('that is remembered again as it was is kept no longer', () => {
    const entry = entryOf(Buffer.from('a'));
    hot.set('a', entry);
    now += 29_999;
    hot.set('a', hot.get('a') ?? entry);
    now += 1;
    expect(hot.get('a')).toBeUndefined();
  });

  test('that the store gave anew is kept anew', () => {
    hot.set('a', entryOf(Buffer.from('a')));
    now += 29_999;
    hot.set('a', entryOf(Buffer.from('a')));
    now += 29_999;
    expect(hot.get('a')).toBeDefined();
  });

  test('ends when it expires', () => {
    hot.set('a', entryOf(Buffer.from('a'), { expiresAt: NOW + 2 }));
    now += 1_999;
    expect(hot.get('a')).toBeDefined();
    now += 1;
    expect(hot.get('a')).toBeUndefined();
  });

  test('is replaced by the next one, also by one that is too large to be kept', () => {
    const next = entryOf(Buffer.from('b'));
    hot.set('a', entryOf(Buffer.from('a')));
    hot.set('a', next);
    expect(hot.get('a')).toBe(next);
    hot.set('a', entryOf(Buffer.alloc(MAX_ENTRY + 1)));
    expect(hot.get('a')).toBeUndefined();
  });
});

describe('memory', () => {
  test('is bounded: the least used go first', () => {
    const ids = fill();
    expect(there(ids)).toEqual(ids);
    hot.get('0');
    hot.set('next', largest());
    expect(there([...ids, 'next'])).toEqual([...ids.filter((id) => id !== '1'), 'next']);
  });

  test('is given back by what expired, was replaced or was pushed out', () => {
    const ids = fill();
    for (const id of ids) hot.set(id, entryOf(Buffer.alloc(1)));
    const more = ids.slice(1).map((id) => `more ${id}`);
    for (const id of more) hot.set(id, largest());
    expect(there([...ids, ...more])).toEqual([...ids, ...more]);
    now += 30_000;
    expect(there(ids)).toEqual([]);
    const again = fill();
    expect(there(again)).toEqual(again);
  });

  test('of a small entry is its own: one byte more pushes out one entry', () => {
    const ids = fill();
    hot.set('small', entryOf(Buffer.alloc(1)));
    expect(there([...ids, 'small'])).toEqual([...ids.slice(1), 'small']);
  });
});
