import { expect } from '@jest/globals';
import type { ChatChunk, ChatResponse, JsonObject, Usage } from '../../../../lambda/openai/wire.ts';
import { callOf, conversionOf, routeOf } from './call.ts';

/** All chunks of a stream, as a caller who asked for usage gets them. */
export function chunksOf(events: JsonObject[], body: object = {}): ChatChunk[] {
  const route = routeOf();
  const call = callOf({ stream: true, stream_options: { include_usage: true }, ...body });
  const decoder = conversionOf(route).decodeStream(call, route);
  return [...events.flatMap((event) => decoder.onEvent(event)), ...decoder.end()];
}

export function responseOf(answer: JsonObject, body: object = {}): ChatResponse {
  const route = routeOf();
  return conversionOf(route).decodeResponse(answer, callOf(body), route);
}

/** What a client makes of one choice's deltas. */
export function assembled(chunks: ChatChunk[], index = 0) {
  const calls: { id: string; name: string; arguments: string; extra_content?: unknown }[] = [];
  let content = '';
  let thoughts = '';
  const signatures: string[] = [];
  for (const choice of chunks.flatMap(({ choices }) => choices).filter((found) => found.index === index)) {
    content += choice.delta.content ?? '';
    thoughts += choice.delta.reasoning?.content ?? '';
    if (choice.delta.reasoning?.id !== undefined) signatures.push(choice.delta.reasoning.id);
    for (const piece of choice.delta.tool_calls ?? []) {
      if (piece.id !== undefined) {
        expect(piece.index).toBe(calls.length);
        const { extra_content } = piece as { extra_content?: unknown };
        calls.push({
          id: piece.id,
          name: piece.function?.name ?? '',
          arguments: '',
          ...(extra_content === undefined ? {} : { extra_content }),
        });
      }
      const call = calls[piece.index];
      if (call === undefined) throw new Error(`a piece of call ${piece.index} came before the call`);
      call.arguments += piece.function?.arguments ?? '';
    }
  }
  return { content, thoughts, signatures, calls };
}

/** What holds for every stream, whatever is in it. */
export function expectValidStream(chunks: ChatChunk[]): void {
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  expect(new Set(chunks.map(({ model }) => model)).size).toBe(1);
  expect(new Set(chunks.map(({ created }) => created)).size).toBe(1);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  for (const index of new Set(choices.map((choice) => choice.index))) {
    const own = choices.filter((choice) => choice.index === index);
    expect(own.filter(({ finish_reason }) => finish_reason !== null)).toHaveLength(1);
    expect(own.at(-1)?.finish_reason).not.toBeNull();
    expect(own.filter(({ delta }) => delta.role === 'assistant')).toHaveLength(1);
    for (const call of assembled(chunks, index).calls) expectCall(call);
  }
  expectUsage(chunks.at(-1)?.usage ?? undefined);
}

export function expectValidResponse(response: ChatResponse): void {
  expect(response.choices.length).toBeGreaterThan(0);
  for (const { message, finish_reason } of response.choices) {
    expect(['stop', 'length', 'tool_calls', 'content_filter']).toContain(finish_reason);
    expect(message.content === null || typeof message.content === 'string').toBe(true);
    for (const { id, function: called } of message.tool_calls ?? []) expectCall({ id, ...called });
  }
  if (response.usage !== undefined) expectUsage(response.usage);
}

function expectCall(call: { id: string; name: string; arguments: string }): void {
  expect(call.id).not.toBe('');
  expect(call.name).not.toBe('');
  expect(typeof JSON.parse(call.arguments)).toBe('object');
}

function expectUsage(usage: Usage | undefined): void {
  if (usage === undefined) throw new Error('the usage is missing');
  expect(usage.prompt_tokens + usage.completion_tokens).toBe(usage.total_tokens);
  expect(usage.completion_tokens_details?.reasoning_tokens ?? 0).toBeLessThanOrEqual(usage.completion_tokens);
}
