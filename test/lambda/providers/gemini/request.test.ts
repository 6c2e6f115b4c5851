import { describe, expect, test } from '@jest/globals';
import { FIELDS } from '../../../../lambda/providers/gemini/fields.ts';
import { encoded } from './call.ts';

describe('A chat request', () => {
  test('with nothing but messages has nothing but contents', () => {
    expect(encoded({}).body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] });
  });

  test('puts every sampling field where Gemini reads it', () => {
    const { body, dropped } = encoded({
      max_completion_tokens: 100,
      max_tokens: 7,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      n: 2,
      stop: ['a', 'b'],
      seed: 7,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      logprobs: true,
      top_logprobs: 3,
    });
    expect(body.generationConfig).toEqual({
      maxOutputTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      candidateCount: 2,
      stopSequences: ['a', 'b'],
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      responseLogprobs: true,
      logprobs: 3,
    });
    expect(dropped).toEqual([]);
  });

  test('keeps zeros and takes null for absent', () => {
    const { body } = encoded({ temperature: 0, seed: 0, top_p: null, stop: null, n: null, max_tokens: null });
    expect(body.generationConfig).toEqual({ temperature: 0, seed: 0 });
  });

  test('never sends an unknown field inside generationConfig', () => {
    const { body } = encoded({ metadata: { a: 'b' }, store: true, logit_bias: { 5: 1 }, prediction: {} });
    expect(body.generationConfig).toBeUndefined();
  });

  test('tells what it left out', () => {
    const { dropped } = encoded({
      user: 'u',
      store: true,
      logit_bias: { 5: 1 },
      verbosity: 'low',
      parallel_tool_calls: false,
      safety_identifier: 's',
      metadata: { team: 'a' },
      temperature: 3,
      messages: [{ role: 'user', content: 'Hi', name: 'Ann' }],
    });
    expect([...dropped].sort()).toEqual(
      [
        'logit_bias',
        'messages.name',
        'metadata',
        'parallel_tool_calls',
        'safety_identifier',
        'store',
        'temperature',
        'user',
        'verbosity',
      ].sort(),
    );
  });

  test('says nothing of values that ask for what happens anyway', () => {
    const { dropped, body } = encoded({
      store: false,
      parallel_tool_calls: true,
      logit_bias: {},
      verbosity: 'medium',
      user: null,
      prompt_cache_key: 'k',
      cache_control: { type: 'ephemeral' },
      stream_options: { include_usage: true },
    });
    expect(dropped).toEqual([]);
    expect(Object.keys(body)).toEqual(['contents']);
  });

  test.each([
    ['audio', { audio: { voice: 'alloy', format: 'wav' } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['functions', { functions: [{ name: 'f' }] }],
    ['function_call', { function_call: 'auto' }],
    ['stop', { stop: ['1', '2', '3', '4', '5', '6'] }],
    ['temperature', { temperature: 'hot' }],
    ['tools[0].type', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['tools[1].function.name', { tools: [{ googleSearch: {} }, { type: 'function', function: {} }] }],
    ['tool_choice', { tool_choice: 'required' }],
    ['tool_choice', { tool_choice: { type: 'custom', custom: { name: 'x' } } }],
    [
      'tool_choice.function.name',
      { tool_choice: { type: 'function' }, tools: [{ type: 'function', function: { name: 'f' } }] },
    ],
    ['response_format', { response_format: { type: 'grammar' } }],
    ['reasoning_budget', { reasoning_budget: 'much' }],
    ['reasoning_effort', { reasoning_effort: 7 }],
  ])('that can not be kept is a 400 that names %s', (param, body) => {
    expect(() => encoded(body)).toThrow(expect.objectContaining({ status: 400, param }));
  });

  test('asks for images where the caller does, and not for text alone', () => {
    expect(encoded({ modalities: ['image', 'text'] }).body.generationConfig).toEqual({
      responseModalities: ['IMAGE', 'TEXT'],
    });
    expect(encoded({ modalities: ['text'] }).body.generationConfig).toBeUndefined();
  });

  test('puts what only Gemini knows on top, deeply', () => {
    const { body } = encoded({
      temperature: 1,
      reasoning_effort: 'low',
      safetySettings: [{ category: 'X', threshold: 'BLOCK_NONE' }],
      cachedContent: 'cachedContents/1',
      generationConfig: {
        temperature: 0.1,
        thinkingConfig: { includeThoughts: false },
        mediaResolution: 'LOW',
      },
    });
    expect(body.safetySettings).toEqual([{ category: 'X', threshold: 'BLOCK_NONE' }]);
    expect(body.cachedContent).toBe('cachedContents/1');
    expect(body.generationConfig).toEqual({
      temperature: 0.1,
      thinkingConfig: { thinkingLevel: 'low', includeThoughts: false },
      mediaResolution: 'LOW',
    });
  });

  test("takes Google's own extra_body", () => {
    const google = { thinking_config: { thinking_budget: 5 }, cached_content: 'cachedContents/2' };
    const { body } = encoded({ extra_body: { google } });
    expect(body.generationConfig.thinkingConfig).toEqual({ thinking_budget: 5 });
    expect(body.cachedContent).toBe('cachedContents/2');
    expect(body.extra_body).toBeUndefined();
  });

  test('does not let a field named like an object’s own change anything', () => {
    const { body } = encoded({ ...JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"a": 1}}') });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(body.contents).toHaveLength(1);
  });

  test('has labels of its metadata on Vertex, in the letters that labels have', () => {
    const { body, dropped } = encoded({ metadata: { 'Team Name': 'Ä1', '1st': 'x' } }, undefined, 'vertex');
    expect(body.labels).toEqual({ team_name: '_1', k1st: 'x' });
    expect(dropped).toEqual([]);
  });

  test('keeps its service tier on AI Studio only', () => {
    expect(encoded({ service_tier: 'flex' }).body.serviceTier).toBe('flex');
    expect(encoded({ service_tier: 'flex' }, undefined, 'vertex').dropped).toEqual(['service_tier']);
    expect(encoded({ service_tier: 'auto' })).toMatchObject({ dropped: [] });
  });

  test('folds a seed that is too large, the same way each time', () => {
    const seed = (value: number) => encoded({ seed: value }).body.generationConfig.seed;
    expect(seed(9_007_199_254_740_991)).toBe(seed(9_007_199_254_740_991));
    expect(seed(9_007_199_254_740_991)).toBeLessThanOrEqual(0x7fffffff);
    expect(seed(-5)).toBe(-5);
  });

  test.each([
    ['gemini-2.5-flash', 'gemini', true],
    ['gemini-2.5-flash', 'vertex', false],
    ['gemini-3.6-flash', 'vertex', true],
    ['gemini-3.5-flash-lite', 'gemini', true],
    ['gemini-3-flash-preview', 'gemini', false],
    ['gemini-9-unknown', 'gemini', false],
  ] as const)('to %s on %s loses its penalties: %p', (model, kind, lost) => {
    const { dropped } = encoded({ presence_penalty: 1, frequency_penalty: 0 }, model, kind);
    expect(dropped.includes('presence_penalty')).toBe(lost);
    expect(dropped).not.toContain('frequency_penalty');
  });
});

describe('The table of fields', () => {
  test('says of each field what becomes of it', () => {
    for (const [field, rule] of Object.entries(FIELDS)) {
      const text = 'to' in rule ? rule.to : rule.why;
      expect(`${field}: ${text}`.length).toBeGreaterThan(field.length + 4);
    }
  });
});
