import { describe, expect, test } from '@jest/globals';
import { isCut, StreamTap } from '../../../lambda/openai/stream-tap.ts';
import type { JsonObject } from '../../../lambda/openai/wire.ts';
import { usageOf } from '../../../lambda/providers/openai-compatible/response.ts';
import { chatStream, chunk, USAGE_FRAME } from '../../support/fake-upstream.ts';

const USAGE = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };

const frame = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

/** A tap that saw these frames, and what it let through. */
function tapped(text: string, dropUsageChunk = false): { tap: StreamTap; passed: string } {
  const tap = new StreamTap(usageOf, dropUsageChunk);
  return { tap, passed: tap.pass(Buffer.from(text)).toString() };
}

describe('what passes', () => {
  test('a stream without anything notable is the same buffer, not a copy', () => {
    const bytes = Buffer.from(chatStream(['Hi', ' there']));
    expect(new StreamTap(usageOf, true).pass(bytes)).toBe(bytes);
  });

  test.each([
    ['the usage chunk, where the caller asked for it', chatStream(['Hi'], true)],
    ['comments', `: ping\n\n${chatStream(['Hi'], true)}`],
    ['frames whose data is no JSON', `data: "usage":{\n\ndata: {"usage":{\n\n${USAGE_FRAME}`],
    ['CRLF frames', chatStream(['Hi'], true).replaceAll('\n', '\r\n')],
  ])('%s, byte for byte', (_, text) => {
    expect(tapped(text).passed).toBe(text);
  });

  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('everything but the usage chunk, where the gateway asked for it (%s)', (_, end) => {
    const all = chatStream(['Hi'], true).replaceAll('\n', end);
    const { tap, passed } = tapped(all, true);
    expect(passed).toBe(chatStream(['Hi']).replaceAll('\n', end));
    expect(tap.usage).toEqual(USAGE);
  });

  test('a chunk that has choices beside its usage stays, and so does one whose usage is null', () => {
    const text = chunk({ content: 'Hi' }, 'stop', { usage: USAGE }) + chunk({}, null, { usage: null });
    const { tap, passed } = tapped(text, true);
    expect(passed).toBe(text);
    expect(tap.usage).toEqual(USAGE);
  });
});

describe('usage', () => {
  test('is the last that came', () => {
    const later = { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 };
    const { tap } = tapped(USAGE_FRAME + frame({ choices: [], usage: later }));
    expect(tap.usage).toEqual(later);
  });

  test.each<[string, JsonObject]>([
    ['under x_groq', { choices: [{}], x_groq: { usage: USAGE } }],
    ['under the choice', { choices: [{ usage: USAGE }] }],
  ])('is found %s', (_, value) => {
    expect(tapped(frame(value)).tap.usage).toEqual(USAGE);
  });

  test('is not taken from what the model wrote', () => {
    const written = JSON.stringify({ usage: { prompt_tokens: 999 }, error: { message: 'no' } });
    const { tap, passed } = tapped(chatStream([written]), true);
    expect(passed).toBe(chatStream([written]));
    expect([tap.usage, tap.failure]).toEqual([undefined, undefined]);
  });
});

describe('complete', () => {
  test.each([
    ['[DONE]', 'data: [DONE]\n\n'],
    ['[DONE] without a space', 'data:[DONE]\r\n\r\n'],
    ['[DONE] behind another frame', `${chunk({ content: 'Hi' })}data: [DONE]\n\n`],
    ['a finish reason', chunk({}, 'length')],
    ['a finish reason with spaces about it', 'data: {"choices": [{"finish_reason" : "stop"}]}\n\n'],
  ])('with %s', (_, text) => {
    expect(tapped(text).tap.complete).toBe(true);
  });

  test.each([
    ['a finish reason that is null', chunk({ content: 'Hi' })],
    ['a finish reason that is empty', chunk({ content: 'Hi' }, '')],
    ['[DONE] in what the model wrote', chunk({ content: 'data: [DONE]' })],
    ['[DONE] on a line of what the model wrote', chunk({ content: '\n\ndata: [DONE]\n\n' })],
    ['a finish reason in what the model wrote', chunk({ content: '"finish_reason":"stop"' })],
    ['a comment', ': "finish_reason" is yet to come\n\n'],
  ])('not with %s', (_, text) => {
    expect(tapped(text).tap.complete).toBe(false);
  });
});

test.each([
  [true, 'data: [DONE]\n\n'],
  [true, `${chunk({}, 'stop')}data: [DONE]\n\n`],
  [false, chunk({}, 'stop')],
  [false, chunk({ content: '\ndata: [DONE]' })],
])('done is %s behind %j', (done, text) => {
  expect(tapped(text).tap.done).toBe(done);
});

test('done is seen behind a finish reason that came before', () => {
  const { tap } = tapped(chunk({}, 'stop'));
  tap.pass(Buffer.from('data: [DONE]\n\n'));
  expect([tap.complete, tap.done]).toEqual([true, true]);
});

test.each([
  [true, 'data: {"choices":[{"del'],
  [true, 'data: [DO'],
  [true, 'event: x\ndata:{"a":1'],
  [false, 'data: {"choices":[]}'],
  [false, 'data: {"choices":[]}\n'],
  [false, '\ndata: [DONE]'],
  [false, ': a comment'],
  [false, '\n'],
  [false, ''],
])('isCut is %s for the rest %j', (cut, rest) => {
  expect(isCut(Buffer.from(rest))).toBe(cut);
});

describe('a failure that the vendor reports', () => {
  test.each<[string, unknown]>([
    ['an object', { error: { message: 'Overloaded', code: 503 } }],
    ['an object beside choices', { choices: [{ finish_reason: 'error' }], error: { message: 'Overloaded' } }],
    ['a text', { error: 'Overloaded' }],
  ])('as %s ends what passes, and keeps what came before', (_, value) => {
    const { tap, passed } = tapped(chunk({ content: 'Hi' }) + frame(value) + chatStream(['never seen']));
    expect(passed).toBe(chunk({ content: 'Hi' }));
    expect(JSON.parse(tap.failure?.body ?? '')).toEqual(value);
  });

  test.each<[string, unknown]>([
    ['null', { choices: [], error: null }],
    ['an empty text', { choices: [], error: '' }],
    ['a text beside choices', { choices: [{ delta: { content: 'Hi' } }], error: 'none' }],
  ])('is not an error that is %s', (_, value) => {
    const { tap, passed } = tapped(frame(value));
    expect(passed).toBe(frame(value));
    expect(tap.failure).toBeUndefined();
  });
});
