import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../../lambda/errors.ts';
import { parseRequest } from '../../../../lambda/openai/parse-request.ts';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { encoded } from './call.ts';
import { chunksOf, responseOf } from './replay.ts';

const ODD = [
  null,
  '',
  'x',
  7,
  -1,
  true,
  [],
  [null],
  [[]],
  {},
  { a: null },
  { type: 'function' },
  { type: 'x' },
];

const request = {
  model: 'gemini',
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'A' }] },
    {
      role: 'user',
      name: 'n',
      content: [
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        { type: 'file', file: { file_data: 'AAAA', filename: 'a.pdf' } },
        { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
        { type: 'video_url', video_url: { url: 'gs://a/b.mp4' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      reasoning: [{ content: 'x', id: 'AAAA' }],
      images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
      tool_calls: [
        {
          id: 'a',
          type: 'function',
          function: { name: 'f', arguments: '{}' },
          extra_content: { google: { thought_signature: 'AAAA' } },
        },
      ],
    },
    { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: '{"a":1}' }] },
    { role: 'assistant', content: '', function_call: { name: 'f', arguments: '{}' } },
    { role: 'function', name: 'f', content: 'x' },
  ],
  tools: [
    {
      type: 'function',
      function: {
        name: 'f',
        strict: true,
        description: 'd',
        parameters: {
          type: ['object', 'null'],
          properties: {
            a: { $ref: '#/$defs/a' },
            b: { enum: ['x'] },
            c: { type: 'array', items: { const: 1 } },
          },
          required: ['a'],
          anyOf: [{ type: 'null' }],
          allOf: [{ type: 'object' }],
          $defs: { a: { type: 'string' } },
        },
      },
    },
    { googleSearch: {} },
  ],
  tool_choice: {
    type: 'allowed_tools',
    allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
  },
  response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } },
  modalities: ['text'],
  metadata: { a: 'b' },
  stop: ['a'],
  reasoning_effort: 'low',
  reasoning_budget: 5,
  reasoning_enabled: true,
  web_search_options: {},
  extra_body: { google: { thinking_config: {} } },
  generationConfig: { thinkingConfig: {} },
  service_tier: 'flex',
};

/** Every copy of `value` in which one place holds something odd. */
function* mutations(value: unknown): Generator<unknown> {
  yield* ODD;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value))
    for (const mutated of mutations(child)) {
      if (Array.isArray(value)) yield value.with(Number(key), mutated);
      else yield { ...value, [key]: mutated };
    }
}

describe('Whatever a caller sends', () => {
  test.each(['gemini-3-pro-preview', 'gemini-2.0-flash'])(
    'to %s is converted or refused, and never a fault',
    (model) => {
      let seen = 0;
      for (const mutated of mutations(request)) {
        let body: JsonObject;
        try {
          body = parseRequest(Buffer.from(JSON.stringify(mutated)), 'chat');
        } catch {
          continue;
        }
        seen++;
        try {
          encoded(body, model);
        } catch (error) {
          if (!(error instanceof GatewayError)) throw new Error(JSON.stringify(mutated), { cause: error });
          expect(error.status).toBe(400);
          expect(error.param).not.toBeNull();
        }
      }
      expect(seen).toBeGreaterThan(1000);
    },
  );
});

describe('Whatever Gemini answers', () => {
  const answer = {
    candidates: [
      {
        index: 0,
        content: {
          role: 'model',
          parts: [
            { text: 'a', thought: true, thoughtSignature: 'AAAA' },
            { functionCall: { name: 'f', args: { a: 1 }, id: 'x' } },
            {
              functionCall: {
                name: 'g',
                willContinue: true,
                partialArgs: [{ jsonPath: '$.a', stringValue: 'b' }],
              },
            },
            { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
          ],
        },
        finishReason: 'STOP',
        finishMessage: 'm',
        groundingMetadata: {
          groundingChunks: [{ web: { uri: 'https://example.com', title: 't' } }],
          groundingSupports: [{ segment: { startIndex: 0, endIndex: 1 }, groundingChunkIndices: [0] }],
        },
        logprobsResult: {
          chosenCandidates: [{ token: 'a', logProbability: -1 }],
          topCandidates: [{ candidates: [{ token: 'a', logProbability: -1 }] }],
        },
      },
    ],
    promptFeedback: { blockReason: 'SAFETY' },
    usageMetadata: { promptTokenCount: 1, promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 1 }] },
    modelVersion: 'm',
    responseId: 'r',
    createTime: '2026-01-01T00:00:00Z',
  };

  test('is read as far as it can be, streamed or not, or is an error of the vendor’s', () => {
    for (const mutated of mutations(answer)) {
      if (typeof mutated !== 'object' || mutated === null) continue;
      for (const read of [() => responseOf(mutated as JsonObject), () => chunksOf([mutated as JsonObject])]) {
        try {
          read();
        } catch (error) {
          const known = error instanceof GatewayError || (error as Error).name === 'StreamError';
          if (!known) throw new Error(JSON.stringify(mutated), { cause: error });
        }
      }
    }
  });
});
