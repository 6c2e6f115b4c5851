import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { hashKey } from '../../../../lambda/gateway/callers/bearer.ts';
import { countersOf, NANO_USD } from '../../../../lambda/gateway/limits/counters.ts';
import { clientSettings } from '../../../../lambda/stores/aws.ts';
import type { GatewayKeyRecord } from '../../../../lambda/stores/credential-store.ts';
import { DynamoDBUsageStore } from '../../../../lambda/stores/dynamodb-usage-store.ts';
import type { Counter, UsageStore } from '../../../../lambda/stores/usage-store.ts';
import { type CoreStage, startCore } from '../../../support/core-stage.ts';
import { completion, sendJson, startUpstream } from '../../../support/fake-upstream.ts';
import { errorOf } from '../../../support/stage.ts';

const PRICES = { prices: { 'gpt-test': { input: 1_000_000, output: 1_000_000 } } };
/** Five tokens asked and seven answered, at a dollar each. */
const COST = 12 * NANO_USD;

let stage: CoreStage;
beforeAll(async () => {
  stage = await startCore();
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.lines.length = 0;
  stage.upstream.received.length = 0;
  stage.answer = (_, response) => sendJson(response, completion('ok'));
});

type Fault = (counter: Counter, what: 'reserve' | 'adjust') => boolean;

/** The embedded store, down for the calls that `fault` says. The message holds what no log may. */
function faulty(fault: Fault): UsageStore {
  const { usage } = stage.dynamodb;
  const through = (counter: Counter, what: 'reserve' | 'adjust') => {
    if (fault(counter, what)) throw new TypeError(`canary ${counter.id}`);
  };
  return {
    async reserve(counter, amounts) {
      through(counter, 'reserve');
      return usage.reserve(counter, amounts);
    },
    async adjust(counter, by) {
      through(counter, 'adjust');
      await usage.adjust(counter, by);
    },
    read: (id) => usage.read(id),
  };
}

const down: Fault = (_, what) => what === 'reserve';
const RATE = { rpm: 5 };
const BUDGET = { budget: { usd: 1_000, per: 'month' as const } };
const modes = (rate: number, budget: number) => ({ rate, budget });

/** What the first counter of a key says. */
async function usedBy(key: string, rights: Partial<GatewayKeyRecord>) {
  const [found] = countersOf({ subject: `key#${hashKey(key).slice(0, 16)}`, ...rights }, Date.now());
  return stage.dynamodb.usage.read(found?.counter.id ?? '');
}

describe.each([
  ['nothing', {}, modes(200, 503)],
  ['allow', { onStoreFailure: 'allow' }, modes(200, 200)],
  ['deny', { onStoreFailure: 'deny' }, modes(503, 503)],
])('while the counters are down, and limits.onStoreFailure says %s', (_, limits, expected) => {
  const gateway = () => stage.gateway({ ...PRICES, limits }, { usage: faulty(down) });

  test.each([
    ['a rate', RATE, expected.rate],
    ['a budget', BUDGET, expected.budget],
    ['both', { ...RATE, ...BUDGET }, expected.budget],
  ])('a caller with %s', async (_name, rights, status) => {
    const answer = await gateway().chat(await stage.addKey(rights));
    expect(answer.status).toBe(status);
    if (status === 503) expect(await errorOf(answer)).toMatchObject({ code: 'limits_unavailable' });
    expect(stage.upstream.received).toHaveLength(status === 200 ? 1 : 0);
    expect(stage.lines.join()).toContain('"limits not checked"');
    expect(stage.lines.join()).not.toContain('canary');
  });

  test('a credential with limits of its own', async () => {
    const { post } = stage.gateway();
    const made = await post('/credentials', { max_requests: 1 }, await stage.addKey());
    const { key } = (await made.json()) as { key: string };
    expect((await gateway().chat(key)).status).toBe(expected.budget);
  });

  test('a caller without limits', async () => {
    expect((await gateway().chat(await stage.addKey())).status).toBe(200);
    expect(stage.lines.join()).not.toContain('limits');
  });
});

describe('where one counter of two is down', () => {
  const rights = { ...RATE, ...BUDGET };
  const rateDown: Fault = ({ id }, what) => what === 'reserve' && id.includes('#minute#');

  test('the other gives back what it held', async () => {
    const key = await stage.addKey(rights);
    const limits = { onStoreFailure: 'deny' };
    const gateway = stage.gateway({ ...PRICES, limits }, { usage: faulty(rateDown) });
    expect((await gateway.chat(key, { max_tokens: 50 })).status).toBe(503);
    expect(await usedBy(key, BUDGET)).toEqual({ requests: 0, tokens: 0, nanoUsd: 0 });
    expect((await stage.gateway(PRICES).chat(key, { max_tokens: 50 })).status).toBe(200);
  });

  test('a rate that is down does not let a used up budget through', async () => {
    const key = await stage.addKey({ ...RATE, budget: { usd: 1, per: 'month' } });
    const gateway = stage.gateway(PRICES, { usage: faulty(rateDown) });
    const refused = await gateway.chat(key);
    expect(refused.status).toBe(429);
    expect(await errorOf(refused)).toMatchObject({ code: 'insufficient_quota' });
    expect(refused.headers.get('x-ratelimit-limit-requests')).toBeNull();
  });

  test('what can’t be given back stays reserved, and the log says so', async () => {
    const key = await stage.addKey({ tpm: 1, ...BUDGET });
    const gateway = stage.gateway(PRICES, { usage: faulty((_, what) => what === 'adjust') });
    expect((await gateway.chat(key, { max_tokens: 50 })).status).toBe(429);
    expect((await usedBy(key, BUDGET)).requests).toBe(1);
    expect(stage.lines.join()).toContain('"limits not settled"');
    expect(stage.lines.join()).not.toContain('canary');
  });
});

describe('a settlement', () => {
  test('that fails harms no answer, leaves what was reserved, and is told in the log', async () => {
    const key = await stage.addKey(BUDGET);
    const gateway = stage.gateway(PRICES, { usage: faulty((_, what) => what === 'adjust') });
    const answer = await gateway.chat(key, { max_tokens: 50 });
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'ok' } }] });
    await gateway.settled();
    expect((await usedBy(key, BUDGET)).nanoUsd).toBeGreaterThan(50 * NANO_USD);
    expect(stage.lines.filter((line) => line.includes('"limits not settled"'))).toHaveLength(1);
  });

  test('that never comes to its end is waited for by nobody', async () => {
    const key = await stage.addKey(BUDGET);
    const usage = { ...faulty(() => false), adjust: () => new Promise<void>(() => undefined) };
    const answer = await stage.gateway(PRICES, { usage }).chat(key, { max_tokens: 50 });
    expect(await answer.json()).toMatchObject({ object: 'chat.completion' });
  });

  test('replaces the reservation by the cost', async () => {
    const key = await stage.addKey(BUDGET);
    const gateway = stage.gateway(PRICES);
    await (await gateway.chat(key, { max_tokens: 50 })).text();
    await gateway.settled();
    expect(await usedBy(key, BUDGET)).toEqual({ requests: 1, tokens: 12, nanoUsd: COST });
  });
});

test('a DynamoDB that takes requests and never answers is down for rates and budgets alike', async () => {
  const silent = await startUpstream(() => undefined);
  const credentials = { accessKeyId: 'nobody', secretAccessKey: 'nobody' };
  const settings = { endpoint: silent.origin, region: 'local', credentials, ...clientSettings(50) };
  const client = new DynamoDBClient(settings);
  const gateway = stage.gateway(PRICES, { usage: new DynamoDBUsageStore(client, 'table') });
  expect((await gateway.chat(await stage.addKey(RATE))).status).toBe(200);
  expect((await gateway.chat(await stage.addKey(BUDGET))).status).toBe(503);
  client.destroy();
  await silent.close();
});

describe('a caller who leaves before the answer', () => {
  const leave = async (gateway: ReturnType<CoreStage['gateway']>, key: string) => {
    const leaving = new AbortController();
    stage.answer = () => leaving.abort();
    const answer = await gateway.chat(key, { max_tokens: 50 }, { signal: leaving.signal });
    expect(answer.status).toBe(499);
    await gateway.settled();
  };

  test('pays for the prompt', async () => {
    const key = await stage.addKey(BUDGET);
    await leave(stage.gateway(PRICES), key);
    const { nanoUsd, requests } = await usedBy(key, BUDGET);
    expect(requests).toBe(1);
    expect(nanoUsd).toBeGreaterThan(0);
    expect(nanoUsd).toBeLessThan(50 * NANO_USD);
  });

  test('has made a request of those that a credential is for', async () => {
    const gateway = stage.gateway(PRICES);
    const made = await gateway.post('/credentials', { max_requests: 1 }, await stage.addKey());
    const { key } = (await made.json()) as { key: string };
    await leave(gateway, key);
    stage.answer = (_, response) => sendJson(response, completion('ok'));
    expect((await gateway.chat(key)).status).toBe(429);
  });
});

describe('what a caller says of tokens', () => {
  test.each([
    ['beyond what a store can count', { max_completion_tokens: 1e200, max_tokens: 5 }],
    ['beyond all numbers, times choices', { max_completion_tokens: 1e308, n: 128, max_tokens: 5 }],
  ])('%s lets nobody past a rate', async (_, more) => {
    const key = await stage.addKey({ rpm: 1 });
    const gateway = stage.gateway(PRICES);
    const statuses: number[] = [];
    // Three calls may meet a new minute.
    for (let i = 0; i < 3; i++) statuses.push((await gateway.chat(key, more)).status);
    expect(statuses).toContain(429);
    expect(stage.lines.join()).not.toContain('limits not checked');
    const paid = await gateway.chat(await stage.addKey(BUDGET), more);
    expect(await errorOf(paid)).toMatchObject({ code: 'insufficient_quota' });
  });

  test('in two fields counts by the larger one', async () => {
    const key = await stage.addKey({ tpm: 100 });
    const refused = await stage.gateway().chat(key, { max_completion_tokens: 1, max_tokens: 5_000 });
    expect(refused.status).toBe(429);
  });
});
