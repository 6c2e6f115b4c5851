import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import blocked from '../../../fixtures/gemini/blocked.json' with { type: 'json' };
import grounded from '../../../fixtures/gemini/grounded.json' with { type: 'json' };
import { expectValidResponse, responseOf } from './replay.ts';

function answer(parts: object[], more: object = {}, candidate: object = {}): JsonObject {
  return {
    candidates: [{ index: 0, content: { role: 'model', parts }, finishReason: 'STOP', ...candidate }],
    modelVersion: 'gemini-test-001',
    responseId: 'answer-1',
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 },
    ...more,
  } as unknown as JsonObject;
}

describe('An answer', () => {
  test('of text is a message of one string', () => {
    const response = responseOf(answer([{ text: 'Hello' }, { text: ' there ' }]));
    expectValidResponse(response);
    expect(response).toMatchObject({ id: 'answer-1', object: 'chat.completion', model: 'gemini-test-001' });
    expect(response.choices[0]).toEqual({
      index: 0,
      message: { role: 'assistant', content: 'Hello there ', refusal: null },
      finish_reason: 'stop',
      native_finish_reason: 'STOP',
    });
  });

  test('has the time that Vertex tells', () => {
    const response = responseOf(answer([], { createTime: '2026-01-02T03:04:05.5Z' }));
    expect(response.created).toBe(Date.UTC(2026, 0, 2, 3, 4, 5) / 1000);
  });

  test('of several calls keeps them all, with ids, names and whole arguments', () => {
    const call = (name: string, args?: object, id?: string) => ({ functionCall: { name, args, id } });
    const { choices } = responseOf(answer([{ text: 'Let me see' }, call('a', { x: 1 }, 'v-1'), call('b')]));
    expect(choices[0]?.finish_reason).toBe('tool_calls');
    expect(choices[0]?.native_finish_reason).toBe('STOP');
    expect(choices[0]?.message.content).toBe('Let me see');
    expect(choices[0]?.message.tool_calls).toEqual([
      { id: 'v-1', type: 'function', function: { name: 'a', arguments: '{"x":1}' } },
      { id: 'call_answer-1_1', type: 'function', function: { name: 'b', arguments: '{}' } },
    ]);
  });

  test('gives a renamed tool its own name back', () => {
    const tools = [{ type: 'function', function: { name: '9 lives!' } }];
    const { choices } = responseOf(answer([{ functionCall: { name: '_9_lives_' } }]), { tools });
    expect(choices[0]?.message.tool_calls?.[0]?.function.name).toBe('9 lives!');
  });

  test('has thoughts beside the text, and the signature with them', () => {
    const { choices } = responseOf(
      answer([
        { text: 'Hm. ', thought: true },
        { text: 'So.', thought: true },
        { text: 'Yes', thoughtSignature: 'c2ln' },
      ]),
    );
    expect(choices[0]?.message).toMatchObject({
      content: 'Yes',
      reasoning: [{ content: 'Hm. So.', id: 'c2ln' }],
      reasoning_content: 'Hm. So.',
    });
  });

  test('carries the signature of a call on the call', () => {
    const { choices } = responseOf(answer([{ functionCall: { name: 'a' }, thoughtSignature: 'c2ln' }]));
    expect(choices[0]?.message.tool_calls?.[0]?.extra_content).toEqual({
      google: { thought_signature: 'c2ln' },
    });
    expect(choices[0]?.message.reasoning).toBeUndefined();
  });

  test('has images beside the text, drafts not', () => {
    const image = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
    const { choices } = responseOf(answer([{ ...image, thought: true }, image]));
    expect(choices[0]?.message).toMatchObject({
      content: null,
      images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
    });
  });

  test('takes code that the vendor ran, and parts it does not know, for no text', () => {
    const { choices } = responseOf(
      answer([
        { executableCode: { language: 'PYTHON', code: 'print(1)' } },
        { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
        { brandNew: { text: 'x' } },
        { text: 'One' },
      ]),
    );
    expect(choices[0]?.message.content).toBe('One');
  });

  test('keeps every candidate under its own index', () => {
    const candidate = (index: number, text: string) => ({
      index,
      content: { parts: [{ text }] },
      finishReason: 'STOP',
    });
    const { choices } = responseOf({
      candidates: [candidate(1, 'B'), candidate(0, 'A')],
    } as unknown as JsonObject);
    expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
      [1, 'B'],
      [0, 'A'],
    ]);
  });

  test('has log probabilities as OpenAI writes them', () => {
    const logprobsResult = {
      chosenCandidates: [{ token: 'é', tokenId: 5, logProbability: -0.5 }],
      topCandidates: [{ candidates: [{ token: 'e', logProbability: -1 }] }],
    };
    const { choices } = responseOf(answer([{ text: 'é' }], {}, { logprobsResult }));
    expect(choices[0]?.logprobs).toEqual({
      content: [
        {
          token: 'é',
          logprob: -0.5,
          bytes: [195, 169],
          top_logprobs: [{ token: 'e', logprob: -1, bytes: [101] }],
        },
      ],
      refusal: null,
    });
  });

  test('cites its sources by characters, where Gemini counts bytes', () => {
    const { message } = responseOf(grounded as unknown as JsonObject).choices[0] ?? {};
    const text = message?.content ?? '';
    const cited = (message?.annotations ?? []).map(
      (annotation) =>
        (annotation as { url_citation: { start_index: number; end_index: number; url: string } })
          .url_citation,
    );
    expect(cited.map(({ url, start_index, end_index }) => [url, text.slice(start_index, end_index)])).toEqual(
      [
        ['https://example.com/a', 'Größe zählt.'],
        ['https://example.com/b', ''],
      ],
    );
  });
});

describe('Why an answer ended', () => {
  test.each([
    ['MAX_TOKENS', 'length'],
    ['CONTINUATION', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['BLOCKLIST', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['SPII', 'content_filter'],
    ['IMAGE_SAFETY', 'content_filter'],
    ['MALFORMED_FUNCTION_CALL', 'stop'],
    ['OTHER', 'stop'],
    ['SOMETHING_NEW', 'stop'],
    ['toString', 'stop'],
  ])('%s is %s, and stands beside it', (native, reason) => {
    const { choices } = responseOf(answer([{ text: 'x' }], {}, { finishReason: native }));
    expect(choices[0]).toMatchObject({ finish_reason: reason, native_finish_reason: native });
  });

  test('tells the words of the filter as a refusal', () => {
    const candidate = { finishReason: 'IMAGE_SAFETY', finishMessage: 'Not this one.' };
    const { choices } = responseOf(answer([], {}, candidate));
    expect(choices[0]?.message).toEqual({ role: 'assistant', content: null, refusal: 'Not this one.' });
  });

  test('is the prompt where that was blocked: one choice, filtered, with the reason', () => {
    const response = responseOf(blocked as unknown as JsonObject);
    expectValidResponse(response);
    expect(response.choices).toEqual([
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          refusal: 'Gemini blocked the prompt (PROHIBITED_CONTENT).',
        },
        finish_reason: 'content_filter',
        native_finish_reason: 'PROHIBITED_CONTENT',
      },
    ]);
    expect(response.usage?.total_tokens).toBe(12);
  });

  test('is an error where nothing was answered at all', () => {
    expect(() => responseOf({ usageMetadata: { promptTokenCount: 1 } })).toThrow(
      expect.objectContaining({ status: 502, code: 'upstream_invalid_response' }),
    );
  });
});

describe('The usage', () => {
  test('counts thoughts as completion and the tools’ prompts as prompt, so that it adds up', () => {
    const usageMetadata = {
      promptTokenCount: 10,
      toolUsePromptTokenCount: 5,
      candidatesTokenCount: 20,
      thoughtsTokenCount: 30,
      cachedContentTokenCount: 4,
      totalTokenCount: 65,
      promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 3 }],
    };
    expect(responseOf(answer([{ text: 'x' }], { usageMetadata })).usage).toEqual({
      prompt_tokens: 15,
      completion_tokens: 50,
      total_tokens: 65,
      prompt_tokens_details: { cached_tokens: 4, audio_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 30 },
    });
  });

  test('is absent where Gemini counts nothing', () => {
    expect(
      responseOf(answer([{ text: 'x' }], { usageMetadata: { trafficType: 'ON_DEMAND' } })).usage,
    ).toBeUndefined();
  });
});
