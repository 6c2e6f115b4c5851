import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { countersOf } from '../../../../lambda/gateway/limits/counters.ts';
import { duration, rateLimitHeaders } from '../../../../lambda/gateway/limits/rate-limit-headers.ts';
import { completion, sendJson } from '../../../support/fake-upstream.ts';
import { CHAT, type Stage, startStage } from '../../../support/stage.ts';

const PRICES = { prices: { 'gpt-test': { input: 1_000_000, output: 1_000_000 } } };

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ config: PRICES });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.gateway.lines.length = 0;
  stage.answer = (_, response) =>
    sendJson(response, completion('ok'), 200, { 'x-ratelimit-limit-requests': '9999' });
});

const clientOf = (apiKey: string, maxRetries = 2) =>
  new OpenAI({ baseURL: stage.gateway.url, apiKey, maxRetries });
const create = (client: OpenAI, more: object = {}) =>
  client.chat.completions.create({ ...CHAT, ...more } as OpenAI.ChatCompletionCreateParamsNonStreaming);

/** How often the gateway refused somebody. */
const refusals = () => stage.gateway.lines.filter((line) => line.includes('"refused"')).length;

async function refused(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OpenAI.RateLimitError)) throw new Error('the call was not refused');
  return error;
}

describe('OpenAI’s client', () => {
  test.each([
    ['a budget that is used up', { budget: { usd: 1, per: 'day' as const } }],
    ['a request that no minute has room for', { tpm: 10 }],
  ])('does not try %s again', async (_, rights) => {
    const client = clientOf(await stage.gateway.addKey(rights));
    const error = await refused(create(client, { max_tokens: 500 }));
    expect(refusals()).toBe(1);
    expect(stage.upstream.received).toEqual([]);
    expect(Number(error.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('knows an exhausted quota by its code, and nothing of the budget is in the headers', async () => {
    const client = clientOf(await stage.gateway.addKey({ budget: { usd: 1, per: 'month' } }));
    const error = await refused(create(client, { max_tokens: 500 }));
    expect(error).toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' });
    expect(error.requestID).toMatch(/^[0-9a-f-]{36}$/);
    expect([...error.headers.keys()].filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
  });

  test('a credential of one request is used up for good', async () => {
    const made = await stage.gateway.post('/credentials', { max_requests: 1 });
    const { key } = (await made.json()) as { key: string };
    const client = clientOf(key);
    await create(client);
    const error = await refused(create(client));
    expect(error).toMatchObject({ code: 'insufficient_quota' });
    expect(refusals()).toBe(1);
    const seconds = Number(error.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(500);
    expect(seconds).toBeLessThanOrEqual(600);
  });

  test('reads of a full minute what is left, when it is over, and that it may try again then', async () => {
    const client = clientOf(await stage.gateway.addKey({ rpm: 1, tpm: 100_000 }), 0);
    let error: InstanceType<typeof OpenAI.RateLimitError> | undefined;
    // Three calls may meet a new minute.
    for (let i = 0; i < 3 && error === undefined; i++)
      error = await refused(create(client)).catch(() => undefined);
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error' });
    const header = (name: string) => error?.headers.get(name);
    expect(header('x-should-retry')).toBeNull();
    expect(header('x-ratelimit-limit-requests')).toBe('1');
    expect(header('x-ratelimit-remaining-requests')).toBe('0');
    expect(header('x-ratelimit-limit-tokens')).toBe('100000');
    expect(Number(header('retry-after'))).toBeLessThanOrEqual(60);
  });

  test('gets the gateway’s own figures in place of the provider’s, which say nothing to it', async () => {
    const { response } = await create(clientOf(await stage.gateway.addKey({ rpm: 7 }))).withResponse();
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('7');
    expect(response.headers.get('x-ratelimit-limit-tokens')).toBeNull();
  });
});

describe('rateLimitHeaders', () => {
  const NOW = Date.UTC(2026, 0, 1, 0, 0, 30);
  const asked = (subject: string, limits: object, requests: number, tokens: number) =>
    countersOf({ subject, ...limits }, NOW).map((window) => ({
      window,
      used: { requests, tokens, nanoUsd: 0 },
    }));

  test('tell of each kind whose room is the smallest, and of no window but the minute', () => {
    const headers = rateLimitHeaders(
      [
        ...asked('key', { rpm: 10, tpm: 500, budget: { usd: 1, per: 'day' } }, 8, 100),
        ...asked('other', { rpm: 5, tpm: 200 }, 1, 150),
      ],
      NOW,
    );
    expect(headers).toEqual({
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '2',
      'x-ratelimit-reset-requests': '30s',
      'x-ratelimit-limit-tokens': '200',
      'x-ratelimit-remaining-tokens': '50',
      'x-ratelimit-reset-tokens': '30s',
    });
  });

  test('are never below zero, though late answers may have used more than there was', () => {
    expect(rateLimitHeaders(asked('key', { tpm: 10 }, 0, 25), NOW)).toMatchObject({
      'x-ratelimit-remaining-tokens': '0',
    });
  });

  test('are none where no minute is limited', () => {
    expect(rateLimitHeaders(asked('key', { maxRequests: 2 }, 1, 0), NOW)).toEqual({});
  });

  test.each([
    [-5, '0ms'],
    [0, '0ms'],
    [999.4, '999ms'],
    [999.9, '1s'],
    [1_050, '1.1s'],
    [59_940, '59.9s'],
    [59_960, '1m0s'],
    [119_960, '2m0s'],
    [3_600_000, '60m0s'],
  ])('%d milliseconds are %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });
});
