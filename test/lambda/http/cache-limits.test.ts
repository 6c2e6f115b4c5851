import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { hashKey } from '../../../lambda/gateway/callers/bearer.ts';
import { countersOf, NANO_USD } from '../../../lambda/gateway/limits/counters.ts';
import type { SubjectLimits } from '../../../lambda/gateway/request/principal.ts';
import type { Amounts } from '../../../lambda/stores/usage-store.ts';
import { as, counting, eventually, fresh, told } from '../../support/cache-calls.ts';
import { sendJson } from '../../support/fake-upstream.ts';
import { answered, held } from '../../support/shared-calls.ts';
import { errorOf, type Stage, startStage } from '../../support/stage.ts';

/** A dollar for each prompt token, ten for each completion token: an answer of 5 and 7 tokens costs 75. */
const PRICE = { input: 1_000_000, output: 10_000_000 };
const TOKENS = 12;
const COST = 75 * NANO_USD;
const BUDGET = { budget: { usd: 1_000_000, per: 'month' as const } };

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({
    config: { prices: { 'openai/gpt-test': PRICE, 'openai/embedding-test': PRICE } },
  });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.answer = counting();
  stage.upstream.received.length = 0;
});

/** What is counted once all is settled as it is wanted; else what is counted at last. */
function used(limits: SubjectLimits, wanted: Amounts): Promise<Amounts> {
  const [counter] = countersOf(limits, Date.now());
  const read = () => stage.gateway.stores.usage.read(counter?.counter.id ?? '');
  return eventually(
    read,
    ({ requests, tokens, nanoUsd }) =>
      requests === wanted.requests && tokens === wanted.tokens && nanoUsd === wanted.nanoUsd,
  );
}

const limitsOf = (key: string) => ({ subject: `key#${hashKey(key).slice(0, 16)}`, ...BUDGET });

async function mint(body: object): Promise<{ key: string; limits: SubjectLimits }> {
  const made = await stage.gateway.post('/credentials', body);
  const { key } = (await made.json()) as { key: string };
  const { jti } = JSON.parse(Buffer.from(key.split('.')[1] ?? '', 'base64url').toString());
  return { key, limits: { subject: `cred#${jti}`, maxRequests: 1, maxCostUsd: 1 } };
}

describe('a hit', () => {
  test.each([{ stream: false }, { stream: true }])(
    'counts as a request, not as tokens or cost: %j',
    async (form) => {
      const key = await stage.gateway.addKey(BUDGET);
      const body = fresh(form);
      expect((await told(stage.chat(body, as(key)))).cached).toBe('MISS');
      for (let i = 0; i < 3; i++) expect((await told(stage.chat(body, as(key)))).cached).toBe('HIT');
      const wanted = { requests: 4, tokens: TOKENS, nanoUsd: COST };
      expect(await used(limitsOf(key), wanted)).toMatchObject(wanted);
      expect(stage.upstream.received).toHaveLength(1);
    },
  );

  test('of an embedding costs nothing', async () => {
    stage.answer = (_, response) => {
      const data = [{ object: 'embedding', index: 0, embedding: [1] }];
      sendJson(response, { data, model: 'embedding-test', usage: { prompt_tokens: 4, total_tokens: 4 } });
    };
    const key = await stage.gateway.addKey(BUDGET);
    const ask = () =>
      told(stage.gateway.post('/embeddings', { model: 'embedding-test', input: 'x' }, as(key)));
    expect([(await ask()).cached, (await ask()).cached]).toEqual(['MISS', 'HIT']);
    const wanted = { requests: 2, tokens: 4, nanoUsd: 4 * NANO_USD };
    expect(await used(limitsOf(key), wanted)).toMatchObject(wanted);
  });

  test('uses up a credential’s requests, and then there is none', async () => {
    const { key, limits } = await mint({ max_requests: 2 });
    const body = fresh();
    expect((await told(stage.chat(body, as(key)))).cached).toBe('MISS');
    expect((await told(stage.chat(body, as(key)))).cached).toBe('HIT');
    const refused = await stage.chat(body, as(key));
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-bt-cached')).toBeNull();
    expect(await errorOf(refused)).toMatchObject({ code: 'insufficient_quota' });
    const wanted = { requests: 2, tokens: TOKENS, nanoUsd: 0 };
    expect((await used(limits, wanted)).requests).toBe(2);
  });

  test('tells what is left of a minute, and nothing of the provider’s', async () => {
    const key = await stage.gateway.addKey({ rpm: 1_000 });
    const body = fresh();
    await told(stage.chat(body, as(key)));
    const hit = await stage.chat(body, as(key));
    expect(hit.headers.get('x-bt-cached')).toBe('HIT');
    expect(hit.headers.get('x-ratelimit-limit-requests')).toBe('1000');
    // A new minute may have begun between the two.
    expect(['998', '999']).toContain(hit.headers.get('x-ratelimit-remaining-requests'));
  });
});

describe('a shared answer', () => {
  test('counts as a request of each, and as tokens and cost of one', async () => {
    const key = await stage.gateway.addKey(BUDGET);
    const hold = held(counting());
    stage.answer = hold.answer;
    const body = fresh();
    const calls = Array.from({ length: 20 }, (_, i) =>
      answered(stage.chat({ ...body, stream: i % 2 === 0 }, as(key))),
    );
    await hold.asked;
    hold.let();
    const all = await Promise.all(calls);
    expect(all.filter(({ cached }) => cached === 'HIT')).toHaveLength(19);
    const wanted = { requests: 20, tokens: TOKENS, nanoUsd: COST };
    expect(await used(limitsOf(key), wanted)).toMatchObject(wanted);
  });
});

test('a call that keeps nothing costs what it costs', async () => {
  const key = await stage.gateway.addKey(BUDGET);
  const body = fresh();
  for (const headers of [{}, { 'cache-control': 'no-cache' }, { 'x-bt-use-cache': 'never' }])
    expect((await told(stage.chat(body, as(key, headers)))).cached).toBe('MISS');
  const wanted = { requests: 3, tokens: 3 * TOKENS, nanoUsd: 3 * COST };
  expect(await used(limitsOf(key), wanted)).toMatchObject(wanted);
});
