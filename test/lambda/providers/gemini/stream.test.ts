import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { StreamError } from '../../../../lambda/streams/stream-error.ts';
import blocked from '../../../fixtures/gemini/blocked.json' with { type: 'json' };
import grounded from '../../../fixtures/gemini/grounded.json' with { type: 'json' };
import { callOf, conversionOf, routeOf } from './call.ts';
import { assembled, chunksOf, expectValidStream } from './replay.ts';

const fixture = new URL('../../../fixtures/gemini/two-calls.chunks.txt', import.meta.url);
const twoCalls: JsonObject[] = readFileSync(fixture, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line));

function event(parts: object[], candidate: object = {}, more: object = {}): JsonObject {
  return {
    candidates: [{ index: 0, content: { role: 'model', parts }, ...candidate }],
    responseId: 'stream-2',
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    ...more,
  } as unknown as JsonObject;
}

function decoderOf(body: object = {}) {
  const route = routeOf();
  return conversionOf(route).decodeStream(callOf({ stream: true, ...body }), route);
}

describe('A stream', () => {
  test('numbers its tool calls over all events, and finishes once, at the end', () => {
    const chunks = chunksOf(twoCalls);
    expectValidStream(chunks);
    expect(assembled(chunks)).toEqual({
      content: 'Two cities.',
      thoughts: 'Thinking about it.',
      signatures: [],
      calls: [
        {
          id: 'own-1',
          name: 'weather',
          arguments: '{"city":"Oslo"}',
          extra_content: { google: { thought_signature: 'c2lnbmF0dXJl' } },
        },
        { id: 'call_stream-1_1', name: 'time', arguments: '{}' },
      ],
    });
    const finish = chunks.at(-2)?.choices[0];
    expect(finish).toMatchObject({ finish_reason: 'tool_calls', native_finish_reason: 'STOP' });
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 20, completion_tokens: 20, total_tokens: 40 },
    });
  });

  test('gives text and thoughts out event by event', () => {
    const decoder = decoderOf();
    const first = decoder.onEvent(twoCalls[0] ?? {});
    expect(first[0]?.choices[0]?.delta).toEqual({
      role: 'assistant',
      content: null,
      reasoning: { content: 'Thinking about it.' },
      reasoning_content: 'Thinking about it.',
    });
    expect(decoder.onEvent(twoCalls[1] ?? {})).toHaveLength(2);
  });

  test('has the usage chunk only where it was asked for, and the usage always', () => {
    const decoder = decoderOf();
    for (const one of twoCalls) decoder.onEvent(one);
    expect(decoder.end().every(({ usage }) => usage === undefined)).toBe(true);
    expect(decoder.usage?.total_tokens).toBe(40);
  });

  test('keeps the usage when a later event has none', () => {
    const chunks = chunksOf([
      event([{ text: 'a' }]),
      event([], { finishReason: 'STOP' }, { usageMetadata: { trafficType: 'ON_DEMAND' } }),
    ]);
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(2);
  });

  test('tells a signature on empty text', () => {
    const chunks = chunksOf([
      event([{ text: 'Hi' }]),
      event([{ text: '', thoughtSignature: 'c2ln' }], { finishReason: 'STOP' }),
    ]);
    expect(assembled(chunks)).toMatchObject({ content: 'Hi', signatures: ['c2ln'] });
  });

  test('has images, and none of the drafts', () => {
    const inlineData = { mimeType: 'image/png', data: 'AAAA' };
    const chunks = chunksOf([
      event([{ inlineData, thought: true }]),
      event([{ inlineData, thoughtSignature: 'c2ln' }], { finishReason: 'STOP' }),
    ]);
    const images = chunks.flatMap(({ choices }) => choices[0]?.delta.images ?? []);
    expect(images).toEqual([
      {
        type: 'image_url',
        image_url: { url: 'data:image/png;base64,AAAA' },
        extra_content: { google: { thought_signature: 'c2ln' } },
      },
    ]);
  });

  test('keeps candidates apart, calls and finishes too', () => {
    const candidate = (index: number, text: string, finishReason?: string) => ({
      index,
      content: { parts: [{ text }, { functionCall: { name: 'f' } }] },
      finishReason,
    });
    const chunks = chunksOf([
      { candidates: [candidate(0, 'A'), candidate(1, 'B')] } as unknown as JsonObject,
      {
        candidates: [candidate(1, 'b', 'STOP'), candidate(0, 'a', 'MAX_TOKENS')],
        usageMetadata: { promptTokenCount: 1 },
      } as unknown as JsonObject,
    ]);
    expectValidStream(chunks);
    expect(assembled(chunks, 0)).toMatchObject({ content: 'Aa', calls: [{}, {}] });
    expect(assembled(chunks, 1)).toMatchObject({ content: 'Bb', calls: [{}, {}] });
    const finishes = chunks.flatMap(({ choices }) => choices).filter(({ finish_reason }) => finish_reason);
    expect(finishes.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([
      [0, 'length'],
      [1, 'tool_calls'],
    ]);
    expect(new Set(assembled(chunks, 1).calls.map(({ id }) => id)).size).toBe(2);
  });

  test('cites its sources once, before its finish', () => {
    const { candidates, ...head } = grounded;
    const [{ groundingMetadata, finishReason, content }] = candidates as [(typeof candidates)[0]];
    const events = [
      { ...head, candidates: [{ content, groundingMetadata }] },
      { ...head, candidates: [{ groundingMetadata, finishReason }] },
    ] as unknown as JsonObject[];
    const chunks = chunksOf(events, { tools: [{ googleSearch: {} }] });
    expectValidStream(chunks);
    const annotations = chunks.flatMap(({ choices }) => choices[0]?.delta.annotations ?? []);
    expect(annotations).toHaveLength(2);
    expect(annotations[0]).toEqual({
      type: 'url_citation',
      url_citation: { url: 'https://example.com/a', title: 'a', start_index: 7, end_index: 19 },
    });
  });

  test('has log probabilities on the text they belong to', () => {
    const logprobsResult = { chosenCandidates: [{ token: 'a', logProbability: -1 }] };
    const chunks = chunksOf([event([{ text: 'a' }], { logprobsResult, finishReason: 'STOP' })]);
    expect(chunks[0]?.choices[0]).toMatchObject({ delta: { content: 'a' }, logprobs: { refusal: null } });
  });

  test('of a blocked prompt is one refusal with the reason', () => {
    const chunks = chunksOf([blocked as unknown as JsonObject]);
    expectValidStream(chunks);
    expect(chunks[0]?.choices[0]?.delta.refusal).toBe('Gemini blocked the prompt (PROHIBITED_CONTENT).');
    expect(chunks[1]?.choices[0]).toMatchObject({
      finish_reason: 'content_filter',
      native_finish_reason: 'PROHIBITED_CONTENT',
    });
  });

  test('that is blocked after it began is filtered, not cut off', () => {
    const chunks = chunksOf([event([{ text: 'Well' }]), blocked as unknown as JsonObject]);
    expectValidStream(chunks);
    expect(chunks.at(-2)?.choices[0]).toMatchObject({
      finish_reason: 'content_filter',
      native_finish_reason: 'PROHIBITED_CONTENT',
    });
  });

  test('that reports a failure throws it, as its own JSON', () => {
    const failure = { error: { code: 503, message: 'Overloaded', status: 'UNAVAILABLE' } };
    const decoder = decoderOf();
    decoder.onEvent(twoCalls[0] ?? {});
    expect(() => decoder.onEvent(failure)).toThrow(new StreamError(JSON.stringify(failure)));
    expect(() => decoderOf().onEvent([failure] as unknown as JsonObject)).toThrow(StreamError);
  });

  test.each([
    ['before any event', []],
    ['in the middle', [event([{ text: 'Hel' }])]],
    [
      'before all candidates were complete',
      [event([{ text: 'A' }], { finishReason: 'STOP' }), event([{ text: 'B' }], { index: 1 })],
    ],
  ])('that ends %s is an error, never an end', (_when, events) => {
    expect(() => chunksOf(events)).toThrow(
      expect.objectContaining({ status: 502, code: 'upstream_incomplete' }),
    );
  });

  test('goes on over events and parts that are new or hold nothing', () => {
    const chunks = chunksOf([
      {},
      { brandNew: true },
      { candidates: null },
      event([null as unknown as object, { text: 'a' }]),
      { candidates: [{}] },
      event([], { finishReason: 'STOP', content: null }),
    ]);
    expect(assembled(chunks).content).toBe('a');
  });
});
