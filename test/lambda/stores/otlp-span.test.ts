import { describe, expect, test } from '@jest/globals';
import { spanRequest } from '../../../lambda/stores/otlp-span.ts';
import type { RequestRecord } from '../../../lambda/stores/request-log.ts';
import { contentOf, type OtlpSpan, spanIn } from '../../support/otlp.ts';
import { requestRecord } from '../../support/request-record.ts';

const spanOf = (more: Partial<RequestRecord> = {}): OtlpSpan =>
  spanIn(JSON.stringify(spanRequest(requestRecord(more))));
const messagesIn = (input: unknown) =>
  JSON.parse(String(contentOf(spanOf({ input }), 'gen_ai.input.messages')));
const messagesOut = (output: unknown) =>
  JSON.parse(String(contentOf(spanOf({ output }), 'gen_ai.output.messages')));
const chat = (message: object) => ({ messages: [message] });

describe('a span', () => {
  test('has the record’s place, time and name', () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    const span = spanOf({ startedAt: at, endedAt: at + 1_500, parentSpanId: 'fedcba9876543210' });
    expect(span).toMatchObject({
      traceId: '0123456789abcdef0123456789abcdef',
      spanId: '0123456789abcdef',
      parentSpanId: 'fedcba9876543210',
      name: 'chat gpt-test',
      kind: 3,
      startTimeUnixNano: `${at}000000`,
      endTimeUnixNano: `${at + 1_500}000000`,
      status: {},
    });
  });

  test('without a parent, a model, an answer or a usage says nothing of them', () => {
    const { model: _, answeredModel: __, output: ___, provider: ____, ...rest } = requestRecord();
    const span = spanIn(
      JSON.stringify(spanRequest({ ...rest, operation: 'raw', path: 'GET /files', input: undefined })),
    );
    expect(span.name).toBe('GET /files');
    expect(span).not.toHaveProperty('parentSpanId');
    for (const key of Object.keys(span.attributes))
      expect(key).not.toMatch(/usage|response\.model|messages|request\.model/);
  });

  test.each([
    ['chat', 'chat'],
    ['completions', 'text_completion'],
    ['embeddings', 'embeddings'],
    ['moderations', 'moderations'],
  ])('of %s is the operation %s', (operation, name) => {
    expect(contentOf(spanOf({ operation }), 'gen_ai.operation.name')).toBe(name);
  });

  test('of a failure tells its kind and what the caller was told', () => {
    const error = { message: 'too many', type: 'rate_limit_error', code: 'rate_limit_exceeded' };
    const span = spanOf({ error, status: 429 });
    expect(span.status).toEqual({ code: 2, message: 'too many' });
    expect(contentOf(span, 'error.type')).toBe('rate_limit_exceeded');
    expect(span.attributes['http.response.status_code']).toEqual({ intValue: '429' });
    expect(contentOf(spanOf({ error: { ...error, code: null } }), 'error.type')).toBe('rate_limit_error');
  });
});

describe('numbers', () => {
  test.each([
    ['temperature', 'temperature', 1],
    ['temperature', 'temperature', 0.5],
    ['top_p', 'top_p', 1],
    ['frequency_penalty', 'frequency_penalty', -2],
    ['presence_penalty', 'presence_penalty', 0],
  ])('%s is a double, with a fraction or without: %s %d', (field, name, value) => {
    const span = spanOf({ input: { ...chat({ role: 'user', content: 'x' }), [field]: value } });
    expect(span.attributes[`gen_ai.request.${name}`]).toEqual({ doubleValue: value });
  });

  test.each([
    ['seed', 'seed', 7],
    ['max_tokens', 'max_tokens', 100],
    ['max_completion_tokens', 'max_tokens', 100],
    ['n', 'choice.count', 3],
  ])('%s is a whole number, as text', (field, name, value) => {
    const span = spanOf({ input: { [field]: value } });
    expect(span.attributes[`gen_ai.request.${name}`]).toEqual({ intValue: String(value) });
  });

  test.each([Number.POSITIVE_INFINITY, Number.NaN, '1', null, [1]])(
    'what is none is left out: %p',
    (temperature) => {
      expect(spanOf({ input: { temperature } }).attributes).not.toHaveProperty('gen_ai.request.temperature');
    },
  );

  test('cost and time to the first byte are doubles, also where they are whole', () => {
    const { startedAt } = requestRecord();
    const span = spanOf({
      costUsd: 0,
      startedAt,
      firstByteAt: startedAt + 1_000,
      endedAt: startedAt + 2_000,
    });
    expect(span.attributes['sluice.cost_usd']).toEqual({ doubleValue: 0 });
    expect(span.attributes['gen_ai.response.time_to_first_chunk']).toEqual({ doubleValue: 1 });
  });

  test('usage has its details', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 20,
      total_tokens: 120,
      prompt_tokens_details: { cached_tokens: 40, cache_creation_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 10 },
    };
    const { attributes } = spanOf({ usage });
    expect(attributes).toMatchObject({
      'gen_ai.usage.input_tokens': { intValue: '100' },
      'gen_ai.usage.output_tokens': { intValue: '20' },
      'gen_ai.usage.cache_read.input_tokens': { intValue: '40' },
      'gen_ai.usage.cache_creation.input_tokens': { intValue: '5' },
      'gen_ai.usage.reasoning.output_tokens': { intValue: '10' },
    });
  });
});

describe('what was asked', () => {
  test.each<[string, unknown, unknown]>([
    ['a text', { role: 'user', content: 'Hi' }, [{ type: 'text', content: 'Hi' }]],
    ['nothing', { role: 'assistant', content: null }, []],
    [
      'texts',
      { role: 'user', content: ['a', { type: 'text', text: 'b' }] },
      [
        { type: 'text', content: 'a' },
        { type: 'text', content: 'b' },
      ],
    ],
    [
      'a picture, which stays as it is',
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] },
      [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }],
    ],
    [
      'a part that nobody knows',
      { role: 'user', content: [{ type: 'hologram', of: 1 }] },
      [{ type: 'hologram', of: 1 }],
    ],
    ['a part that is none', { role: 'user', content: [7] }, [{ type: 'text', content: '[7]' }]],
    [
      'a call of a tool',
      {
        role: 'assistant',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      [{ type: 'tool_call', id: 'c', name: 'f', arguments: { a: 1 } }],
    ],
    [
      'a call whose arguments are no JSON',
      { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{"a":' } }] },
      [{ type: 'tool_call', id: 'c', name: 'f', arguments: '{"a":' }],
    ],
    [
      'a tool’s answer',
      { role: 'tool', tool_call_id: 'c', content: '22' },
      [{ type: 'tool_call_response', id: 'c', response: '22' }],
    ],
    [
      'thinking',
      { role: 'assistant', content: 'b', reasoning_content: 'a' },
      [
        { type: 'reasoning', content: 'a' },
        { type: 'text', content: 'b' },
      ],
    ],
  ])('%s', (_, message, parts) => {
    expect(messagesIn(chat(message as object))).toMatchObject([{ parts }]);
  });

  test('in a prompt or an input stands as the user’s', () => {
    const user = (content: string) => ({ role: 'user', parts: [{ type: 'text', content }] });
    expect(messagesIn({ prompt: 'x' })).toEqual([user('x')]);
    expect(messagesIn({ input: ['x', 'y'] })).toEqual([user('x'), user('y')]);
    expect(messagesIn({ prompt: [1, 2] })).toEqual([user('[1,2]')]);
    expect(messagesIn({ prompt: [[1], [2]] })).toEqual([user('[[1],[2]]')]);
  });

  test('that was cut, or is no chat, stands as it is', () => {
    expect(messagesIn('{"messages":[{"role":"us')).toBe('{"messages":[{"role":"us');
    expect(messagesIn([1])).toEqual([1]);
    expect(messagesIn({ file: 'f' })).toEqual({ file: 'f' });
  });

  test('of half a letter is JSON all the same', () => {
    expect(messagesIn(chat({ role: 'user', content: 'a\ud800' }))).toMatchObject([{ role: 'user' }]);
  });

  test('with tools and stops names them', () => {
    const { attributes } = spanOf({ input: { stop: 'a', tools: [{ type: 'function' }] } });
    expect(attributes['gen_ai.request.stop_sequences']).toEqual({
      arrayValue: { values: [{ stringValue: 'a' }] },
    });
    expect(attributes['gen_ai.tool.definitions']).toEqual({ stringValue: '[{"type":"function"}]' });
  });
});

describe('what was answered', () => {
  test('has every choice with its reason', () => {
    const choices = [
      { index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' },
      { index: 1, message: { role: 'assistant', content: null, refusal: 'no' }, finish_reason: null },
      { index: 2, text: 'c', finish_reason: 'length' },
    ];
    expect(messagesOut({ choices })).toMatchObject([
      { role: 'assistant', parts: [{ type: 'text', content: 'a' }], finish_reason: 'stop' },
      { role: 'assistant', parts: [{ type: 'refusal', content: 'no' }] },
      { role: 'assistant', parts: [{ type: 'text', content: 'c' }], finish_reason: 'length' },
    ]);
    expect(spanOf({ output: { choices } }).attributes['gen_ai.response.finish_reasons']).toEqual({
      arrayValue: { values: [{ stringValue: 'stop' }, { stringValue: 'length' }] },
    });
  });

  test.each([[[{ type: 'event' }]], ['a text'], [{ data: [] }], [{ choices: [] }]])(
    'as %j stays so',
    (output) => {
      expect(messagesOut(output)).toEqual(output);
    },
  );

  test('names the model that answered, else the one that was asked', () => {
    expect(contentOf(spanOf({ output: { id: 'r', model: 'm' } }), 'gen_ai.response.model')).toBe('m');
    expect(contentOf(spanOf({ output: [] }), 'gen_ai.response.model')).toBe('gpt-test-2026');
    expect(contentOf(spanOf({ output: { id: 'r' } }), 'gen_ai.response.id')).toBe('r');
  });
});
