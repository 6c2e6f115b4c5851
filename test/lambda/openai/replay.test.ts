import { expect, test } from '@jest/globals';
import { replayAsStream } from '../../../lambda/openai/replay.ts';
import type { JsonObject } from '../../../lambda/openai/wire.ts';
import { frameData, frames } from '../../../lambda/streams/sse.ts';
import { completion } from '../../support/fake-upstream.ts';

const USAGE = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
const HEAD = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'gpt-test-2026' };

/** The stream's chunks; the last data must be `[DONE]`. */
function chunksOf(answer: object, includeUsage = false): JsonObject[] {
  const data = [...frames(replayAsStream(answer as JsonObject, includeUsage))].map(frameData);
  expect(data.pop()).toBe('[DONE]');
  return data.map((text) => JSON.parse(text ?? '') as JsonObject);
}

test('a chat completion becomes a chunk with everything, one with the finish reason, and [DONE]', () => {
  const head = { ...HEAD, object: 'chat.completion.chunk' };
  expect(chunksOf(completion('Hi there'))).toEqual([
    {
      ...head,
      choices: [
        {
          index: 0,
          delta: { role: 'assistant', content: 'Hi there', refusal: null },
          logprobs: null,
          finish_reason: null,
        },
      ],
    },
    { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  ]);
});

test('the usage comes in a chunk without choices, where it was asked for', () => {
  expect(chunksOf(completion('Hi'), true).at(-1)).toEqual({
    ...HEAD,
    object: 'chat.completion.chunk',
    choices: [],
    usage: USAGE,
  });
});

test('an answer without usage has no usage chunk', () => {
  const { usage: _, ...answer } = completion('Hi') as JsonObject;
  expect(chunksOf(answer, true)).toHaveLength(2);
});

test('tool calls get the index that a stream numbers them by', () => {
  const call = (id: string) => ({ id, type: 'function', function: { name: 'weather', arguments: '{}' } });
  const message = { role: 'assistant', content: null, tool_calls: [call('call_a'), call('call_b')] };
  const choices = [{ index: 0, message, finish_reason: 'tool_calls' }];
  const [content, first, second, finish] = chunksOf(completion('', { choices }));
  expect(content).toMatchObject({ choices: [{ delta: { role: 'assistant', content: null } }] });
  expect(first).toMatchObject({ choices: [{ delta: { tool_calls: [{ index: 0, ...call('call_a') }] } }] });
  expect(second).toMatchObject({ choices: [{ delta: { tool_calls: [{ index: 1, ...call('call_b') }] } }] });
  expect(finish).toMatchObject({ choices: [{ delta: {}, finish_reason: 'tool_calls' }] });
});

test('several choices keep their numbers', () => {
  const choice = (index: number) => ({
    index,
    message: { role: 'assistant', content: `answer ${index}` },
    finish_reason: index === 0 ? 'stop' : 'length',
  });
  const [first, second, finish] = chunksOf(completion('', { choices: [choice(0), choice(1)] }));
  expect(first).toMatchObject({ choices: [{ index: 0, delta: { content: 'answer 0' } }] });
  expect(second).toMatchObject({ choices: [{ index: 1, delta: { content: 'answer 1' } }] });
  expect(finish).toMatchObject({
    choices: [
      { index: 0, finish_reason: 'stop' },
      { index: 1, finish_reason: 'length' },
    ],
  });
});

test('a legacy completion keeps its own form', () => {
  const choices = [{ index: 0, text: 'Once', logprobs: null, finish_reason: 'stop' }];
  const answer = { ...HEAD, object: 'text_completion', choices, usage: USAGE };
  expect(chunksOf(answer, true)).toEqual([
    {
      ...HEAD,
      object: 'text_completion',
      choices: [{ index: 0, text: 'Once', logprobs: null, finish_reason: null }],
    },
    { ...HEAD, object: 'text_completion', choices: [{ index: 0, text: '', finish_reason: 'stop' }] },
    { ...HEAD, object: 'text_completion', choices: [], usage: USAGE },
  ]);
});

test('fields that nobody knows here come along', () => {
  const answer = completion('Hi', { system_fingerprint: 'fp_1', service_tier: 'flex' });
  for (const chunk of chunksOf(answer)) {
    expect(chunk).toMatchObject({ system_fingerprint: 'fp_1', service_tier: 'flex' });
  }
});
