import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countersOf, NANO_USD } from '../../../../lambda/gateway/limits/counters.ts';
import { limitError } from '../../../../lambda/gateway/limits/limit-error.ts';
import { adjust, reserve } from '../../../../lambda/gateway/limits/reservation.ts';
import type { SubjectLimits } from '../../../../lambda/gateway/request/principal.ts';
import { createLog } from '../../../../lambda/log.ts';
import type { Amounts } from '../../../../lambda/stores/usage-store.ts';
import { type CoreStage, startCore } from '../../../support/core-stage.ts';

/** A moment in the middle of a minute: no test here meets another one. */
const NOW = Date.UTC(2028, 1, 29, 23, 59, 30);
const log = createLog(() => undefined);

let stage: CoreStage;
beforeAll(async () => {
  stage = await startCore();
});
afterAll(() => stage.stop());

let subjects = 0;
const limitsOf = (limits: Omit<SubjectLimits, 'subject'>): SubjectLimits => ({
  subject: `key#${++subjects}`,
  ...limits,
});
const amounts = (requests: number, tokens = 0, nanoUsd = 0): Amounts => ({ requests, tokens, nanoUsd });
const used = (limits: SubjectLimits, now = NOW) =>
  Promise.all(countersOf(limits, now).map(({ counter }) => stage.dynamodb.usage.read(counter.id)));
const ask = (limits: SubjectLimits, wanted: Amounts, now = NOW) =>
  reserve(countersOf(limits, now), wanted, { usage: stage.dynamodb.usage, onStoreFailure: undefined, log });

describe('200 concurrent calls in one window', () => {
  const rush = async (limits: SubjectLimits, wanted: Amounts) => {
    const all = await Promise.all(Array.from({ length: 200 }, () => ask(limits, wanted)));
    return all.filter(({ refused }) => refused.length === 0);
  };

  test('get exactly the requests of a minute', async () => {
    const limits = limitsOf({ rpm: 60 });
    expect(await rush(limits, amounts(1, 9))).toHaveLength(60);
    expect(await used(limits)).toEqual([amounts(60, 540)]);
  });

  test('get exactly the tokens of a minute', async () => {
    const limits = limitsOf({ tpm: 1_000 });
    expect(await rush(limits, amounts(1, 30))).toHaveLength(33);
    expect(await used(limits)).toEqual([amounts(33, 990)]);
  });

  test.each(['day', 'month'] as const)('get exactly the dollars of a %s', async (per) => {
    const limits = limitsOf({ budget: { usd: 10, per } });
    expect(await rush(limits, amounts(1, 0, NANO_USD / 4))).toHaveLength(40);
    expect(await used(limits)).toEqual([amounts(40, 0, 10 * NANO_USD)]);
  });

  test('of several limits hold all of them, and what was refused holds nothing', async () => {
    const limits = limitsOf({ rpm: 100, tpm: 2_000, budget: { usd: 5, per: 'day' }, maxRequests: 40 });
    const granted = (await rush(limits, amounts(1, 50, NANO_USD / 5))).length;
    expect(granted).toBeGreaterThan(0);
    expect(granted).toBeLessThanOrEqual(25);
    const held = amounts(granted, 50 * granted, (granted * NANO_USD) / 5);
    expect(await used(limits)).toEqual([held, held, held]);
  });

  test('settle to what they used, in any order', async () => {
    const limits = limitsOf({ budget: { usd: 1_000, per: 'month' } });
    const granted = await rush(limits, amounts(1, 100, NANO_USD));
    await Promise.all(
      granted.map(({ held }, i) =>
        adjust(held, amounts(0, i - 100, -NANO_USD + i), stage.dynamodb.usage, log),
      ),
    );
    const sum = (199 * 200) / 2;
    expect(await used(limits)).toEqual([amounts(200, sum, sum)]);
  });
});

describe('windows in UTC', () => {
  const window = (at: number, limits: Omit<SubjectLimits, 'subject'>) => {
    const [found] = countersOf({ subject: 's', ...limits }, at);
    return { id: found?.counter.id, resetsAt: (found?.resetsAt ?? 0) * 1000 };
  };
  const MONTH = { budget: { usd: 1, per: 'month' as const } };
  const DAY = { budget: { usd: 1, per: 'day' as const } };

  test.each([
    ['a leap year’s February', Date.UTC(2028, 1, 29, 23, 59, 59, 999), Date.UTC(2028, 2, 1)],
    ['another February', Date.UTC(2027, 1, 28, 23, 59, 59, 999), Date.UTC(2027, 2, 1)],
    ['a century’s February', Date.UTC(2100, 1, 28, 23, 59, 59, 999), Date.UTC(2100, 2, 1)],
    ['April', Date.UTC(2027, 3, 30, 23, 59, 59, 999), Date.UTC(2027, 4, 1)],
    ['a year', Date.UTC(2027, 11, 31, 23, 59, 59, 999), Date.UTC(2028, 0, 1)],
  ])('the end of %s begins another month', (_, last, next) => {
    expect(window(last, MONTH).resetsAt).toBe(next);
    expect(window(next - 1, MONTH).id).toBe(window(last, MONTH).id);
    expect(window(next, MONTH).id).not.toBe(window(last, MONTH).id);
    expect(window(next, MONTH).id).toBe(`s#month#${next / 1000}`);
  });

  test('every day of four years has 24 hours, also where clocks are put on and back', () => {
    const ids = new Set<string | undefined>();
    const first = Date.UTC(2026, 0, 1);
    const days = 4 * 365 + 1;
    for (let hour = 0; hour < days * 24; hour++) {
      const at = first + hour * 3_600_000;
      ids.add(window(at, DAY).id);
      expect(window(at, DAY).resetsAt - at).toBeLessThanOrEqual(86_400_000);
    }
    expect(ids.size).toBe(days);
  });

  test('a minute is a clock’s, to the millisecond', () => {
    const at = Date.UTC(2026, 0, 1, 0, 1);
    expect(window(at - 1, { rpm: 1 }).id).not.toBe(window(at, { rpm: 1 }).id);
    expect(window(at + 59_999, { rpm: 1 })).toEqual({ id: window(at, { rpm: 1 }).id, resetsAt: at + 60_000 });
  });

  test('what is used up is there again with the next window, and a late settlement goes to its own', async () => {
    const limits = limitsOf({ budget: { usd: 1, per: 'month' } });
    const { held } = await ask(limits, amounts(1, 0, NANO_USD));
    const next = Date.UTC(2028, 2, 1);
    expect((await ask(limits, amounts(1, 0, 1))).refused).toHaveLength(1);
    expect((await ask(limits, amounts(1, 0, NANO_USD), next)).refused).toHaveLength(0);
    await adjust(held, amounts(0, 0, -NANO_USD), stage.dynamodb.usage, log);
    expect(await used(limits)).toEqual([amounts(1)]);
    expect(await used(limits, next)).toEqual([amounts(1, 0, NANO_USD)]);
  });
});

describe('a refusal', () => {
  const refusal = (limits: Omit<SubjectLimits, 'subject'>, already: Amounts, wanted: Amounts) => {
    const [window] = countersOf({ subject: 's', ...limits }, NOW);
    if (window === undefined) throw new Error('no limit');
    return limitError({ window, used: already }, wanted, NOW / 1000 + 90, NOW);
  };

  test.each([
    ['a minute', { rpm: 1 }, '30'],
    ['a day', { budget: { usd: 1, per: 'day' as const } }, '30'],
    ['a month', { budget: { usd: 1, per: 'month' as const } }, '30'],
    ['a credential’s life', { maxRequests: 1 }, '90'],
  ])('tells when %s is over', (_, limits, seconds) => {
    expect(refusal(limits, amounts(1, 0, NANO_USD), amounts(1, 0, 1)).headers['retry-after']).toBe(seconds);
  });

  test('that others have made room for meanwhile names the limit that there is', () => {
    expect(refusal({ rpm: 3 }, amounts(2), amounts(1)).message).toContain('3 requests a minute');
    expect(refusal({ tpm: 30 }, amounts(2, 10), amounts(1, 20)).message).toContain('30 tokens a minute');
    expect(refusal({ maxRequests: 3 }, amounts(2), amounts(1)).message).toContain('for 3 requests');
  });

  test('of what will never fit says that another try is of no use', () => {
    const never = refusal({ tpm: 30 }, amounts(0), amounts(1, 31));
    expect(never.headers).toMatchObject({ 'x-should-retry': 'false' });
    expect(refusal({ tpm: 30 }, amounts(0, 20), amounts(1, 20)).headers).not.toHaveProperty('x-should-retry');
  });
});
