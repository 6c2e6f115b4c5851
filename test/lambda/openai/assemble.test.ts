import { describe, expect, test } from '@jest/globals';
import { assembleChunks } from '../../../lambda/openai/assemble.ts';
import { objects } from '../../../lambda/openai/json.ts';
import { replayAsStream } from '../../../lambda/openai/replay.ts';
import type { JsonObject } from '../../../lambda/openai/wire.ts';
import { SseEvents } from '../../../lambda/streams/sse-events.ts';

const head = { id: 'a', object: 'chat.completion.chunk', created: 1, model: 'm' };
const chunk = (delta: object, more: object = {}): JsonObject =>
  ({ ...head, choices: [{ index: 0, delta, finish_reason: null, ...more }] }) as unknown as JsonObject;

const replayed = (answer: JsonObject): JsonObject[] => {
  const events = new SseEvents();
  return [...events.push(replayAsStream(answer, true)), ...events.end()]
    .filter((data) => data.startsWith('{'))
    .map((data) => JSON.parse(data));
};

const answerWith = (choice: object, more: object = {}): JsonObject =>
  ({
    id: 'a',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, finish_reason: 'stop', ...choice }],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    ...more,
  }) as unknown as JsonObject;

const messageOf = (whole: JsonObject | undefined) => objects(whole?.choices)[0]?.message;

describe('assembleChunks', () => {
  test('no chunk is no answer', () => {
    expect(assembleChunks([])).toBeUndefined();
  });

  test('texts grow, the reason and the usage stand at the end', () => {
    const whole = assembleChunks([
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }),
      chunk({}, { finish_reason: 'stop', native_finish_reason: 'end_turn' }),
      { ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
    ]);
    expect(whole).toEqual({
      ...head,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          native_finish_reason: 'end_turn',
          message: { role: 'assistant', content: 'Hello' },
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    });
  });

  test('tool calls come in pieces, by index, interleaved', () => {
    const whole = assembleChunks([
      chunk({
        tool_calls: [{ index: 0, id: 'x', type: 'function', function: { name: 'f', arguments: '' } }],
      }),
      chunk({
        tool_calls: [{ index: 1, id: 'y', type: 'function', function: { name: 'g', arguments: '{"b"' } }],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}' }, extra_content: { s: 't' } }] }),
      chunk({ tool_calls: [{ index: 1, id: '', function: { name: '', arguments: ':2}' } }] }),
    ]);
    expect(messageOf(whole)).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [
        {
          id: 'x',
          type: 'function',
          function: { name: 'f', arguments: '{"a":1}' },
          extra_content: { s: 't' },
        },
        { id: 'y', type: 'function', function: { name: 'g', arguments: '{"b":2}' } },
      ],
    });
  });

  test('pieces of thinking join until a signature closes them; redacted ones stand alone', () => {
    const whole = assembleChunks([
      chunk({ reasoning: { content: 'I ' } }),
      chunk({ reasoning: { content: 'think' } }),
      chunk({ reasoning: { id: 'signature' } }),
      chunk({ reasoning: { id: 'hidden', redacted: true } }),
      chunk({ reasoning: { content: 'more' }, reasoning_content: 'more' }),
    ]);
    expect(messageOf(whole)).toMatchObject({
      reasoning: [
        { content: 'I think', id: 'signature' },
        { id: 'hidden', redacted: true },
        { content: 'more' },
      ],
      reasoning_content: 'more',
    });
  });

  test('several choices, in their order; logprobs are continued', () => {
    const of = (index: number, token: string) => ({
      ...head,
      choices: [
        { index, delta: { content: token }, logprobs: { content: [{ token }] }, finish_reason: null },
      ],
    });
    const whole = assembleChunks([of(1, 'b'), of(0, 'a'), of(1, 'c')]);
    expect(whole?.choices).toEqual([
      {
        index: 0,
        finish_reason: null,
        logprobs: { content: [{ token: 'a' }] },
        message: { role: 'assistant', content: 'a' },
      },
      {
        index: 1,
        finish_reason: null,
        logprobs: { content: [{ token: 'b' }, { token: 'c' }] },
        message: { role: 'assistant', content: 'bc' },
      },
    ]);
  });

  test('legacy completions', () => {
    const of = (text: string, finish_reason: string | null) => ({
      id: 'c',
      object: 'text_completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, text, logprobs: null, finish_reason }],
    });
    expect(assembleChunks([of('a', null), of('b', 'stop')])).toMatchObject({
      object: 'text_completion',
      choices: [{ index: 0, text: 'ab', finish_reason: 'stop' }],
    });
  });

  test.each([
    ['text', answerWith({ message: { role: 'assistant', content: 'Hello', refusal: null } })],
    [
      'tools',
      answerWith({
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'x', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
      }),
    ],
    [
      'unknown fields',
      answerWith({ message: { role: 'assistant', content: 'a', vendor_field: { b: 1 } } }, { extra: 1 }),
    ],
  ])('what a whole answer of %s is replayed as comes back as that answer', (_, answer) => {
    expect(assembleChunks(replayed(answer))).toEqual(answer);
  });

  test('the pieces are about a line long, and no word is in two of them', () => {
    const content = 'Some words and \u{1F600} more '.repeat(40);
    const pieces = replayed(answerWith({ message: { role: 'assistant', content } }))
      .map((event) => objects(event.choices)[0]?.delta as JsonObject | undefined)
      .map((delta) => delta?.content)
      .filter((piece) => typeof piece === 'string' && piece !== '') as string[];
    expect(pieces.join('')).toBe(content);
    expect(pieces.length).toBeGreaterThan(10);
    expect(pieces.every((piece) => piece.isWellFormed() && piece.length < 100 && piece.endsWith(' '))).toBe(
      true,
    );
  });
});
