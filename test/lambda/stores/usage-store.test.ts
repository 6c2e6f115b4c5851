import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countersOf } from '../../../lambda/gateway/limits/counters.ts';
import { tableStoresAt } from '../../../lambda/stores/aws.ts';
import type { Amounts, Counter, UsageStore } from '../../../lambda/stores/usage-store.ts';
import { type LocalDynamoDB, startDynamoDB } from '../../../local/dynamodb.ts';

const amounts = (requests: number, tokens = 0, nanoUsd = 0): Amounts => ({ requests, tokens, nanoUsd });

/** The contract in memory: what tests of faults stand on. */
class MemoryUsageStore implements UsageStore {
  readonly #used = new Map<string, Amounts>();

  async reserve({ id, limits }: Counter, by: Amounts) {
    const used = this.#of(id);
    const names = ['requests', 'tokens', 'nanoUsd'] as const;
    const granted = names.every(
      (name) => used[name] + by[name] <= (limits[name] ?? Number.POSITIVE_INFINITY),
    );
    if (granted) this.#add(id, by);
    return { granted, used: this.#of(id) };
  }

  async adjust({ id }: Counter, by: Amounts) {
    this.#add(id, by);
  }

  #add(id: string, by: Amounts): void {
    const used = this.#of(id);
    this.#used.set(
      id,
      amounts(used.requests + by.requests, used.tokens + by.tokens, used.nanoUsd + by.nanoUsd),
    );
  }

  #of(id: string): Amounts {
    return this.#used.get(id) ?? amounts(0);
  }

  async read(id: string) {
    return this.#of(id);
  }
}

let folder: string;
let dynamodb: LocalDynamoDB;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-usage-'));
  dynamodb = await startDynamoDB(folder);
});
afterAll(async () => {
  await dynamodb.close();
  rmSync(folder, { recursive: true, force: true });
});

let made = 0;
const counter = (limits: Counter['limits']): Counter => ({
  id: `c${++made}`,
  expiresAt: 4_000_000_000,
  limits,
});

describe.each([
  ['DynamoDB', () => dynamodb.usage as UsageStore],
  ['memory', () => new MemoryUsageStore()],
])('UsageStore in %s', (_, storeOf) => {
  test('an unknown counter is zero', async () => {
    expect(await storeOf().read('nobody')).toEqual(amounts(0));
  });

  test('reserves up to the limit, and tells what is used either way', async () => {
    const [store, limited] = [storeOf(), counter({ requests: 2 })];
    expect(await store.reserve(limited, amounts(1, 5))).toEqual({ granted: true, used: amounts(1, 5) });
    expect(await store.reserve(limited, amounts(1))).toEqual({ granted: true, used: amounts(2, 5) });
    expect(await store.reserve(limited, amounts(1))).toEqual({ granted: false, used: amounts(2, 5) });
    expect(await store.read(limited.id)).toEqual(amounts(2, 5));
  });

  test('every limit must hold, and what does not fit leaves no trace', async () => {
    const [store, limited] = [storeOf(), counter({ requests: 10, tokens: 100, nanoUsd: 1_000 })];
    expect((await store.reserve(limited, amounts(1, 101))).granted).toBe(false);
    expect((await store.reserve(limited, amounts(1, 100, 1_001))).granted).toBe(false);
    expect((await store.reserve(limited, amounts(11))).granted).toBe(false);
    expect(await store.read(limited.id)).toEqual(amounts(0));
    expect((await store.reserve(limited, amounts(1, 100, 1_000))).granted).toBe(true);
    expect((await store.reserve(limited, amounts(1, 1))).granted).toBe(false);
    expect((await store.reserve(limited, amounts(1, 0, 0))).granted).toBe(true);
  });

  test('50 at once get exactly what there is', async () => {
    const [store, limited] = [storeOf(), counter({ requests: 7, nanoUsd: 1_000 })];
    const results = await Promise.all(
      Array.from({ length: 50 }, () => store.reserve(limited, amounts(1, 2, 100))),
    );
    expect(results.filter(({ granted }) => granted)).toHaveLength(7);
    expect(await store.read(limited.id)).toEqual(amounts(7, 14, 700));
  });

  test('adjusts up and down whatever the limits, also a counter that is gone', async () => {
    const [store, limited] = [storeOf(), counter({ tokens: 10 })];
    await store.adjust(limited, amounts(0, 50, -3));
    expect(await store.read(limited.id)).toEqual(amounts(0, 50, -3));
    await store.adjust(limited, amounts(-1, -45));
    expect((await store.reserve(limited, amounts(0, 5))).granted).toBe(true);
  });
});

test('a store that can’t be reached rejects', async () => {
  const gone = tableStoresAt('http://127.0.0.1:9', { credentialsTable: 'a', cacheTable: 'b' });
  await expect(gone.usage.reserve(counter({ requests: 1 }), amounts(1))).rejects.toThrow();
  gone.client.destroy();
});

describe('countersOf', () => {
  // 2026-11-23T03:04:05.678Z
  const now = Date.UTC(2026, 10, 23, 3, 4, 5, 678);
  const at = (...date: [number, number, number, number?, number?]) => Date.UTC(...date) / 1000;

  test('no limits, no counters', () => {
    expect(countersOf({ subject: 's' }, now)).toEqual([]);
  });

  test('a minute, a month and a life, each by its window', () => {
    const limits = {
      subject: 's',
      rpm: 5,
      tpm: 10,
      budget: { usd: 1.5, per: 'month' as const },
      maxRequests: 3,
      expiresAt: 99,
    };
    const found = countersOf(limits, now).map(({ window, resetsAt, counter: { id, limits: most } }) => ({
      window,
      resetsAt,
      id,
      most,
    }));
    expect(found).toEqual([
      {
        window: 'minute',
        resetsAt: at(2026, 10, 23, 3, 5),
        id: `s#minute#${at(2026, 10, 23, 3, 4)}`,
        most: { requests: 5, tokens: 10 },
      },
      {
        window: 'month',
        resetsAt: at(2026, 11, 1),
        id: `s#month#${at(2026, 10, 1)}`,
        most: { nanoUsd: 1_500_000_000 },
      },
      { window: 'life', resetsAt: undefined, id: 's#life', most: { requests: 3 } },
    ]);
  });

  test('the next minute and the next day are other counters', () => {
    const idAt = (time: number, limits: object) =>
      countersOf({ subject: 's', ...limits }, time)[0]?.counter.id;
    expect(idAt(now, { rpm: 1 })).not.toBe(idAt(now + 60_000, { rpm: 1 }));
    expect(idAt(now, { rpm: 1 })).toBe(idAt(now + 50_000, { rpm: 1 }));
    const day = { budget: { usd: 1, per: 'day' } };
    expect(idAt(now, day)).not.toBe(idAt(now + 86_400_000, day));
  });
});
