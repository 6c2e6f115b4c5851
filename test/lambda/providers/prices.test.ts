import { describe, expect, test } from '@jest/globals';
import { PRICE_TABLE } from '../../../lambda/providers/price-table.ts';
import { costOf, priceOf } from '../../../lambda/providers/prices.ts';

const find = (vendor: string, model: string) => priceOf({ provider: vendor, vendor, model }, {});

describe('priceOf', () => {
  test.each([
    ['openai', 'gpt-4o', 2.5],
    ['openai', 'gpt-4o-2024-08-06', 2.5],
    ['openai', 'gpt-4o-2024-05-13', 5],
    ['openai', 'gpt-4o-mini-2024-07-18', 0.15],
    ['openai', 'gpt-5-mini-2025-08-07', 0.25],
    ['azure', 'gpt-4.1-nano', 0.1],
    ['anthropic', 'claude-sonnet-4-5-20250929', 3],
    ['anthropic', 'claude-opus-4-20250514', 15],
    ['anthropic', 'claude-opus-4-5', 5],
    ['anthropic', 'claude-3-5-haiku-latest', 0.8],
    ['gemini', 'models/gemini-2.5-pro', 1.25],
    ['gemini', 'gemini-2.5-flash-lite', 0.1],
    ['gemini', 'gemini-2.5-flash-preview-09-2025', 0.3],
    ['gemini', 'gemini-3-pro-preview', 2],
    ['vertex', 'publishers/google/models/gemini-2.5-flash', 0.3],
    ['vertex', 'claude-sonnet-4-5@20250929', 3],
    ['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', 3],
    ['bedrock', 'anthropic.claude-3-haiku-20240307-v1:0', 0.25],
    ['bedrock', 'global.amazon.nova-pro-v1:0', 0.8],
    ['bedrock', 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0', 0.06],
    ['bedrock', 'amazon.titan-embed-text-v2:0', 0.02],
    ['groq', 'llama-3.3-70b-versatile', 0.59],
  ])('%s %s costs $%d a million', (vendor, model, input) => {
    expect(find(vendor, model)?.input).toBe(input);
  });

  test.each([
    ['openai', 'gpt-4o-mini-x'],
    ['openai', 'gpt-4o-audio-preview'],
    ['openai', 'gpt-4o-realtime-preview'],
    ['openai', 'o1-ultra'],
    ['openai', 'gpt-7'],
    ['openai', 'ft:gpt-4o-mini:acme::abc'],
    ['openai', '__proto__'],
    ['openai', 'constructor'],
    ['gemini', 'gemini-2.5-flash-image'],
    ['gemini', 'gemini-2.5-flash-native-audio-preview-09-2025'],
    ['nobody', 'gpt-4o'],
    ['__proto__', 'toString'],
    ['anthropic', 'claude-sonnet-9'],
  ])('%s %s is not known, rather than guessed', (vendor, model) => {
    expect(find(vendor, model)).toBeUndefined();
  });

  test('the operator’s prices come first, the entry’s own before the model’s', () => {
    const where = { provider: 'azure-eu', vendor: 'azure', model: 'gpt-4o' };
    const [own, model] = [
      { input: 1, output: 1 },
      { input: 2, output: 2 },
    ];
    expect(priceOf(where, { 'azure-eu/gpt-4o': own, 'gpt-4o': model })).toBe(own);
    expect(priceOf(where, { 'gpt-4o': model })).toBe(model);
    expect(priceOf({ ...where, model: 'constructor' }, {})).toBeUndefined();
  });
});

describe('costOf', () => {
  const price = { input: 3, output: 15, cached: 0.3, cacheWrite: 3.75, reasoning: 20 };
  const usage = (prompt_tokens: number, completion_tokens: number, more = {}) => ({
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    ...more,
  });

  test('is in whole nano-dollars, each kind of token at its own price', () => {
    expect(costOf(usage(1_000, 100), price)).toBe(4_500_000);
    const details = {
      prompt_tokens_details: { cached_tokens: 400, cache_creation_tokens: 100 },
      completion_tokens_details: { reasoning_tokens: 40 },
    };
    // 500 × 3 + 400 × 0.3 + 100 × 3.75 + 60 × 15 + 40 × 20 = 3695 millionths of a dollar
    expect(costOf(usage(1_000, 100, details), price)).toBe(3_695_000);
  });

  test('what has no price of its own costs what its kind costs', () => {
    const details = {
      prompt_tokens_details: { cached_tokens: 1_000 },
      completion_tokens_details: { reasoning_tokens: 100 },
    };
    expect(costOf(usage(1_000, 100, details), { input: 1, output: 2 })).toBe(1_200_000);
  });

  test('is rounded up, but not for the noise of fractions', () => {
    expect(costOf(usage(1, 0), { input: 0.0001, output: 0 })).toBe(1);
    expect(costOf(usage(3, 0), { input: 0.1, output: 0 })).toBe(300);
  });

  test('a long prompt has its own price, for all of the request', () => {
    const tiered = { input: 1, output: 2, longPrompt: { over: 100, input: 10, output: 20 } };
    expect(costOf(usage(100, 1), tiered)).toBe(102_000);
    expect(costOf(usage(101, 1), tiered)).toBe(1_030_000);
  });

  test.each([
    usage(-5, -5),
    usage(Number.NaN, Number.POSITIVE_INFINITY),
    usage(10, 0, { prompt_tokens_details: { cached_tokens: 1_000, cache_creation_tokens: 1_000 } }),
    {} as ReturnType<typeof usage>,
  ])('is never below zero nor no number: %j', (strange) => {
    const cost = costOf(strange, price);
    expect(Number.isSafeInteger(cost) && cost >= 0).toBe(true);
  });
});

test('every row is sane', () => {
  for (const [vendor, models] of Object.entries(PRICE_TABLE)) {
    for (const [model, price] of Object.entries(models)) {
      const { input, output, cached = 0, cacheWrite = input } = price;
      expect({
        vendor,
        model,
        sane: input >= 0 && output >= 0 && cached <= input && cacheWrite >= input,
      }).toEqual({
        vendor,
        model,
        sane: true,
      });
    }
  }
});
