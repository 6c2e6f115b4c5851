import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Upstream } from '../../../../lambda/errors.ts';
import type { ChatChunk, JsonObject } from '../../../../lambda/openai/wire.ts';
import { FrameSplitter, frameData, frames } from '../../../../lambda/streams/sse.ts';
import { StreamError } from '../../../../lambda/streams/stream-error.ts';
import { assemble, callOf, conversion, decode, decodeEvents, faults, routeOf } from './support.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/anthropic');
const sse = readFileSync(join(fixtures, 'conversation.sse'));
const message = JSON.parse(readFileSync(join(fixtures, 'message.json'), 'utf8')) as JsonObject;
const asked = { stream: true, stream_options: { include_usage: true } };

function eventsIn(bytes: Buffer, ...cuts: number[]): JsonObject[] {
  const splitter = new FrameSplitter();
  const edges = [0, ...cuts, bytes.byteLength];
  const whole = edges.slice(1).map((end, n) => splitter.push(bytes.subarray(edges[n], end)));
  return [...whole, splitter.end()]
    .flatMap((buffer) => [...frames(buffer)])
    .map(frameData)
    .flatMap((data) => (data === undefined ? [] : [JSON.parse(data) as JsonObject]));
}

const events = eventsIn(sse);

function withoutTime(chunks: ChatChunk[]): object[] {
  return chunks.map(({ created: _, ...chunk }) => chunk);
}

const start = {
  type: 'message_start',
  message: { id: 'm', model: 'c', content: [], usage: { input_tokens: 3, output_tokens: 1 } },
};
const stop = { type: 'message_stop' };
const ended = (stop_reason: string, usage: JsonObject = { output_tokens: 2 }) => ({
  type: 'message_delta',
  delta: { stop_reason },
  usage,
});
const text = (value: string) => ({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: value },
});

describe('a streamed answer', () => {
  test('its chunks are OpenAI’s', () => {
    expect(faults(decodeEvents(events, asked))).toEqual([]);
  });

  test('it says what the whole answer says', () => {
    const whole = decode(message).choices[0];
    const streamed = assemble(decodeEvents(events, asked));
    expect(streamed).toEqual({
      content: whole?.message.content,
      refusal: null,
      reasoning: whole?.message.reasoning,
      reasoningText: whole?.message.reasoning_content,
      annotations: whole?.message.annotations,
      finish: 'tool_calls',
      calls: [
        { id: 'toolu_1', name: 'pack', arguments: '{"what": "skis"}' },
        { id: 'toolu_2', name: 'now', arguments: '{}' },
      ],
    });
  });

  test('each event becomes at most one chunk, in its order', () => {
    const deltas = decodeEvents(events, asked).map(({ choices }) => choices[0]?.delta);
    expect(deltas).toEqual([
      { role: 'assistant', content: null, reasoning: { content: 'Zürich ' }, reasoning_content: 'Zürich ' },
      { reasoning: { content: 'or Genève?' }, reasoning_content: 'or Genève?' },
      { reasoning: { id: 'c2lnbmVk' } },
      { reasoning: { redacted: true, id: 'aGlkZGVu' } },
      { content: 'I’ll look it up 🔎 — ' },
      { content: 'it snows.' },
      { annotations: [expect.objectContaining({ type: 'url_citation' })] },
      {
        tool_calls: [
          { index: 0, id: 'toolu_1', type: 'function', function: { name: 'pack', arguments: '' } },
        ],
      },
      {
        tool_calls: [{ index: 1, id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '' } }],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"what": "sk' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      { tool_calls: [{ index: 0, function: { arguments: 'is"}' } }] },
      {},
      undefined,
    ]);
  });

  test('it is the same wherever the network cuts it', () => {
    const expected = withoutTime(decodeEvents(events, asked));
    for (let cut = 1; cut < sse.byteLength; cut += 7)
      expect(withoutTime(decodeEvents(eventsIn(sse, cut), asked))).toEqual(expected);
  });

  test.each([
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('it is the same with lines that end in %s', (_name, end) => {
    const other = Buffer.from(sse.toString('utf8').replaceAll('\n', end));
    for (const cut of [1, 500, 1001, other.byteLength - 1])
      expect(withoutTime(decodeEvents(eventsIn(other, cut), asked))).toEqual(
        withoutTime(decodeEvents(events, asked)),
      );
  });

  test('usage comes last, once, and only where it was asked for', () => {
    const chunks = decodeEvents(events, asked);
    expect(chunks.filter(({ usage }) => usage)).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 73, completion_tokens: 90, total_tokens: 163 },
    });
    expect(decodeEvents(events).some(({ usage }) => usage)).toBe(false);
    expect(
      decodeEvents(events, { stream_options: { include_usage: false } }).some(({ usage }) => usage),
    ).toBe(false);
  });

  test('the usage so far is known at any time, asked for or not', () => {
    const decoder = conversion().decodeStream(callOf({ stream: true }), routeOf());
    expect(decoder.usage).toBeUndefined();
    decoder.onEvent(start as JsonObject);
    expect(decoder.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 1 });
    decoder.onEvent(
      ended('end_turn', { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 8 }) as JsonObject,
    );
    expect(decoder.usage).toMatchObject({ prompt_tokens: 13, completion_tokens: 8, total_tokens: 21 });
  });

  test('figures that the last event leaves out stay', () => {
    const before = {
      ...start,
      message: {
        ...start.message,
        usage: { input_tokens: 3, cache_creation_input_tokens: 6, output_tokens: 1 },
      },
    };
    const last = ended('end_turn', { input_tokens: null, output_tokens: 5 });
    expect(decodeEvents([before, last, stop], asked).at(-1)?.usage).toMatchObject({
      prompt_tokens: 9,
      completion_tokens: 5,
    });
  });

  const endings: [string, string, string][] = [
    ['end_turn', 'end_turn', 'stop'],
    ['max_tokens', 'max_tokens', 'length'],
    ['refusal', 'refusal', 'content_filter'],
    ['pause_turn', 'pause_turn', 'stop'],
    ['a reason of tomorrow', 'reason_of_tomorrow', 'stop'],
  ];
  test.each(endings)('%s ends it once, in OpenAI’s word', (_name, native, finish) => {
    const chunks = decodeEvents([start, text('x'), ended(native), stop]);
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ finish_reason: finish, native_finish_reason: native });
    expect(faults(chunks)).toEqual([]);
  });

  test('two message_delta events end it once, by the last', () => {
    const chunks = decodeEvents([start, text('x'), ended('max_tokens'), ended('end_turn'), stop]);
    expect(faults(chunks)).toEqual([]);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  });

  test('a refusal says why before it ends', () => {
    const refused = {
      type: 'message_delta',
      delta: { stop_reason: 'refusal', stop_details: { explanation: 'No.' } },
      usage: {},
    };
    expect(assemble(decodeEvents([start, text('Well'), refused, stop]))).toMatchObject({
      content: 'Well',
      refusal: 'No.',
      finish: 'content_filter',
    });
  });

  test('an answer without a word has a role and an end', () => {
    expect(faults(decodeEvents([start, ended('end_turn'), stop]))).toEqual([]);
  });

  test('a second start of the same answer is ignored', () => {
    expect(decodeEvents([start, start, text('x'), ended('end_turn'), stop])).toHaveLength(2);
  });

  test('the start of another answer inside this one is a failure', () => {
    const other = { ...start, message: { ...start.message, id: 'm2' } };
    expect(() => decodeEvents([start, text('x'), other, text('y'), ended('end_turn'), stop])).toThrow(
      StreamError,
    );
  });

  test('what follows the end is ignored', () => {
    const once = decodeEvents([start, text('x'), ended('end_turn'), stop]);
    const twice = decodeEvents([
      start,
      text('x'),
      ended('end_turn'),
      stop,
      start,
      text('y'),
      ended('end_turn'),
      stop,
    ]);
    expect(withoutTime(twice)).toEqual(withoutTime(once));
  });

  test('blocks in the start are shown', () => {
    const resumed = {
      type: 'message_start',
      message: {
        ...start.message,
        content: [{ type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }],
        stop_reason: 'tool_use',
      },
    };
    expect(assemble(decodeEvents([resumed, stop]))).toMatchObject({
      calls: [{ id: 't', name: 'f', arguments: '{"a":1}' }],
      finish: 'tool_calls',
    });
  });

  test.each([
    ['without a delta', { type: 'content_block_delta', index: 0 }],
    ['without a block', { type: 'content_block_start', index: 0 }],
    ['without an index', { type: 'content_block_stop' }],
    ['without usage', { type: 'message_delta', delta: {} }],
    ['without anything', {}],
  ] as [string, JsonObject][])('an event %s is ignored', (_name, event) => {
    expect(assemble(decodeEvents([start, event, text('x'), ended('end_turn'), stop])).content).toBe('x');
  });

  test('an error event throws, its JSON with it', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const decoder = conversion().decodeStream(callOf({ stream: true }), routeOf());
    decoder.onEvent(start as JsonObject);
    expect(() => decoder.onEvent(error)).toThrow(expect.objectContaining({ body: JSON.stringify(error) }));
  });

  test('an end of the bytes after its reason is the end: only the last event is missing, which says nothing', () => {
    expect(decodeEvents([start, text('x'), ended('end_turn')], asked)).toEqual(
      decodeEvents([start, text('x'), ended('end_turn'), stop], asked),
    );
  });

  test.each([
    ['before it began', []],
    ['in the middle', [start, text('x')]],
  ] as [string, unknown[]][])('an end of the bytes %s is a failure', (_name, list) => {
    expect(() => decodeEvents(list, asked)).toThrow(Upstream);
    expect(() => decodeEvents(list, asked)).toThrow(expect.objectContaining({ code: 'upstream_incomplete' }));
  });
});
