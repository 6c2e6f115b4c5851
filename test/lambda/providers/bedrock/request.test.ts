import { FIELDS, OWN_FIELDS } from '../../../../lambda/providers/bedrock/fields.ts';
import {
  bodyOf,
  CLAUDE,
  callOf,
  dropped,
  encoded,
  encodedRequest,
  HELLO,
  NOVA,
  provider,
  routeOf,
  thrownBy,
} from './support.ts';

const OPUS = 'global.anthropic.claude-opus-4-8';

describe('a chat request', () => {
  test('goes to Converse, its model in the path', () => {
    const request = encodedRequest({});
    expect(request).toMatchObject({
      method: 'POST',
      url: `https://bedrock-runtime.us-east-1.amazonaws.com/model/${encodeURIComponent(CLAUDE)}/converse`,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'accept-encoding': 'identity',
      },
    });
    expect(bodyOf(request)).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
  });

  test('goes to ConverseStream where it asks for a stream', () => {
    const request = encodedRequest({ stream: true, stream_options: { include_usage: true } });
    expect(request.url).toMatch(/\/converse-stream$/);
    expect(request.headers.accept).toBe('application/vnd.amazon.eventstream');
    expect(bodyOf(request)).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
  });

  test('takes no headers along that only other vendors know', () => {
    const headers = {
      'anthropic-beta': 'x',
      'openai-organization': 'o',
      'x-stainless-os': 'Linux',
      traceparent: 't',
    };
    const request = provider().encodeRequest(callOf({}, { headers }), routeOf());
    expect(Object.keys(request.headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'content-type',
      'traceparent',
    ]);
  });

  test('is never changed by being encoded', () => {
    const call = callOf({
      messages: [...HELLO, { role: 'assistant', content: 'Go on: ' }],
      stop: 'x',
      extra: { a: 1 },
    });
    const before = structuredClone(call.body);
    provider().encodeRequest(call, routeOf());
    provider().encodeRequest(call, routeOf());
    expect(call.body).toEqual(before);
  });

  test('of a bare prompt is refused', () => {
    const failure = thrownBy(() =>
      provider().encodeRequest(callOf({}, { operation: 'completions' }), routeOf()),
    );
    expect(failure).toMatchObject({ status: 400 });
  });
});

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
      if (rule === 'mapped' || rule === 'gateway')
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

describe('sampling', () => {
  test('is never hotter than Converse takes', () => {
    expect(encoded({ temperature: 1.7 }).inferenceConfig).toEqual({ temperature: 1 });
    expect(dropped({ temperature: 1.7 })).toEqual(['temperature']);
  });

  test('is left out for models that refuse it', () => {
    const body = { temperature: 0.5, top_p: 0.9, top_k: 5, max_tokens: 9 };
    expect(encoded(body, OPUS)).toEqual({ messages: expect.anything(), inferenceConfig: { maxTokens: 9 } });
    expect(dropped(body, OPUS)).toEqual(['temperature', 'top_p', 'top_k']);
  });

  test('is by temperature alone where a model takes only one knob', () => {
    expect(encoded({ temperature: 0.5, top_p: 0.9 }).inferenceConfig).toEqual({ temperature: 0.5 });
    expect(dropped({ temperature: 0.5, top_p: 0.9 })).toEqual(['top_p']);
  });

  test.each([
    [CLAUDE, { top_k: 5 }],
    [NOVA, { inferenceConfig: { topK: 5 } }],
    ['cohere.command-r-plus-v1:0', { k: 5 }],
  ])('has its top_k where %s looks for it', (model, fields) => {
    expect(encoded({ top_k: 5 }, model).additionalModelRequestFields).toEqual(fields);
  });

  test("has no stop sequences with OpenAI's models, and no blank ones with Claude", () => {
    expect(dropped({ stop: 'x' }, 'openai.gpt-oss-120b-1:0')).toEqual(['stop']);
    expect(encoded({ stop: ['\n', 'x', ''] }).inferenceConfig).toEqual({ stopSequences: ['x'] });
    expect(dropped({ stop: ['\n', 'x'] })).toEqual(['stop']);
    expect(encoded({ stop: '\n' }, NOVA).inferenceConfig).toEqual({ stopSequences: ['\n'] });
  });
});

describe('fields that OpenAI does not know', () => {
  test("are the model's own", () => {
    expect(
      encoded({ new_knob: { deep: [1] }, thinking: { type: 'disabled' } }).additionalModelRequestFields,
    ).toEqual({
      new_knob: { deep: [1] },
      thinking: { type: 'disabled' },
    });
  });

  test.each(OWN_FIELDS.filter((field) => !/^(inferenceConfig|additionalModel\w+)$/.test(field)))(
    "go as they are where they are Converse's own: %s",
    (field) => {
      expect(encoded({ [field]: { any: 'thing' } })[field]).toEqual({ any: 'thing' });
    },
  );

  test("join what was made of OpenAI's, and win", () => {
    const body = encoded({
      max_tokens: 5,
      temperature: 0.1,
      top_k: 3,
      inferenceConfig: { temperature: 0.2, topP: 0.9 },
      additionalModelRequestFields: { top_k: 4, more: true },
    });
    expect(body.inferenceConfig).toEqual({ maxTokens: 5, temperature: 0.2, topP: 0.9 });
    expect(body.additionalModelRequestFields).toEqual({ top_k: 4, more: true });
  });
});

describe('metadata and service tier', () => {
  test('become requestMetadata and serviceTier', () => {
    const body = encoded({ metadata: { team: 'a b' }, service_tier: 'priority' });
    expect(body).toMatchObject({ requestMetadata: { team: 'a b' }, serviceTier: { type: 'priority' } });
  });

  test('are left out where Converse would refuse them', () => {
    const body = { metadata: { team: 'über', ok: 'yes' }, service_tier: 'scale' };
    expect(encoded(body)).toEqual({ ...encoded({}), requestMetadata: { ok: 'yes' } });
    expect(dropped(body)).toEqual(['metadata', 'service_tier']);
  });

  test('leave it to AWS where the tier is auto', () => {
    expect(encoded({ service_tier: 'auto' })).toEqual(encoded({}));
  });
});
