import { FIELDS } from '../../../../lambda/providers/bedrock/fields.ts';
import { dropped, encoded, HELLO, thrownBy } from './support.ts';

describe('the fields of a chat request', () => {
  test.each([
    [{ max_tokens: 10 }, { maxTokens: 10 }],
    [{ max_completion_tokens: 10 }, { maxTokens: 10 }],
    [{ max_completion_tokens: 10, max_tokens: 99 }, { maxTokens: 10 }],
    [{ temperature: 0 }, { temperature: 0 }],
    [{ top_p: 0.5 }, { topP: 0.5 }],
    [{ stop: 'END' }, { stopSequences: ['END'] }],
    [{ stop: ['A', 'B'] }, { stopSequences: ['A', 'B'] }],
    [{ stop: null, temperature: null }, undefined],
  ])('%j come to inferenceConfig %j', (body, config) => {
    expect(encoded(body).inferenceConfig).toEqual(config);
    expect(dropped(body)).toEqual([]);
  });

  test.each([
    ['seed', 0],
    ['frequency_penalty', 1],
    ['presence_penalty', 1],
    ['logit_bias', { 1: 1 }],
    ['user', 'u'],
    ['store', true],
    ['prediction', { type: 'content' }],
    ['prompt_cache_key', 'k'],
    ['safety_identifier', 's'],
    ['verbosity', 'low'],
  ])('%s is left out and told', (field, value) => {
    expect(encoded({ [field]: value })).toEqual(encoded({}));
    expect(dropped({ [field]: value })).toEqual([field]);
  });

  test.each([
    ['n', 2],
    ['logprobs', true],
    ['top_logprobs', 3],
    ['audio', { voice: 'alloy' }],
    ['modalities', ['text', 'audio']],
    ['web_search_options', {}],
  ])('%s is refused by name', (field, value) => {
    expect(thrownBy(() => encoded({ [field]: value }))).toMatchObject({
      status: 400,
      param: field,
      code: 'unsupported_parameter',
    });
  });

  test('that ask for nothing are neither refused nor told', () => {
    const body = {
      n: 1,
      logprobs: false,
      modalities: ['text'],
      store: false,
      frequency_penalty: 0,
      logit_bias: {},
      seed: null,
    };
    expect(encoded(body)).toEqual(encoded({}));
    expect(dropped(body)).toEqual([]);
  });

  test.each(['temperature', 'top_p', 'top_k', 'max_tokens', 'max_completion_tokens'])(
    '%s must be a number',
    (field) => {
      expect(thrownBy(() => encoded({ [field]: 'much' }))).toMatchObject({ status: 400, param: field });
    },
  );

  test('all have a rule in the table, and no rule contradicts what is done', () => {
    for (const [field, { rule }] of Object.entries(FIELDS)) {
      if (rule === 'mapped' || rule === 'ignored')
        expect(dropped({ [field]: sampleOf(field) })).not.toContain(field);
      if (rule === 'dropped') expect(dropped({ [field]: { x: 1 } })).toEqual([field]);
      if (rule === 'refused')
        expect(thrownBy(() => encoded({ [field]: 'x' }))).toMatchObject({ param: field });
    }
  });
});

function sampleOf(field: string): unknown {
  const samples: Record<string, unknown> = {
    model: 'x',
    messages: HELLO,
    tools: [],
    functions: [],
    tool_choice: 'auto',
    function_call: 'auto',
    parallel_tool_calls: true,
    response_format: { type: 'text' },
    stop: 'x',
    metadata: { a: 'b' },
    service_tier: 'flex',
    reasoning_effort: 'low',
    reasoning_enabled: true,
    reasoning_budget: 2048,
    stream: false,
  };
  return samples[field] ?? (field in samples ? samples[field] : 1);
}
