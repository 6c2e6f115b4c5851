import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chatStream, chunk, USAGE_FRAME } from '../../support/fake-upstream.ts';
import { ASKED, type Json, recorded } from '../../support/recorded-forms.ts';
import { type Stage, startStage, streaming } from '../../support/stage.ts';

const WORDS =
  'A whole sentence that is long enough to be sent in more than one piece, and then some more of it.';
const USAGE = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

describe('an answer recorded as a stream', () => {
  const stream = chatStream(WORDS.split(/(?= )/), true);
  const plain = chatStream(WORDS.split(/(?= )/), false);

  test('is the same bytes as a stream, with the usage chunk exactly when that is asked for', async () => {
    const [first, again, asked] = await recorded(
      stage,
      { stream: true },
      streaming(stream),
      { stream: true },
      ASKED,
    );
    expect(first).toBe(plain);
    expect(again).toBe(plain);
    expect(asked).toBe(stream);
    const [askedFirst, askedAgain, without] = await recorded(stage, ASKED, streaming(stream), ASKED, {
      stream: true,
    });
    expect(askedFirst).toBe(stream);
    expect(askedAgain).toBe(stream);
    expect(without).toBe(plain);
  });

  test('comes as JSON with its usage', async () => {
    for (const first of [{ stream: true }, ASKED]) {
      const [, json = ''] = await recorded(stage, first, streaming(stream), {});
      expect(JSON.parse(json)).toEqual({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1_700_000_000,
        model: 'gpt-test-2026',
        choices: [
          { index: 0, message: { role: 'assistant', content: WORDS }, logprobs: null, finish_reason: 'stop' },
        ],
        usage: USAGE,
      });
    }
  });

  test('comes as JSON with its calls, choices, log probabilities and unknown fields', async () => {
    const piece = (index: number, delta: object, more: object = {}) => ({
      index,
      delta,
      finish_reason: null,
      ...more,
    });
    const call = (index: number, more: object) => ({ tool_calls: [{ index, ...more }] });
    const logprobs = (token: string) => ({ logprobs: { content: [{ token, logprob: -1 }], refusal: null } });
    const text = [
      chunk({}, null, { choices: [piece(0, { role: 'assistant', content: null })], vendor: 'v' }),
      chunk({}, null, { choices: [piece(1, { role: 'assistant', content: 'one ' }, logprobs('one '))] }),
      chunk({}, null, {
        choices: [piece(0, call(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '' } }))],
      }),
      chunk({}, null, {
        choices: [
          piece(0, call(1, { id: 'b', type: 'function', function: { name: 'g', arguments: '{"y"' } })),
        ],
      }),
      chunk({}, null, { choices: [piece(0, call(0, { function: { arguments: '{"x":1}' } }))] }),
      chunk({}, null, { choices: [piece(0, call(1, { function: { arguments: ':2}' } }))] }),
      chunk({}, null, { choices: [piece(1, { content: 'two' }, logprobs('two'))] }),
      chunk({}, null, { choices: [piece(0, {}, { finish_reason: 'tool_calls', vendor_choice: 1 })] }),
      chunk({}, null, { choices: [piece(1, {}, { finish_reason: 'stop' })] }),
      USAGE_FRAME,
      'data: [DONE]\n\n',
    ].join('');
    const [, json = ''] = await recorded(stage, { stream: true }, streaming(text), {});
    const { choices, vendor } = JSON.parse(json) as { choices: Json[]; vendor: string };
    expect(vendor).toBe('v');
    expect(choices[0]).toMatchObject({
      index: 0,
      finish_reason: 'tool_calls',
      vendor_choice: 1,
      message: {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
          { id: 'b', type: 'function', function: { name: 'g', arguments: '{"y":2}' } },
        ],
      },
    });
    expect(choices[1]).toMatchObject({
      index: 1,
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'one two' },
      logprobs: { content: [{ token: 'one ' }, { token: 'two' }], refusal: null },
    });
  });
});
