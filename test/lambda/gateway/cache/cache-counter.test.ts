import { beforeEach, describe, expect, test } from '@jest/globals';
import { CacheCounter } from '../../../../lambda/gateway/cache/cache-counter.ts';
import type { CacheCounts } from '../../../../lambda/stores/response-cache.ts';
import { signal } from '../../../support/stage.ts';
import { watchedLog } from '../../../support/watched-log.ts';

/** Where counts go; it can be down or slow. */
class Counts {
  readonly written: Partial<CacheCounts>[] = [];
  down = false;
  held: Promise<void> | undefined;

  async count(counts: Partial<CacheCounts>): Promise<void> {
    await this.held;
    if (this.down) throw new Error('down');
    this.written.push(counts);
  }
}

let now: number;
let counts: Counts;
let counter: CacheCounter;
let lines: string[];
let log: ReturnType<typeof watchedLog>['log'];
beforeEach(() => {
  now = 5_000;
  counts = new Counts();
  counter = new CacheCounter(counts, () => now);
  ({ log, lines } = watchedLog());
});

describe('counts', () => {
  test('stay in memory for ten seconds, then are one write', async () => {
    for (let i = 0; i < 100; i++) expect(counter.add('hit', log)).toBeUndefined();
    expect(counter.add('miss', log)).toBeUndefined();
    now += 9_999;
    expect(counter.add('shared', log)).toBeUndefined();
    now += 1;
    await counter.add('hit', log);
    expect(counts.written).toEqual([{ hit: 101, miss: 1, shared: 1 }]);
  });

  test('begin anew with each write', async () => {
    now += 10_000;
    await counter.add('skip', log);
    expect(counter.add('failed', log)).toBeUndefined();
    now += 10_000;
    await counter.add('skip', log);
    expect(counts.written).toEqual([{ skip: 1 }, { failed: 1, skip: 1 }]);
  });

  test('that come while others are written are in the next write, none twice', async () => {
    const open = signal();
    counts.held = open.given;
    now += 10_000;
    const first = counter.add('hit', log);
    expect(counter.add('hit', log)).toBeUndefined();
    open.give();
    await first;
    await counter.flush(log);
    expect(counts.written).toEqual([{ hit: 1 }, { hit: 1 }]);
  });

  test('are written before their time where the process ends', async () => {
    counter.add('miss', log);
    await counter.flush(log);
    expect(counts.written).toEqual([{ miss: 1 }]);
  });

  test('of nothing are not written', async () => {
    await counter.flush(log);
    expect(counts.written).toEqual([]);
  });
});

describe('a store that is down', () => {
  test('is told in the log and fails nobody', async () => {
    counts.down = true;
    counter.add('hit', log);
    await counter.flush(log);
    expect(lines).toEqual(['warn cache not counted']);
  });
});
