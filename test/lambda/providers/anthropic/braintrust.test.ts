import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { bodyOf, callOf, conversion, decode, decodeEvents, encode, encoded, routeOf } from './support.ts';

/** What the proxy that this gateway follows gets wrong with Claude, one test each: none of it may come back. */
const tool = (name: string) => ({ type: 'function', function: { name } });
const answer = (...content: JsonObject[]) => ({
  type: 'message',
  id: 'm',
  model: 'claude-x',
  content,
  stop_reason: 'tool_use',
  usage: { input_tokens: 1, output_tokens: 1 },
});
const text = (value: string) => ({ type: 'text', text: value });
const use = (id: string) => ({ type: 'tool_use', id, name: 'f', input: {} });
const start = {
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude-x', content: [], usage: { input_tokens: 1 } },
};
const blockStart = (index: number, content_block: JsonObject) => ({
  type: 'content_block_start',
  index,
  content_block,
});
const blockStop = (index: number) => ({ type: 'content_block_stop', index });
const words = (index: number, value: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'text_delta', text: value },
});
const end = (stop_reason: string) => [
  { type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
];

describe('requests', () => {
  test('no system message is lost to a later one', () => {
    const messages = [
      { role: 'system', content: 'a' },
      { role: 'user', content: 'x' },
      { role: 'system', content: 'b' },
    ];
    expect(encoded({ messages }).system).toEqual([text('a'), text('b')]);
  });

  test('the developer role is taken', () => {
    const messages = [
      { role: 'developer', content: 'a' },
      { role: 'user', content: 'x' },
    ];
    expect(encoded({ messages }).system).toEqual([text('a')]);
  });

  test('function messages are taken', () => {
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', function_call: { name: 'f', arguments: '' } },
      { role: 'function', name: 'f', content: 'r' },
    ];
    expect(encoded({ messages }).messages).toHaveLength(3);
  });

  test('empty arguments in the history do not throw', () => {
    const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '' } };
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', tool_calls: [call] },
    ];
    expect(() => encode({ messages })).not.toThrow();
  });

  test('fields that the vendor refuses are not sent', () => {
    const body = encoded({
      metadata: { team: 'x' },
      store: true,
      logit_bias: { 1: 2 },
      prediction: { type: 'content', content: 'x' },
      verbosity: 'low',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      service_tier: 'flex',
    });
    expect(Object.keys(body).toSorted()).toEqual(['max_tokens', 'messages', 'metadata', 'model']);
  });

  test('no tool may be called where the caller says none', () => {
    expect(encoded({ tools: [tool('f')], tool_choice: 'none' }).tool_choice).toEqual({ type: 'none' });
  });

  test('parallel calls are off where the caller says so', () => {
    expect(encoded({ tools: [tool('f')], parallel_tool_calls: false }).tool_choice).toMatchObject({
      disable_parallel_tool_use: true,
    });
  });

  test('a tool’s name that the vendor refuses is no error', () => {
    expect(() => encode({ tools: [tool('a.b c')] })).not.toThrow();
  });

  test('the larger of two limits does not win', () => {
    expect(encoded({ max_tokens: 900, max_completion_tokens: 100 }).max_tokens).toBe(100);
  });

  test('thinking never raises the caller’s limit', () => {
    expect(encoded({ reasoning_budget: 50_000, max_tokens: 2000 }, 'claude-sonnet-4-5').max_tokens).toBe(
      2000,
    );
  });

  test('newer models are asked to think adaptively', () => {
    expect(encoded({ reasoning_effort: 'high' }, 'claude-opus-4-8')).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high' },
    });
  });

  test('a format beside tools is no error', () => {
    expect(() => encode({ tools: [tool('f')], response_format: { type: 'json_object' } })).not.toThrow();
  });

  test('betas of the past are not sent', () => {
    expect(encode({ tools: [tool('f')] }).headers).not.toHaveProperty('anthropic-beta');
  });

  test('a function’s arguments with an image beside them stay in their turn', () => {
    const messages = [
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'second' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] },
    ];
    expect((encoded({ messages }).messages as { role: string }[]).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
    ]);
  });
});

describe('answers', () => {
  test('all text blocks are kept', () => {
    expect(decode(answer(text('a'), text('b'))).choices[0]?.message.content).toBe('ab');
  });

  test('all calls are kept', () => {
    expect(decode(answer(use('1'), use('2'), use('3'))).choices[0]?.message.tool_calls).toHaveLength(3);
  });

  test('all thinking is kept, redacted thinking too', () => {
    const thought = { type: 'thinking', thinking: 'x', signature: 's' };
    const hidden = { type: 'redacted_thinking', data: 'd' };
    expect(decode(answer(thought, hidden, thought)).choices[0]?.message.reasoning).toHaveLength(3);
  });

  test.each(['pause_turn', 'refusal', 'model_context_window_exceeded'])(
    '%s is a known reason',
    (stop_reason) => {
      expect(() => decode({ ...answer(text('a')), stop_reason })).not.toThrow();
    },
  );

  test('reasoning tokens are told', () => {
    const usage = { input_tokens: 1, output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } };
    expect(decode({ ...answer(), usage }).usage?.completion_tokens_details).toEqual({ reasoning_tokens: 4 });
  });
});

describe('streams', () => {
  const calls = [
    start,
    blockStart(0, text('')),
    words(0, ' Hi'),
    blockStop(0),
    blockStart(1, use('a')),
    blockStop(1),
    blockStart(2, use('b')),
    blockStop(2),
    ...end('tool_use'),
  ];

  test('one id, one model, one time in all chunks, the role in the first alone', () => {
    const chunks = decodeEvents(calls);
    expect(new Set(chunks.map(({ id, model, created }) => `${id} ${model} ${created}`)).size).toBe(1);
    expect(chunks[0]).toMatchObject({ id: 'msg_1', model: 'claude-x' });
    expect(chunks.filter(({ choices }) => choices[0]?.delta.role)).toEqual([chunks[0]]);
  });

  test('calls count from 0, whatever came before them', () => {
    const indexes = decodeEvents(calls).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    expect(indexes.map(({ index }) => index)).toEqual([0, 0, 1, 1]);
  });

  test('a call without arguments has an empty object', () => {
    const pieces = decodeEvents(calls).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    expect(pieces.map((piece) => piece.function?.arguments)).toEqual(['', '{}', '', '{}']);
  });

  test('white space at the beginning stays', () => {
    expect(decodeEvents(calls)[0]?.choices[0]?.delta.content).toBe(' Hi');
  });

  test('usage is no part of the finishing chunk', () => {
    const chunks = decodeEvents(calls, { stream_options: { include_usage: true } });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('tool_calls');
    expect(chunks.at(-2)).not.toHaveProperty('usage');
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(3);
  });

  test.each([
    ['server_tool_use', { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }],
    ['mcp_tool_use', { type: 'mcp_tool_use', id: 's', name: 'x', server_name: 'y', input: {} }],
    ['a search result', { type: 'web_search_tool_result', tool_use_id: 's', content: [] }],
    ['compaction', { type: 'compaction', content: 'x' }],
    ['a fallback', { type: 'fallback' }],
  ] as [string, JsonObject][])('%s is neither an error nor the client’s', (_name, block) => {
    const args = {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json: '{}' },
    };
    const chunks = decodeEvents([start, blockStart(0, block), args, blockStop(0), ...end('end_turn')]);
    expect(chunks).toHaveLength(1);
    expect(chunks[0]?.choices[0]).toMatchObject({
      finish_reason: 'stop',
      delta: { role: 'assistant', content: null },
    });
  });

  test('an error in the stream is no clean end', () => {
    const decoder = conversion().decodeStream(callOf({ stream: true }), routeOf());
    decoder.onEvent(start as JsonObject);
    expect(() =>
      decoder.onEvent({ type: 'error', error: { type: 'overloaded_error', message: 'x' } }),
    ).toThrow();
    expect(() => decoder.end()).toThrow();
  });

  test('what the request is stays what it was, however often it is decoded', () => {
    const request = encode({ stream: true });
    expect(bodyOf(request).stream).toBe(true);
  });
});
