import { describe, expect, test } from '@jest/globals';
import { InvalidRequest } from '../../../../lambda/errors.ts';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { FIELDS } from '../../../../lambda/providers/anthropic/fields.ts';
import type { FieldRule } from '../../../../lambda/providers/field-rules.ts';
import { callOf, encode, encoded, NEW, OLD, provider, routeOf } from './support.ts';

const FORTY_FIVE = 'claude-sonnet-4-5-20250929';

function thrown(act: () => unknown): InvalidRequest {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidRequest) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the request', () => {
  test('a plain question is a plain request', () => {
    expect(encoded({ max_tokens: 20 })).toEqual({
      model: OLD,
      max_tokens: 20,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    });
  });

  test('the caller’s body is left as it is, so that another attempt encodes the same', () => {
    const call = callOf({
      tools: [{ type: 'function', function: { name: 'a.b' } }],
      reasoning_effort: 'low',
    });
    const before = structuredClone(call.body);
    const first = provider.encodeRequest(call, routeOf());
    const second = provider.encodeRequest(call, routeOf());
    expect(call.body).toEqual(before);
    expect(second).toEqual(first);
    expect(second.body).not.toBe(first.body);
  });

  const mapped: [string, JsonObject, JsonObject][] = [
    ['max_completion_tokens is the limit', { max_completion_tokens: 7 }, { max_tokens: 7 }],
    [
      'max_completion_tokens comes before max_tokens',
      { max_completion_tokens: 7, max_tokens: 9 },
      { max_tokens: 7 },
    ],
    ['a null limit is none', { max_completion_tokens: null, max_tokens: 9 }, { max_tokens: 9 }],
    ['a limit above the model’s is never lowered', { max_tokens: 9_000_000 }, { max_tokens: 9_000_000 }],
    ['without a limit the model’s own stands in', {}, { max_tokens: 64_000 }],
    ['one stop word is a list', { stop: 'END' }, { stop_sequences: ['END'] }],
    ['stop words are kept in order', { stop: ['a', 'b'] }, { stop_sequences: ['a', 'b'] }],
    ['no stop word is no field', { stop: null }, { stop_sequences: undefined }],
    ['the stream flag goes on', { stream: true }, { stream: true }],
    ['no stream is no field', { stream: false }, { stream: undefined }],
    ['temperature goes on', { temperature: 0.3 }, { temperature: 0.3 }],
    ['a temperature of 0 is a temperature', { temperature: 0 }, { temperature: 0 }],
    ['top_p goes on', { top_p: 0.4 }, { top_p: 0.4 }],
    ['the vendor’s top_k goes on', { top_k: 5 }, { top_k: 5 }],
    ['the user is the metadata’s id', { user: 'u1' }, { metadata: { user_id: 'u1' } }],
    [
      'the safety identifier comes before the user',
      { user: 'u', safety_identifier: 's' },
      { metadata: { user_id: 's' } },
    ],
    [
      'the metadata’s own id comes first',
      { user: 'u', metadata: { user_id: 'm' } },
      { metadata: { user_id: 'm' } },
    ],
    ['metadata without an id is left out', { metadata: { team: 'x' } }, { metadata: undefined }],
    ['the tier auto stays', { service_tier: 'auto' }, { service_tier: 'auto' }],
    ['the tier default is the standard one', { service_tier: 'default' }, { service_tier: 'standard_only' }],
    ['the tier priority is asked for by auto', { service_tier: 'priority' }, { service_tier: 'auto' }],
    ['the tier flex is left out', { service_tier: 'flex' }, { service_tier: undefined }],
    [
      'the vendor’s own fields are forwarded',
      { container: 'c1', inference_geo: 'eu' },
      { container: 'c1', inference_geo: 'eu' },
    ],
    [
      'the vendor’s thinking is forwarded',
      { thinking: { type: 'enabled', budget_tokens: 2000 } },
      { thinking: { type: 'enabled', budget_tokens: 2000 } },
    ],
    [
      'the vendor’s output_config is kept',
      { output_config: { effort: 'low' } },
      { output_config: { effort: 'low' } },
    ],
    [
      'the vendor’s stop_sequences and stop add up',
      { stop_sequences: ['x'], stop: 'y' },
      { stop_sequences: ['x', 'y'] },
    ],
    [
      'the gateway’s own fields stay here',
      { use_cache: true, reasoning_enabled: false },
      { use_cache: undefined, reasoning_enabled: undefined },
    ],
    [
      'stream_options is the gateway’s to keep',
      { stream_options: { include_usage: true } },
      { stream_options: undefined },
    ],
  ];
  test.each(mapped)('%s', (_name, body, expected) => {
    expect({ ...encoded(body), ...undefinedIn(expected) }).toMatchObject(expected);
    for (const [field, value] of Object.entries(expected))
      if (value === undefined) expect(encoded(body)).not.toHaveProperty(field);
  });

  const told: [string, JsonObject, string[], string?][] = [
    ['a plain request drops nothing', {}, []],
    ['a seed is dropped and named', { seed: 0 }, ['seed']],
    [
      'penalties are dropped and named',
      { frequency_penalty: 1, presence_penalty: -1 },
      ['frequency_penalty', 'presence_penalty'],
    ],
    ['a penalty of 0 asks for nothing', { frequency_penalty: 0, presence_penalty: 0 }, []],
    ['logit_bias is dropped and named', { logit_bias: { 5: 1 } }, ['logit_bias']],
    ['an empty logit_bias asks for nothing', { logit_bias: {} }, []],
    ['verbosity is dropped and named', { verbosity: 'low' }, ['verbosity']],
    ['a prediction is dropped and named', { prediction: { type: 'content', content: 'x' } }, ['prediction']],
    ['store is dropped and named', { store: true }, ['store']],
    [
      'prompt cache fields are dropped and named',
      { prompt_cache_key: 'k', prompt_cache_retention: '24h' },
      ['prompt_cache_key', 'prompt_cache_retention'],
    ],
    ['a temperature above 1 is lowered and named', { temperature: 1.7 }, ['temperature']],
    ['metadata that the vendor refuses is named', { metadata: { team: 'x', user_id: 'u' } }, ['metadata']],
    ['a tier that the vendor lacks is named', { service_tier: 'flex' }, ['service_tier']],
    ['a blank stop word is named', { stop: ['\n', 'x'] }, ['stop']],
    ['a user beside another id is named', { user: 'u', safety_identifier: 's' }, ['user']],
    [
      'a participant’s name is named',
      { messages: [{ role: 'user', content: 'x', name: 'Ada' }] },
      ['messages[].name'],
    ],
    [
      'top_p beside a temperature is named where the model takes one of them',
      { temperature: 0.2, top_p: 0.3 },
      ['top_p'],
      FORTY_FIVE,
    ],
    [
      'sampling is named where the model takes none',
      { temperature: 0.2, top_p: 0.3, top_k: 4 },
      ['temperature', 'top_p', 'top_k'],
      NEW,
    ],
    [
      'nothing is dropped for a model that nobody knows',
      { temperature: 0.2, top_p: 0.3, top_k: 4 },
      [],
      'claude-next-9',
    ],
  ];
  test.each(told)('%s', (_name, body, dropped, model = OLD) => {
    expect(encode(body, model).dropped ?? []).toEqual(dropped);
  });

  test('a temperature above 1 goes up as 1', () => {
    expect(encoded({ temperature: 2 }).temperature).toBe(1);
  });

  const refused: [string, JsonObject, string][] = [
    ['more than one answer is refused', { n: 2 }, 'n'],
    ['log probabilities are refused', { logprobs: true }, 'logprobs'],
    ['top log probabilities are refused', { top_logprobs: 3 }, 'top_logprobs'],
    ['audio out is refused', { audio: { voice: 'x' } }, 'audio'],
    ['an audio modality is refused', { modalities: ['text', 'audio'] }, 'modalities'],
    ['moderation is refused', { moderation: {} }, 'moderation'],
    ['a limit that is no number is refused', { max_tokens: 'many' }, 'max_tokens'],
    [
      'a response format of an unknown type is refused',
      { response_format: { type: 'xml' } },
      'response_format.type',
    ],
    ['a forced tool without tools is refused', { tool_choice: 'required' }, 'tool_choice'],
  ];
  test.each(refused)('%s with a 400 that names the field', (_name, body, param) => {
    const error = thrown(() => encode(body));
    expect(error.status).toBe(400);
    expect(error.param).toBe(param);
  });

  test.each([
    ['one answer', { n: 1 }],
    ['no log probabilities', { logprobs: false, top_logprobs: 0 }],
    ['text alone', { modalities: ['text'] }],
    [
      'nulls',
      { n: null, logprobs: null, audio: null, seed: null, stop: null, tools: null, response_format: null },
    ],
  ] as [string, JsonObject][])('%s asked for is what the vendor gives', (_name, body) => {
    expect(encode(body).dropped).toBeUndefined();
  });

  test('every field that is dropped or refused has a reason, and none of them reaches the vendor', () => {
    for (const [field, rule] of Object.entries<FieldRule>(FIELDS)) {
      if (rule.rule === 'mapped') continue;
      expect(rule.why).toMatch(/\.$/);
      if (rule.rule === 'dropped') expect(encoded({ [field]: 'x' })).not.toHaveProperty(field);
    }
  });

  test('embeddings are refused in plain words', () => {
    const call = { ...callOf({ input: 'x' }), operation: 'embeddings' as const };
    const error = thrown(() => provider.encodeRequest(call, routeOf()));
    expect(error.param).toBe('model');
    expect(error.message).toMatch(/no embeddings/);
  });
});

function undefinedIn(expected: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(expected).filter(([, value]) => value === undefined));
}
