import { describe, expect, test } from '@jest/globals';
import { inForm, isComplete, streamInForm } from '../../../../lambda/gateway/cache/answer-forms.ts';
import type { WholeAnswer } from '../../../../lambda/gateway/cache/cache-entry.ts';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { collect } from '../../../support/collect.ts';
import { chatStream, completion, USAGE_FRAME } from '../../../support/fake-upstream.ts';
import { PulledSource } from '../../../support/pulled-source.ts';
import { Random } from '../../../support/random.ts';
import { randomChat, randomCompletion, streamed } from '../../../support/random-answer.ts';

const JSON_TYPE = 'application/json';
const SSE_TYPE = 'text/event-stream; charset=utf-8';
const ASKED = { stream: true, usage: true };
const UNASKED = { stream: true, usage: false };
const WHOLE = { stream: false, usage: false };

const kept = (body: Buffer, stream: boolean): WholeAnswer => ({
  body,
  stream,
  contentType: stream ? SSE_TYPE : JSON_TYPE,
  headers: {},
  requestId: 'of-nobody',
  createdAt: 1_800_000_000,
  ttl: 60,
});
const asJson = (value: JsonObject) => kept(Buffer.from(JSON.stringify(value)), false);

function bytesIn(answer: WholeAnswer, form: typeof ASKED): Buffer {
  const { body, contentType } = inForm(answer, form);
  expect(contentType).toBe(form.stream ? SSE_TYPE : JSON_TYPE);
  if (!(body instanceof Uint8Array)) throw new Error('an answer that is kept is whole');
  return Buffer.from(body);
}
const jsonOf = (answer: WholeAnswer) => JSON.parse(bytesIn(answer, WHOLE).toString()) as JsonObject;
const replayed = (answer: WholeAnswer, form: typeof ASKED) => kept(bytesIn(answer, form), true);

function withoutUsage({ usage: _, ...answer }: JsonObject): JsonObject {
  return answer;
}

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);
const kinds: [string, (random: Random) => JsonObject][] = [
  ['chat', randomChat],
  ['completion', randomCompletion],
];

describe.each(kinds)('a %s', (_, make) => {
  test('that came as JSON is the same answer as a stream, put together again', () => {
    for (const seed of SEEDS) {
      const answer = make(new Random(seed));
      const whole = asJson(answer);
      expect({ seed, ...jsonOf(replayed(whole, ASKED)) }).toEqual({ seed, ...answer });
      expect({ seed, ...jsonOf(replayed(whole, UNASKED)) }).toEqual({ seed, ...withoutUsage(answer) });
    }
  });

  test('that came as a stream is the same answer as JSON, and as a stream made of that', () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const answer = make(random);
      const json = jsonOf(kept(streamed(answer, random), true));
      expect({ seed, ...json }).toEqual({ seed, ...answer });
      expect({ seed, ...jsonOf(replayed(asJson(json), ASKED)) }).toEqual({ seed, ...answer });
    }
  });

  test('that came as a stream leaves as the same bytes, less the usage where nobody asked for it', () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const answer = make(random);
      const whole = kept(streamed(answer, random), true);
      expect(Buffer.compare(bytesIn(whole, ASKED), whole.body)).toBe(0);
      const unasked = bytesIn(whole, UNASKED);
      const usages = (bytes: Buffer) =>
        bytes
          .toString()
          .split(/\r?\n/)
          .filter((line) => /^data: \{.*"choices":\[\]/.test(line));
      expect({ seed, usages: usages(unasked) }).toEqual({ seed, usages: [] });
      const removed = usages(whole.body)[0];
      const end = whole.body.includes('\r\n') ? '\r\n\r\n' : '\n\n';
      const wanted =
        removed === undefined
          ? whole.body.toString()
          : whole.body.toString().replace(`${removed}${end}`, () => '');
      expect({ seed, text: unasked.toString() }).toEqual({ seed, text: wanted });
    }
  });

  test('is complete in each form', () => {
    for (const seed of SEEDS.slice(0, 50)) {
      const random = new Random(seed);
      const answer = make(random);
      expect(isComplete(asJson(answer))).toBe(true);
      expect(isComplete(kept(streamed(answer, random), true))).toBe(true);
    }
  });
});

test('JSON that came as JSON leaves byte for byte', () => {
  const body = Buffer.from('{ "choices" : [ ] , "big": 12345678901234567890, "x": "\\u00e4" }\n');
  expect(Buffer.compare(bytesIn(kept(body, false), WHOLE), body)).toBe(0);
});

describe('tool calls', () => {
  const callsOf = (answer: JsonObject) => (answer.choices as JsonObject[])[0]?.message;
  const call = (id: string) => ({ id, type: 'function', function: { name: id, arguments: `{"${id}":1}` } });

  test('that a vendor numbers all alike stay as many as they were', () => {
    const calls = ['a', 'b', 'c'].map((id) => ({ index: 0, ...call(id) }));
    const message = { role: 'assistant', content: null, tool_calls: calls };
    const answer = completion('', { choices: [{ index: 0, message, finish_reason: 'tool_calls' }] });
    expect(callsOf(jsonOf(replayed(asJson(answer as JsonObject), ASKED)))).toEqual({
      ...message,
      tool_calls: ['a', 'b', 'c'].map(call),
    });
  });

  test('whose arguments are no text stay as many as they were', () => {
    const calls = ['a', 'b'].map((id) => ({
      index: 0,
      ...call(id),
      function: { name: id, arguments: { id } },
    }));
    const message = { role: 'assistant', content: null, tool_calls: calls };
    const answer = completion('', { choices: [{ index: 0, message, finish_reason: 'tool_calls' }] });
    expect(callsOf(jsonOf(replayed(asJson(answer as JsonObject), ASKED)))).toMatchObject({
      tool_calls: [{ id: 'a' }, { id: 'b' }],
    });
  });
});

describe('an answer that may be given again', () => {
  const choice = { index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' };
  test.each([
    ['a choice', { choices: [choice] }, true],
    ['an embedding', { data: [{ embedding: [0] }] }, true],
    ['a moderation', { results: [{ flagged: false }] }, true],
    ['a choice, and no error', { choices: [choice], error: null }, true],
    ['an error beside a choice', { choices: [choice], error: { message: 'no' } }, false],
    ['an error as a text', { choices: [choice], error: 'no' }, false],
    ['an error alone', { error: { message: 'no' } }, false],
    ['no choice', { choices: [] }, false],
    ['no embedding', { object: 'list', data: [] }, false],
    ['choices that are no list', { choices: { 0: choice } }, false],
    ['nothing', {}, false],
  ])('has %s', (_, answer, expected) => {
    expect(isComplete(asJson(answer as unknown as JsonObject))).toBe(expected);
  });

  test.each(['', 'null', '[]', '"choices"', '{"choices":[', '<html>', '5'])('is not %j', (text) => {
    expect(isComplete(kept(Buffer.from(text), false))).toBe(false);
  });

  test.each([
    ['words', chatStream(['a'], true), true],
    ['no frame', '', false],
    ['only its end', 'data: [DONE]\n\n', false],
    ['only its usage', `${USAGE_FRAME}data: [DONE]\n\n`, false],
    ['an error behind its words', `${chatStream(['a'])}data: {"error":{"message":"no"}}\n\n`, false],
    ['half a frame', `${chatStream(['a'])}data: {"cho`, false],
  ])('is a stream of %s', (_, text, expected) => {
    expect(isComplete(kept(Buffer.from(text), true))).toBe(expected);
  });
});

describe('a stream on its way', () => {
  const frames = () =>
    chatStream(['a', 'b'], true)
      .split(/(?<=\n\n)/)
      .map((frame) => Buffer.from(frame));

  test('is left as it is where its usage was asked for', () => {
    const { stream } = new PulledSource(frames());
    expect(streamInForm(stream, ASKED)).toBe(stream);
  });

  test.each([1, 2, 100])(
    'loses its usage chunk where nobody asked for it, %i frames at a time',
    async (count) => {
      const all = frames();
      const chunks = Array.from({ length: Math.ceil(all.length / count) }, (_, at) =>
        Buffer.concat(all.slice(at * count, (at + 1) * count)),
      );
      const left = await collect(streamInForm(new PulledSource(chunks).stream, UNASKED));
      expect(Buffer.concat(left).toString()).toBe(chatStream(['a', 'b']));
      expect(left.every((chunk) => chunk.byteLength > 0)).toBe(true);
    },
  );

  test('is pulled only as it is read, fails as its source does, and ends it where its reader leaves', async () => {
    const failure = new Error('broken off');
    const source = new PulledSource([...frames().slice(0, 1), failure]);
    const reader = streamInForm(source.stream, UNASKED).getReader();
    expect(source.pulls).toBe(0);
    await reader.read();
    expect(source.pulls).toBe(1);
    await expect(reader.read()).rejects.toBe(failure);
    const left = new PulledSource(frames());
    await streamInForm(left.stream, UNASKED).cancel('left');
    expect(left.cancelled).toBe('left');
  });
});
