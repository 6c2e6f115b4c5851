import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { hashKey } from '../../../../lambda/gateway/callers/bearer.ts';
import { countersOf, NANO_USD } from '../../../../lambda/gateway/limits/counters.ts';
import type { SubjectLimits } from '../../../../lambda/gateway/request/principal.ts';
import type { GatewayKeyRecord } from '../../../../lambda/stores/credential-store.ts';
import type { Amounts } from '../../../../lambda/stores/usage-store.ts';
import { type Answer, SSE, sendJson } from '../../../support/fake-upstream.ts';
import { errorOf, type Stage, signal, startStage, TextReader } from '../../../support/stage.ts';

/** A dollar for each prompt token, ten for each completion token. */
const PRICE = { input: 1_000_000, output: 10_000_000 };

const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const COST = 23;

const answered: Answer = (_, response) =>
  sendJson(response, {
    id: 'a',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-test',
    choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
    usage,
  });

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ config: { prices: { 'openai/gpt-test': PRICE } } });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.answer = answered;
});

const withKey = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

/** What the counters of a key say, once the gateway has settled as `until` wants. */
async function usedBy(
  key: string,
  rights: Partial<GatewayKeyRecord>,
  until: (used: Amounts) => boolean,
): Promise<Amounts> {
  const subject = `key#${hashKey(key).slice(0, 16)}`;
  return settled({ subject, ...rights } as SubjectLimits, until);
}

async function settled(limits: SubjectLimits, until: (used: Amounts) => boolean): Promise<Amounts> {
  for (let asked = 0; ; asked++) {
    const [counter] = countersOf(limits, Date.now());
    const used = await stage.gateway.stores.usage.read(counter?.counter.id ?? '');
    if (until(used) || asked > 200) return used;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function mint(body: object, key?: string): Promise<{ key: string; limits: SubjectLimits }> {
  const made = await stage.gateway.post('/credentials', body, key ? withKey(key) : {});
  const { key: token } = (await made.json()) as { key: string };
  const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return { key: token, limits: { subject: `cred#${jti}`, maxRequests: 1, maxCostUsd: 1 } };
}

describe('requests', () => {
  test('20 concurrent calls on max_requests: 3 let exactly 3 through', async () => {
    const { key } = await mint({ max_requests: 3 });
    const calls = await Promise.all(Array.from({ length: 20 }, () => stage.chat({}, withKey(key))));
    expect(calls.filter(({ status }) => status === 200)).toHaveLength(3);
    const refused = calls.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(17);
    expect(refused[0]?.headers.get('x-should-retry')).toBe('false');
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await errorOf(refused[0] as Response)).toMatchObject({ code: 'insufficient_quota' });
  });

  test('a call that failed upstream gives a credential its request back', async () => {
    const { key } = await mint({ max_requests: 1 });
    stage.answer = (_, response) => sendJson(response, { error: { message: 'no', type: 'x' } }, 400);
    expect((await stage.chat({}, withKey(key))).status).toBe(400);
    stage.answer = answered;
    let again = await stage.chat({}, withKey(key));
    for (let i = 0; again.status === 429 && i < 100; i++) again = await stage.chat({}, withKey(key));
    expect(again.status).toBe(200);
  });

  test('the fallthrough counts', async () => {
    const { key } = await mint({ max_requests: 1 });
    const init = { headers: { authorization: `Bearer ${key}` } };
    stage.answer = (_, response) => sendJson(response, { object: 'list', data: [] });
    expect((await stage.gateway.fetch('/files', init)).status).toBe(200);
    expect((await stage.gateway.fetch('/files', init)).status).toBe(429);
  });

  test('a minute tells what is left, as OpenAI does', async () => {
    const key = await stage.gateway.addKey({ rpm: 2 });
    const first = await stage.chat({}, withKey(key));
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^(\d+m)?\d+(\.\d+)?s$|^\d+ms$/);
  });

  test('a child uses up its parent’s rate, and its own', async () => {
    const key = await stage.gateway.addKey({ rpm: 2 });
    const child = await mint({ max_requests: 100 }, key);
    const statuses: number[] = [];
    // Three calls may meet a new minute: then the parent's rate is counted anew.
    for (let i = 0; i < 5; i++) statuses.push((await stage.chat({}, withKey(child.key))).status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
  });
});

describe('dollars', () => {
  const rights = { budget: { usd: 1_000, per: 'month' as const } };

  test('what was reserved is replaced by what was used', async () => {
    const key = await stage.gateway.addKey(rights);
    expect((await stage.chat({ max_tokens: 50 }, withKey(key))).status).toBe(200);
    const used = await usedBy(key, rights, ({ nanoUsd }) => nanoUsd === COST * NANO_USD);
    expect(used).toMatchObject({ nanoUsd: COST * NANO_USD, requests: 1 });
  });

  test('200 concurrent calls never overspend by more than what was in flight', async () => {
    const key = await stage.gateway.addKey(rights);
    const open = signal();
    stage.answer = async (request, response, message) => {
      await open.given;
      await answered(request, response, message);
    };
    // Each may cost 100 to 200 dollars, and costs 23.
    const calls = Array.from({ length: 200 }, () => stage.chat({ max_tokens: 10 }, withKey(key)));
    const first = await Promise.any(
      calls.map(async (call) => ((await call).status === 429 ? true : Promise.reject(call))),
    );
    expect(first).toBe(true);
    open.give();
    const passed = (await Promise.all(calls)).filter(({ status }) => status === 200).length;
    expect(passed).toBeGreaterThan(0);
    expect(passed * COST).toBeLessThanOrEqual(1_000);
    const used = await usedBy(key, rights, ({ nanoUsd }) => nanoUsd === passed * COST * NANO_USD);
    expect(used.nanoUsd).toBe(passed * COST * NANO_USD);
  });

  test('a budget that is used up is a 429 that says so', async () => {
    const key = await stage.gateway.addKey({ budget: { usd: 20, per: 'day' } });
    const refused = await stage.chat({ max_tokens: 10 }, withKey(key));
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    const { message, type, code } = await errorOf(refused);
    expect({ type, code }).toEqual({ type: 'insufficient_quota', code: 'insufficient_quota' });
    expect(message).toContain('$20');
  });

  test('a model without a price is a 403', async () => {
    const key = await stage.gateway.addKey(rights);
    const refused = await stage.chat({ model: 'nobody-knows' }, withKey(key));
    expect(refused.status).toBe(403);
    expect(await errorOf(refused)).toMatchObject({ code: 'price_unknown', param: 'model' });
  });

  test('the fallthrough is for looking only, since nobody reads there what is used', async () => {
    const key = await stage.gateway.addKey(rights);
    const posted = await stage.gateway.post('/responses', { model: 'gpt-test' }, withKey(key));
    expect(posted.status).toBe(403);
    expect(await errorOf(posted)).toMatchObject({ code: 'usage_unknown' });
    stage.answer = (_, response) => sendJson(response, { object: 'list', data: [] });
    const looked = await stage.gateway.fetch('/files', { headers: { authorization: `Bearer ${key}` } });
    expect(looked.status).toBe(200);
  });

  test.each([
    [
      'an upstream failure',
      (response: Parameters<Answer>[1]) => sendJson(response, { error: { message: 'no' } }, 500),
    ],
    ['a broken connection', (response: Parameters<Answer>[1]) => response.destroy()],
  ])('%s gives everything back', async (_, fail) => {
    const key = await stage.gateway.addKey(rights);
    stage.answer = (_request, response) => {
      fail(response);
    };
    expect((await stage.chat({ max_tokens: 10 }, withKey(key))).status).toBeGreaterThanOrEqual(500);
    const used = await usedBy(key, rights, ({ nanoUsd }) => nanoUsd === 0);
    expect(used.nanoUsd).toBe(0);
  });

  const delta = (text: string) =>
    `data: {"id":"s","object":"chat.completion.chunk","created":1,"model":"gpt-test","choices":[{"index":0,"delta":{"content":"${text}"},"finish_reason":null}]}\n\n`;

  test('a stream settles with its usage also where the caller did not ask for it', async () => {
    const key = await stage.gateway.addKey(rights);
    stage.answer = (_, response) => {
      response.writeHead(200, SSE);
      response.write(delta('ok'));
      response.write('data: {"id":"s","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n');
      response.end(`data: {"id":"s","choices":[],"usage":${JSON.stringify(usage)}}\n\ndata: [DONE]\n\n`);
    };
    const answer = await stage.chat({ stream: true, max_tokens: 10 }, withKey(key));
    expect(await answer.text()).not.toContain('usage');
    const used = await usedBy(key, rights, ({ nanoUsd }) => nanoUsd === COST * NANO_USD);
    expect(used.nanoUsd).toBe(COST * NANO_USD);
  });

  test('a caller who leaves pays for the prompt and for what came', async () => {
    const key = await stage.gateway.addKey(rights);
    stage.answer = (_, response) => {
      response.writeHead(200, SSE);
      response.write(delta('one') + delta('two'));
    };
    const reader = new TextReader(await stage.chat({ stream: true, max_tokens: 60 }, withKey(key)));
    await reader.until('two');
    await reader.cancel();
    const reserved = 60 * 10 * NANO_USD;
    const used = await usedBy(key, rights, ({ nanoUsd }) => nanoUsd > 0 && nanoUsd < reserved);
    expect(used.nanoUsd).toBeGreaterThan(0);
    expect(used.nanoUsd).toBeLessThan(reserved);
  });
});

describe('tokens', () => {
  test('a request that is larger than the limit is told so', async () => {
    const key = await stage.gateway.addKey({ tpm: 100 });
    const refused = await stage.chat({ max_tokens: 5_000 }, withKey(key));
    expect(refused.status).toBe(429);
    expect((await errorOf(refused)).message).toContain('shorten it');
  });

  test('are counted where no price is known', async () => {
    const rights = { tpm: 100_000 };
    const key = await stage.gateway.addKey(rights);
    expect((await stage.chat({ model: 'nobody-knows' }, withKey(key))).status).toBe(200);
    const used = await usedBy(key, rights, ({ tokens }) => tokens === 5 || tokens === 0);
    expect([0, 5]).toContain(used.tokens);
  });
});
