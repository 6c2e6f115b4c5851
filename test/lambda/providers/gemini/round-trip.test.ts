import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { encoded } from './call.ts';
import { assembled, chunksOf, responseOf } from './replay.ts';

const SIGNATURE = Buffer.from('what the model thought').toString('base64');
const MODEL = 'gemini-3-pro-preview';

const answer = {
  candidates: [
    {
      content: {
        role: 'model',
        parts: [
          { text: 'I need the weather.', thought: true },
          { functionCall: { name: 'weather', args: { city: 'Oslo' } }, thoughtSignature: SIGNATURE },
          { functionCall: { name: 'weather', args: { city: 'Rome' } } },
        ],
      },
      finishReason: 'STOP',
    },
  ],
  responseId: 'answer-1',
} as unknown as JsonObject;

/** The next request of a client that ran the tools of `assistant`. */
function nextContents(assistant: { tool_calls?: { id: string }[] | undefined }) {
  const results = (assistant.tool_calls ?? []).map(({ id }) => ({
    role: 'tool',
    tool_call_id: id,
    content: 'Rain',
  }));
  const messages = [{ role: 'user', content: 'Weather?' }, { role: 'assistant', ...assistant }, ...results];
  return encoded({ messages }, MODEL).body.contents;
}

const callParts = (parts: { functionCall?: object }[]) =>
  parts.filter((part) => part.functionCall !== undefined);

describe('A tool loop on Gemini 3', () => {
  test('gives the model its thoughts and their signature back where the client kept the message', () => {
    const message = responseOf(answer).choices[0]?.message ?? {};
    const [, model, results] = nextContents(message as object);
    expect(model.parts).toEqual([
      { text: 'I need the weather.', thought: true },
      {
        functionCall: { id: 'call_answer-1_0', name: 'weather', args: { city: 'Oslo' } },
        thoughtSignature: SIGNATURE,
      },
      { functionCall: { id: 'call_answer-1_1', name: 'weather', args: { city: 'Rome' } } },
    ]);
    expect(
      results.parts.map((part: { functionResponse: { id: string } }) => part.functionResponse.id),
    ).toEqual(['call_answer-1_0', 'call_answer-1_1']);
  });

  test('does so after a stream as well', () => {
    const { calls } = assembled(chunksOf([answer]));
    const tool_calls = calls.map(({ name, arguments: text, ...call }) => ({
      ...call,
      type: 'function',
      function: { name, arguments: text },
    }));
    expect(callParts(nextContents({ tool_calls })[1].parts)[0]).toMatchObject({
      thoughtSignature: SIGNATURE,
    });
  });

  test('works for a client that keeps nothing but OpenAI’s own fields', () => {
    const { tool_calls = [] } = responseOf(answer).choices[0]?.message ?? {};
    const plain = tool_calls.map(({ id, type, function: called }) => ({ id, type, function: called }));
    const [first, second] = callParts(nextContents({ tool_calls: plain })[1].parts);
    expect(first).toMatchObject({ thoughtSignature: 'skip_thought_signature_validator' });
    expect(second).not.toHaveProperty('thoughtSignature');
  });

  test('brings the signature of a text back on the text', () => {
    const parts = [
      { text: 'Easy.', thought: true },
      { text: 'Four.' },
      { text: '', thoughtSignature: SIGNATURE },
    ];
    const spoken = { candidates: [{ content: { parts }, finishReason: 'STOP' }] } as unknown as JsonObject;
    const message = responseOf(spoken).choices[0]?.message ?? {};
    const [, model] = nextContents(message as object);
    expect(model.parts).toEqual([
      { text: 'Easy.', thought: true },
      { text: 'Four.', thoughtSignature: SIGNATURE },
    ]);
  });
});
