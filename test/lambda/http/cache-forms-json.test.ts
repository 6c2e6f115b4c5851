import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, completion, sendJson } from '../../support/fake-upstream.ts';
import { ASKED, chunksOf, framesOf, type Json, recorded, usageIn } from '../../support/recorded-forms.ts';
import { type Stage, startStage } from '../../support/stage.ts';

const WORDS =
  'A whole sentence that is long enough to be sent in more than one piece, and then some more of it.';
const USAGE = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

/** A stream as every client reads it: frames of data, `[DONE]` once and last. */
function expectStream(text: string): void {
  expect(framesOf(text).at(-1)).toBe('data: [DONE]');
  expect(text.match(/\[DONE\]/g)).toHaveLength(1);
  expect(text.endsWith('\n\n')).toBe(true);
}

const contentIn = (text: string) =>
  chunksOf(text).flatMap(({ choices }) =>
    choices.map(({ delta }) => (delta as Json | undefined)?.content ?? ''),
  );

const whole = (message: object, more: object = {}, rest: object = {}): Answer => {
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop', ...more }];
  return (_, response) => sendJson(response, completion('', { choices, ...rest }));
};
describe('an answer recorded as JSON', () => {
  test('is the same bytes as JSON', async () => {
    const odd =
      '{ "choices" : [ {"index":0,"message":{"role":"assistant","content":"x"}} ] , "big": 12345678901234567890 }';
    const [first, again] = await recorded(
      stage,
      {},
      (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(odd) && undefined,
      {},
    );
    expect(first).toBe(odd);
    expect(again).toBe(odd);
  });

  test('comes as a stream in pieces that add up', async () => {
    const [, text = ''] = await recorded(stage, {}, whole({ role: 'assistant', content: WORDS }), {
      stream: true,
    });
    expectStream(text);
    expect(contentIn(text).join('')).toBe(WORDS);
    expect(contentIn(text).filter(Boolean).length).toBeGreaterThan(1);
    expect(chunksOf(text)[0]?.choices[0]).toMatchObject({
      delta: { role: 'assistant' },
      finish_reason: null,
    });
    expect(chunksOf(text).at(-1)?.choices[0]).toMatchObject({ finish_reason: 'stop' });
    for (const { object, id, model } of chunksOf(text))
      expect({ object, id, model }).toEqual({
        object: 'chat.completion.chunk',
        id: 'chatcmpl-1',
        model: 'gpt-test-2026',
      });
  });

  test('tells the usage in a chunk of its own, exactly when that is asked for', async () => {
    const answer = whole({ role: 'assistant', content: 'x' });
    const [, without = '', asked = '', off = ''] = await recorded(
      stage,
      {},
      answer,
      { stream: true },
      ASKED,
      {
        stream: true,
        stream_options: { include_usage: false },
      },
    );
    expect(without).not.toContain('"usage":{');
    expect(off).not.toContain('"usage":{');
    expect(usageIn(asked)).toEqual([expect.objectContaining({ choices: [], usage: USAGE })]);
    expect(
      framesOf(asked).indexOf(framesOf(asked).find((frame) => frame.includes('prompt_tokens')) ?? ''),
    ).toBe(framesOf(asked).length - 2);
  });

  test('keeps calls, several of them, with their arguments', async () => {
    const call = (id: string, city: string) => ({
      id,
      type: 'function',
      function: {
        name: 'weather',
        arguments: JSON.stringify({ city, note: 'a long note that is cut into pieces, surely' }),
      },
    });
    const calls = [call('call_1', 'Oslo'), call('call_2', 'Åre')];
    const [, text = ''] = await recorded(
      stage,
      {},
      whole({ role: 'assistant', content: null, tool_calls: calls }, { finish_reason: 'tool_calls' }),
      { stream: true },
    );
    const pieces = chunksOf(text).flatMap(({ choices }) =>
      choices.flatMap(({ delta }) => (delta as Json).tool_calls ?? []),
    ) as {
      index: number;
      id?: string;
      function: { arguments: string };
    }[];
    for (const [index, wanted] of calls.entries()) {
      const own = pieces.filter((piece) => piece.index === index);
      expect(own.map((piece) => piece.function.arguments).join('')).toBe(wanted.function.arguments);
      expect(own.filter(({ id }) => id !== undefined).map(({ id }) => id)).toEqual([wanted.id]);
    }
    expect(chunksOf(text).at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
  });

  test('keeps each of n choices, log probabilities and fields that nobody knows', async () => {
    const choice = (index: number) => ({
      index,
      message: { role: 'assistant', content: `Choice ${index}`, refusal: null, vendor_note: 'n' },
      logprobs: { content: [{ token: 'C', logprob: -0.5, bytes: [67], top_logprobs: [] }], refusal: null },
      finish_reason: index === 0 ? 'stop' : 'length',
      vendor_choice: index,
    });
    const answer: Answer = (_, response) =>
      sendJson(
        response,
        completion('', { choices: [choice(0), choice(1)], system_fingerprint: 'fp', vendor: { x: 1 } }),
      );
    const [, text = ''] = await recorded(stage, {}, answer, { stream: true });
    const all = chunksOf(text).flatMap(({ choices }) => choices);
    for (const index of [0, 1]) {
      const own = all.filter((piece) => piece.index === index);
      expect(own.map(({ delta }) => (delta as Json).content ?? '').join('')).toBe(`Choice ${index}`);
      expect(
        own.flatMap(({ logprobs }) => (logprobs as { content?: [] } | null)?.content ?? []),
      ).toHaveLength(1);
      expect(own.map(({ finish_reason }) => finish_reason).filter(Boolean)).toEqual([
        index === 0 ? 'stop' : 'length',
      ]);
      expect(own.some(({ vendor_choice }) => vendor_choice === index)).toBe(true);
      expect(own.some(({ delta }) => (delta as Json).vendor_note === 'n')).toBe(true);
    }
    expect(chunksOf(text)[0]).toMatchObject({ system_fingerprint: 'fp', vendor: { x: 1 } });
  });
});
