import { describe, expect, test } from '@jest/globals';
import { encoded } from './call.ts';

function thinking(body: object, model: string) {
  const { body: sent, dropped } = encoded(body, model);
  return { config: sent.generationConfig?.thinkingConfig, dropped };
}

describe('Thinking by budget', () => {
  test.each([
    ['gemini-2.5-flash', { reasoning_effort: 'none' }, { thinkingBudget: 0 }],
    ['gemini-2.5-flash', { reasoning_effort: 'low' }, { thinkingBudget: 1024, includeThoughts: true }],
    ['gemini-2.5-flash', { reasoning_effort: 'medium' }, { thinkingBudget: 8192, includeThoughts: true }],
    ['gemini-2.5-flash', { reasoning_effort: 'xhigh' }, { thinkingBudget: 24_576, includeThoughts: true }],
    ['gemini-2.5-pro', { reasoning_effort: 'max' }, { thinkingBudget: 32_768, includeThoughts: true }],
    ['gemini-2.5-pro', { reasoning_effort: 'none' }, { thinkingBudget: 128 }],
    ['gemini-2.5-flash', { reasoning_enabled: false }, { thinkingBudget: 0 }],
    ['gemini-2.5-flash', { reasoning_enabled: true }, { includeThoughts: true }],
    ['gemini-2.5-flash', { reasoning_budget: 500 }, { thinkingBudget: 500, includeThoughts: true }],
    ['gemini-2.5-flash', { reasoning_budget: 0 }, { thinkingBudget: 0 }],
    ['gemini-2.5-flash', { reasoning_budget: -1 }, { thinkingBudget: -1, includeThoughts: true }],
    [
      'models/gemini-2.5-flash',
      { reasoning_budget: 99_999 },
      { thinkingBudget: 24_576, includeThoughts: true },
    ],
    ['gemini-2.5-flash', {}, undefined],
  ])('%s with %j has the config %j', (model, body, config) => {
    expect(thinking(body, model)).toEqual({ config, dropped: [] });
  });

  test('shrinks inside the token limit, which counts thoughts', () => {
    const of = (body: object) =>
      thinking({ max_tokens: 1024, ...body }, 'gemini-2.5-flash').config.thinkingBudget;
    expect(of({ reasoning_effort: 'medium' })).toBe(512);
    expect(of({ reasoning_effort: 'high' })).toBe(819);
    expect(of({ reasoning_budget: 4096 })).toBe(819);
    expect(of({ reasoning_budget: 100 })).toBe(100);
  });

  test('under the vendor’s minimum is left out and named', () => {
    expect(thinking({ reasoning_effort: 'low', max_tokens: 100 }, 'gemini-2.5-flash-lite')).toEqual({
      config: { thinkingBudget: 0 },
      dropped: ['reasoning_effort'],
    });
    expect(thinking({ reasoning_effort: 'low', max_tokens: 400 }, 'gemini-2.5-pro')).toEqual({
      config: { thinkingBudget: 128 },
      dropped: ['reasoning_effort'],
    });
    expect(thinking({ reasoning_effort: 'low', max_tokens: 100 }, 'gemini-2.5-pro')).toEqual({
      config: undefined,
      dropped: ['reasoning_effort'],
    });
  });

  test('of an effort that no one knows is a 400', () => {
    expect(() => thinking({ reasoning_effort: 'ultra' }, 'gemini-2.5-pro')).toThrow(
      expect.objectContaining({ status: 400, param: 'reasoning_effort' }),
    );
  });
});

describe('Thinking by level', () => {
  test.each([
    ['gemini-3-pro-preview', 'medium', 'high'],
    ['gemini-3-pro-preview', 'minimal', 'low'],
    ['gemini-3.1-pro-preview', 'medium', 'medium'],
    ['gemini-3.1-pro-preview', 'max', 'high'],
    ['gemini-3-flash-preview', 'minimal', 'minimal'],
    ['gemini-3.8-flash', 'minimal', 'low'],
    ['gemini-flash-latest', 'none-of-these', 'none-of-these'],
    ['gemini-4-hydrogen', 'max', 'xhigh'],
    ['gemini-9-future', 'xhigh', 'xhigh'],
    ['gemini-9-future', 'ultra', 'ultra'],
  ])('%s with the effort %s thinks at the level %s', (model, reasoning_effort, thinkingLevel) => {
    expect(thinking({ reasoning_effort }, model).config).toEqual({ thinkingLevel, includeThoughts: true });
  });

  test('can not be off: the lowest level stands for it', () => {
    expect(thinking({ reasoning_effort: 'none' }, 'gemini-3-pro-preview').config).toEqual({
      thinkingLevel: 'low',
    });
    expect(thinking({ reasoning_enabled: false }, 'gemini-9-future').config).toEqual({
      thinkingLevel: 'minimal',
    });
  });

  test('takes a budget of the caller’s too', () => {
    expect(thinking({ reasoning_budget: 300 }, 'gemini-3-pro-preview').config).toEqual({
      thinkingBudget: 300,
      includeThoughts: true,
    });
    expect(thinking({ reasoning_enabled: true }, 'gemini-3-pro-preview').config).toEqual({
      includeThoughts: true,
    });
  });
});

test('A model that does not think is not asked to, and the field is named', () => {
  expect(thinking({ reasoning_effort: 'high' }, 'gemini-2.0-flash')).toEqual({
    config: undefined,
    dropped: ['reasoning_effort'],
  });
  expect(thinking({ reasoning_effort: 'none' }, 'gemini-2.0-flash').dropped).toEqual([]);
});
