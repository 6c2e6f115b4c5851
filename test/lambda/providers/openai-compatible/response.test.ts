import { describe, expect, test } from '@jest/globals';
import type { JsonObject, Usage } from '../../../../lambda/openai/wire.ts';
import { usageOf } from '../../../../lambda/providers/openai-compatible/response.ts';

const counts = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };

describe('usageOf', () => {
  test.each<[string, JsonObject, Partial<Usage>]>([
    ['OpenAI', { usage: counts }, {}],
    [
      'OpenAI, with details',
      {
        usage: {
          ...counts,
          prompt_tokens_details: { cached_tokens: 3, audio_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 2 },
        },
      },
      {
        prompt_tokens_details: { cached_tokens: 3 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    ],
    ['Groq, in a stream', { choices: [], x_groq: { id: 'req', usage: counts } }, {}],
    ['Groq, beside the usage', { usage: counts, x_groq: { usage: { prompt_tokens: 99 } } }, {}],
    ['Moonshot, in a stream', { choices: [{ delta: {}, finish_reason: 'stop', usage: counts }] }, {}],
    [
      'DeepSeek',
      { usage: { ...counts, prompt_cache_hit_tokens: 3, prompt_cache_miss_tokens: 2 } },
      {
        prompt_tokens_details: { cached_tokens: 3 },
      },
    ],
    ['a vendor that sends null for details', { usage: { ...counts, prompt_tokens_details: null } }, {}],
  ])('reads the usage of %s', (_, answer, details) => {
    expect(usageOf(answer)).toEqual({ ...counts, ...details });
  });

  test('of embeddings has no completion', () => {
    const usage = { prompt_tokens: 5, total_tokens: 5 };
    expect(usageOf({ usage })).toEqual({ ...usage, completion_tokens: 0 });
  });

  test('adds up the total where the vendor does not', () => {
    expect(usageOf({ usage: { prompt_tokens: 5, completion_tokens: 7 } })).toEqual(counts);
  });

  test('counts a zero as known', () => {
    const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    expect(usageOf({ usage })).toEqual(usage);
  });

  test.each<[string, JsonObject]>([
    ['without usage', { choices: [] }],
    ['with null', { usage: null }],
    ['with a list', { usage: [counts] }],
    ['with texts for numbers', { usage: { prompt_tokens: '5', completion_tokens: '7' } }],
    ['with other names', { usage: { input_tokens: 5 } }],
    ['with choices that are none', { choices: 'none', x_groq: 'none' }],
  ])('is undefined for an answer %s', (_, answer) => {
    expect(usageOf(answer)).toBeUndefined();
  });
});
