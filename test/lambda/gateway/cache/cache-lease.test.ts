import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { LEASE_MS, lease, type Wait } from '../../../../lambda/gateway/cache/cache-lease.ts';
import type { CacheEntry, LeaseStore } from '../../../../lambda/stores/response-cache.ts';
import { entryOf } from '../../../support/cache-table.ts';
import { watchedLog } from '../../../support/watched-log.ts';

type Look = Awaited<ReturnType<LeaseStore['look']>>;

/** Answers as the test says, in this order; the last answer stays. A store that is down or slow is a promise of its own. */
class ScriptedLeases implements LeaseStore {
  readonly calls: string[] = [];
  readonly holders = new Set<string>();
  acquired: (() => Promise<boolean>)[] = [async () => true];
  looks: (() => Promise<Look>)[] = [held];
  releasing: () => Promise<void> = async () => undefined;
  onLook: () => void = () => undefined;
  readonly #released = Promise.withResolvers<void>();

  acquire(id: string, holder: string, milliseconds: number): Promise<boolean> {
    this.#note(`acquire ${id} ${milliseconds}`, holder);
    return next(this.acquired)();
  }

  release(id: string, holder: string, lingerMs = 0): Promise<void> {
    this.#note(`release ${id} ${lingerMs}`, holder);
    this.#released.resolve();
    return this.releasing();
  }

  look(id: string): Promise<Look> {
    this.calls.push(`look ${id}`);
    this.onLook();
    return next(this.looks)();
  }

  get released(): Promise<void> {
    return this.#released.promise;
  }

  #note(call: string, holder: string): void {
    this.calls.push(call);
    this.holders.add(holder);
  }
}

function next<Of>(answers: Of[]): Of {
  const [first] = answers;
  if (first === undefined) throw new Error('the test set no answer');
  if (answers.length > 1) answers.shift();
  return first;
}

const held = async (): Promise<Look> => ({ entry: undefined, leased: true });
const free = async (): Promise<Look> => ({ entry: undefined, leased: false });
const found = (entry: CacheEntry, leased: boolean) => async (): Promise<Look> => ({ entry, leased });
const down = () => Promise.reject(new Error('down'));
const refused = async () => false;
const granted = async () => true;
const never = () => new Promise<never>(() => undefined);

const ACQUIRE = `acquire a ${LEASE_MS}`;
const entry = entryOf(Buffer.from('a'));

let store: ScriptedLeases;
let watched: ReturnType<typeof watchedLog>;
let caller: AbortController;
beforeEach(() => {
  store = new ScriptedLeases();
  watched = watchedLog();
  caller = new AbortController();
});
afterEach(() => {
  jest.restoreAllMocks();
});

const ask = (more: Partial<Wait> = {}) =>
  lease(store, {
    id: 'a',
    deadline: Date.now() + 10 * LEASE_MS,
    signal: caller.signal,
    log: watched.log,
    budgetMs: 60_000,
    fits: () => true,
    waitUntil: () => undefined,
    ...more,
  });

describe('a lease that nobody has', () => {
  test('is got with one call, and given back by its holder', async () => {
    const got = await ask();
    expect(got.kind).toBe('mine');
    if (got.kind === 'mine') await got.release(false);
    expect(store.calls).toEqual([ACQUIRE, 'release a 0']);
    expect(store.holders.size).toBe(1);
  });

  test('lingers where there is an entry: who looked just before it was written looks again', async () => {
    const got = await ask();
    if (got.kind === 'mine') await got.release(true);
    expect(store.calls).toEqual([ACQUIRE, 'release a 1000']);
  });

  test('is each time another holder’s', async () => {
    await Promise.all([ask(), ask()]);
    expect(store.holders.size).toBe(2);
  });

  test('that can not be given back is told in the log and fails nobody', async () => {
    store.releasing = down;
    const got = await ask();
    if (got.kind === 'mine') await got.release(true);
    expect(watched.lines).toEqual(['warn cache lease not ended']);
  });
});

describe('a lease that another has', () => {
  beforeEach(() => {
    store.acquired = [refused];
  });

  test('ends in the entry that its holder writes', async () => {
    store.looks = [held, held, found(entry, true)];
    expect(await ask()).toEqual({ kind: 'entry', entry });
    expect(store.calls).toEqual([ACQUIRE, 'look a', 'look a', 'look a']);
  });

  test('ends in the entry though it was given back meanwhile', async () => {
    store.looks = [found(entry, false)];
    expect(await ask()).toEqual({ kind: 'entry', entry });
  });

  test('does not end in an entry that the waiter may not have', async () => {
    const newer = entryOf(Buffer.from('b'));
    store.looks = [found(entry, true), found(newer, true)];
    expect(await ask({ fits: (each) => each === newer })).toEqual({ kind: 'entry', entry: newer });
  });

  test('is taken over where its holder gave up', async () => {
    store.acquired = [refused, granted];
    store.looks = [held, free];
    expect((await ask()).kind).toBe('mine');
    expect(store.calls).toEqual([ACQUIRE, 'look a', 'look a', ACQUIRE]);
    expect(store.holders.size).toBe(1);
  });

  test('is waited for again where a third was faster', async () => {
    store.acquired = [refused, refused, granted];
    store.looks = [free, held, found(entry, true)];
    expect((await ask()).kind).toBe('entry');
    expect(store.calls).toEqual([ACQUIRE, 'look a', ACQUIRE, 'look a', 'look a']);
  });

  test('holds a waiter for as long as a lease lives, and no longer', async () => {
    const started = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(started);
    store.onLook = () => clock.mockReturnValue(started + LEASE_MS);
    expect(await ask()).toEqual({ kind: 'nobodys' });
    expect(store.calls).toEqual([ACQUIRE, 'look a']);
  });

  test('leaves a waiter the time to ask by itself', async () => {
    const started = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(started);
    store.onLook = () => clock.mockReturnValue(started + 5_000);
    expect(await ask({ deadline: started + 10_000 })).toEqual({ kind: 'nobodys' });
    expect(store.calls).toEqual([ACQUIRE, 'look a']);
  });

  test('is not waited for where the deadline is near or over', async () => {
    expect(await ask({ deadline: Date.now() + 10 })).toEqual({ kind: 'nobodys' });
    expect(await ask({ deadline: Date.now() - 10 })).toEqual({ kind: 'nobodys' });
    expect(store.calls).toEqual([ACQUIRE, ACQUIRE]);
  });
});

describe('a caller that leaves', () => {
  const reason = new Error('the caller left');

  test('while it waits ends the wait with its reason, and tells nobody', async () => {
    store.acquired = [refused];
    store.onLook = () => caller.abort(reason);
    await expect(ask()).rejects.toBe(reason);
    expect(store.calls).toEqual([ACQUIRE, 'look a']);
    expect(watched.lines).toEqual([]);
  });

  test('while a slow store is asked leaves no lease behind', async () => {
    const slow = Promise.withResolvers<boolean>();
    store.acquired = [() => slow.promise];
    const asked = ask({ budgetMs: 1 });
    caller.abort(reason);
    await expect(asked).rejects.toBe(reason);
    slow.resolve(true);
    await store.released;
    expect(store.calls).toEqual([ACQUIRE, 'release a 0']);
  });
});

describe('a store that fails', () => {
  test('grants nothing and holds nobody; what it may have done before its answer was lost is undone', async () => {
    store.acquired = [down];
    expect(await ask()).toEqual({ kind: 'nobodys' });
    await store.released;
    expect(store.calls).toEqual([ACQUIRE, 'release a 0']);
    expect(watched.lines).toEqual(['warn cache lease failed']);
  });

  test('while a waiter looks lets it go', async () => {
    store.acquired = [refused];
    store.looks = [held, down];
    expect(await ask()).toEqual({ kind: 'nobodys' });
    expect(store.calls).toEqual([ACQUIRE, 'look a', 'look a']);
    expect(watched.lines).toEqual(['warn cache lease failed']);
  });
});

describe('a store that is too slow', () => {
  test('is not waited for; the lease that it grants later is given back then, by the same holder', async () => {
    const slow = Promise.withResolvers<boolean>();
    store.acquired = [() => slow.promise];
    const late: Promise<unknown>[] = [];
    const asked = ask({ budgetMs: 1, waitUntil: (work) => late.push(work) });
    expect(await asked).toEqual({ kind: 'nobodys' });
    expect(store.calls).toEqual([ACQUIRE]);
    slow.resolve(true);
    // A function that rests before would leave the lease to itself.
    expect(late).toHaveLength(1);
    await Promise.all(late);
    expect(store.calls).toEqual([ACQUIRE, 'release a 0']);
    expect(store.holders.size).toBe(1);
  });

  test('while a waiter looks lets it go', async () => {
    store.acquired = [refused];
    store.looks = [never];
    expect(await ask({ budgetMs: 1 })).toEqual({ kind: 'nobodys' });
    expect(store.calls).toEqual([ACQUIRE, 'look a']);
  });
});
