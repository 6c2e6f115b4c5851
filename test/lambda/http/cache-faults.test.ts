import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { GatewayParts } from '../../../lambda/gateway/parts.ts';
import type { CacheCounts, LeaseStore, ResponseCache } from '../../../lambda/stores/response-cache.ts';
import { counting, eventually, fresh, told } from '../../support/cache-calls.ts';
import { type Beside, startBeside } from '../../support/handler-beside.ts';
import { type Stage, signal, startStage } from '../../support/stage.ts';

type Store = ResponseCache & LeaseStore;

const CANARY = 'canary-of-a-message';
/** What the store may take where it hangs. */
const BUDGET_MS = 100;
const failing = () => Promise.reject(new Error(CANARY));
const hanging = () => new Promise<never>(() => undefined);
const throwing = () => {
  throw new Error(CANARY);
};

let stage: Stage;
let beside: Beside | undefined;
/** Milliseconds that the clock is ahead. */
let ahead = 0;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());
beforeEach(() => {
  ahead = 0;
  const { now } = Date;
  // Before a gateway is made, which keeps its clock.
  jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
  stage.answer = counting();
  stage.upstream.received.length = 0;
});
afterEach(async () => {
  await beside?.stop();
  jest.restoreAllMocks();
});

interface Faulty {
  readonly gateway: Beside;
  /** The store's methods that were called, in order. */
  readonly calls: string[];
  /** What was counted, all flushes together. */
  readonly counted: Partial<Record<keyof CacheCounts, number>>;
}

/** A gateway before the real store, some of its methods replaced. */
async function faultyGateway(
  faults: Partial<Store>,
  more: Partial<GatewayParts> = {},
  cacheMs?: number,
): Promise<Faulty> {
  const real = stage.gateway.stores.cache;
  const calls: string[] = [];
  const counted: Partial<Record<keyof CacheCounts, number>> = {};
  const told =
    <Args extends unknown[], Result>(name: string, method: (...args: Args) => Result) =>
    (...args: Args): Result => {
      calls.push(name);
      return method(...args);
    };
  const store: Store = {
    get: told('get', faults.get ?? ((id) => real.get(id))),
    put: told('put', faults.put ?? ((id, entry) => real.put(id, entry))),
    acquire: told('acquire', faults.acquire ?? ((...args) => real.acquire(...args))),
    release: told('release', faults.release ?? ((...args) => real.release(...args))),
    look: told('look', faults.look ?? ((id) => real.look(id))),
    stats: () => real.stats(),
    purge: (labels) => real.purge(labels),
    count: (counts) => {
      for (const name of Object.keys(counts) as (keyof CacheCounts)[])
        counted[name] = (counted[name] ?? 0) + (counts[name] ?? 0);
      return faults.count?.(counts) ?? Promise.resolve();
    },
  };
  const gateway = await startBeside(stage, { cache: store, ...more }, cacheMs);
  beside = gateway;
  return { gateway, calls, counted };
}

/** The counters are written with the first request after ten seconds. */
async function flushed({ gateway }: Faulty): Promise<void> {
  ahead = 11_000;
  await told(gateway.chat(fresh(), { headers: { 'x-bt-use-cache': 'never' } }));
}

const eventsOf = ({ gateway }: Faulty, level = 'warn') =>
  gateway.lines.map((line) => JSON.parse(line)).filter((line) => line.level === level);

describe.each([{ stream: false }, { stream: true }])('for %j, a store', (form) => {
  test.each<[string, Partial<Store>, string[]]>([
    ['that can’t be read', { get: failing }, ['cache not read']],
    ['that throws', { get: throwing }, ['cache left out']],
    ['that can’t be written', { put: failing }, ['cache not written']],
    ['that grants no leases', { acquire: failing }, ['cache lease failed']],
    ['that throws at leases', { acquire: throwing }, ['cache lease failed']],
    ['that ends no leases', { release: failing }, ['cache lease not ended']],
    [
      'that does nothing',
      { get: failing, put: failing, acquire: failing, release: failing, look: failing, count: failing },
      ['cache not read', 'cache not written'],
    ],
  ])('%s is a miss in the log and no error', async (_, faults, events) => {
    const faulty = await faultyGateway(faults);
    const body = fresh(form);
    const { cached, text } = await told(faulty.gateway.chat(body));
    expect(cached).toBe('MISS');
    expect(text).toContain('Answer');
    await eventually(
      async () => eventsOf(faulty).length,
      (many) => many >= events.length,
    );
    expect(eventsOf(faulty).map(({ event }) => event)).toEqual(events);
    expect(eventsOf(faulty, 'error')).toEqual([]);
    expect(faulty.gateway.lines.join()).not.toContain(CANARY);
    expect(faulty.gateway.lines.join()).not.toContain('Question');
    expect(stage.upstream.received).toHaveLength(1);
  });

  test('that hangs is waited for no longer than its budget, and asked for no lease', async () => {
    const faulty = await faultyGateway({ get: hanging, acquire: hanging }, {}, BUDGET_MS);
    const { cached, text } = await told(faulty.gateway.chat(fresh(form)));
    expect(cached).toBe('MISS');
    expect(text).toContain('Answer');
    expect(faulty.calls).not.toContain('acquire');
    expect(faulty.calls[0]).toBe('get');
    expect(eventsOf(faulty).map(({ event, cause }) => [event, cause])).toEqual([
      ['cache not read', 'TooSlow'],
    ]);
    await flushed(faulty);
    expect(faulty.counted).toMatchObject({ failed: 1, miss: 1 });
  });

  test('whose leases hang is asked without one', async () => {
    const faulty = await faultyGateway(
      { get: async () => undefined, acquire: hanging, release: hanging },
      {},
      BUDGET_MS,
    );
    const body = fresh(form);
    const first = await told(faulty.gateway.chat(body));
    expect(first.cached).toBe('MISS');
    expect(eventsOf(faulty).map(({ event, cause }) => [event, cause])).toEqual([
      ['cache lease failed', 'TooSlow'],
    ]);
    expect(await told(faulty.gateway.chat(body))).toEqual({ cached: 'HIT', text: first.text });
  });
});

test('a store that is slow to write holds nobody back', async () => {
  const open = signal();
  const faulty = await faultyGateway({ put: () => open.given });
  const body = fresh();
  const first = await told(faulty.gateway.chat(body));
  for (const form of [{}, { stream: true }])
    expect((await told(faulty.gateway.chat({ ...body, ...form }))).cached).toBe('HIT');
  expect(first.cached).toBe('MISS');
  expect(stage.upstream.received).toHaveLength(1);
  open.give();
});

describe('a store that fails is counted', () => {
  test.each<[string, Partial<Store>, object]>([
    ['read', { get: failing }, { failed: 1, miss: 1 }],
    ['written', { put: failing }, { failed: 1, miss: 1 }],
    ['asked for a lease', { acquire: failing }, { failed: 1, miss: 1 }],
    ['read and written', { get: failing, put: failing }, { failed: 2, miss: 1 }],
    ['nothing of it', {}, { miss: 1 }],
  ])('when it is %s', async (_, faults, counts) => {
    const faulty = await faultyGateway(faults);
    await told(faulty.gateway.chat(fresh()));
    const wanted = 'put' in faults ? 'cache not written' : 'answered';
    await eventually(
      async () => faulty.gateway.lines.join(),
      (lines) => lines.includes(wanted),
    );
    await flushed(faulty);
    expect(faulty.counted).toEqual({ ...counts, skip: 1 });
  });

  test('and where it can’t even be counted, that is a line in the log', async () => {
    const faulty = await faultyGateway({ count: failing });
    await told(faulty.gateway.chat(fresh()));
    await flushed(faulty);
    await eventually(
      async () => eventsOf(faulty).length,
      (many) => many > 0,
    );
    expect(eventsOf(faulty).map(({ event }) => event)).toEqual(['cache not counted']);
  });
});

test.each<[string, () => Promise<never>]>([
  ['fails', failing],
  ['hangs', hanging],
])('a signing secret that %s leaves the cache out', async (_, current) => {
  const signing = { current, refresh: current };
  const faulty = await faultyGateway({}, { signing }, BUDGET_MS);
  const { cached, text } = await told(faulty.gateway.chat(fresh()));
  expect(cached).toBe('MISS');
  expect(text).toContain('Answer');
  expect(eventsOf(faulty).map(({ event }) => event)).toEqual(['cache left out']);
  expect(faulty.calls).toEqual([]);
});
