import type { ChatChunk, ChatResponse, JsonObject } from '../../../../lambda/openai/wire.ts';
import { createProvider } from '../../../../lambda/providers/anthropic/index.ts';
import type {
  Call,
  Conversion,
  Provider,
  Route,
  UpstreamRequest,
} from '../../../../lambda/providers/provider.ts';

export const provider = createProvider({ name: 'anthropic', kind: 'anthropic' });

/** A model that thinks by a budget, takes any sampling and has no structured outputs: the most conversion. */
export const OLD = 'claude-sonnet-4-20250514';
export const NEW = 'claude-opus-4-8';

export function callOf(body: JsonObject, headers: Record<string, string> = {}): Call {
  const whole: JsonObject = { model: 'anything', messages: [{ role: 'user', content: 'Hello' }], ...body };
  const bytes = Buffer.from(JSON.stringify(whole));
  return { operation: 'chat', body: whole, bytes, stream: whole.stream === true, headers };
}

export function routeOf(model = OLD, by: Provider = provider): Route {
  return { provider: by, model, key: { apiKey: 'sk-ant-not-a-key' } };
}

export function encode(body: JsonObject, model = OLD, by: Provider = provider): UpstreamRequest {
  return by.encodeRequest(callOf(body), routeOf(model, by));
}

export function bodyOf(request: UpstreamRequest): JsonObject {
  return JSON.parse(Buffer.from(request.body as Uint8Array).toString('utf8'));
}

export function encoded(body: JsonObject, model = OLD): JsonObject {
  return bodyOf(encode(body, model));
}

export function conversion(by: Provider = provider): Conversion {
  if (by.answer.kind !== 'conversion') throw new Error('not a conversion');
  return by.answer;
}

export function decode(answer: unknown, body: JsonObject = {}, model = OLD): ChatResponse {
  return conversion().decodeResponse(answer as JsonObject, callOf(body), routeOf(model));
}

export function decodeEvents(events: unknown[], body: JsonObject = {}, model = OLD): ChatChunk[] {
  const decoder = conversion().decodeStream(callOf({ stream: true, ...body }), routeOf(model));
  return [...events.flatMap((event) => decoder.onEvent(event as JsonObject)), ...decoder.end()];
}

/** What a client makes of a stream's chunks. */
export interface Assembled {
  content: string | null;
  refusal: string | null;
  calls: { id: string | undefined; name: string | undefined; arguments: string }[];
  reasoning: JsonObject[];
  reasoningText: string;
  annotations: unknown[];
  finish: string | null;
}

export function assemble(chunks: ChatChunk[]): Assembled {
  const result: Assembled = {
    content: null,
    refusal: null,
    calls: [],
    reasoning: [],
    reasoningText: '',
    annotations: [],
    finish: null,
  };
  for (const { choices } of chunks) {
    for (const { delta, finish_reason } of choices) {
      result.finish ??= finish_reason;
      if (typeof delta.content === 'string') result.content = (result.content ?? '') + delta.content;
      if (typeof delta.refusal === 'string') result.refusal = (result.refusal ?? '') + delta.refusal;
      result.reasoningText += delta.reasoning_content ?? '';
      result.annotations.push(...(delta.annotations ?? []));
      addReasoning(result.reasoning, delta.reasoning as JsonObject | undefined);
      for (const { index, id, function: called } of delta.tool_calls ?? []) {
        const call = result.calls[index] ?? { id, name: called?.name, arguments: '' };
        call.arguments += called?.arguments ?? '';
        result.calls[index] = call;
      }
    }
  }
  return result;
}

/** Content goes on until an id ends the part; a part with an id is whole. */
function addReasoning(parts: JsonObject[], piece: JsonObject | undefined): void {
  if (piece === undefined) return;
  const last = parts.at(-1);
  if (last === undefined || last.id !== undefined) {
    parts.push(piece.redacted || piece.content !== undefined ? { ...piece } : { content: '', ...piece });
    return;
  }
  if (piece.content !== undefined) last.content = `${last.content ?? ''}${piece.content}`;
  if (piece.id !== undefined) last.id = piece.id;
}

/** What is wrong with a whole answer's chunks, by OpenAI's rules. */
export function faults(chunks: ChatChunk[]): string[] {
  const found: string[] = [];
  const distinct = (values: unknown[]) => new Set(values).size;
  if (distinct(chunks.map(({ id }) => id)) !== 1) found.push('more than one id');
  if (distinct(chunks.map(({ model }) => model)) !== 1) found.push('more than one model');
  if (distinct(chunks.map(({ created }) => created)) !== 1) found.push('more than one created');
  if (chunks.some(({ id, model }) => !id || !model)) found.push('an empty id or model');
  if (chunks.some(({ object }) => object !== 'chat.completion.chunk')) found.push('a wrong object');
  const choices = chunks.flatMap((chunk) => chunk.choices);
  if (choices.filter(({ finish_reason }) => finish_reason !== null).length !== 1)
    found.push('not exactly one finish');
  if (choices.filter(({ delta }) => delta.role).length !== 1) found.push('not exactly one role');
  let seen = -1;
  for (const call of choices.flatMap(({ delta }) => delta.tool_calls ?? [])) {
    if (call.index > seen + 1 || call.index < 0) found.push(`tool index ${call.index} after ${seen}`);
    if (call.index > seen && !(call.id && call.function?.name)) found.push('a call without id or name');
    seen = Math.max(seen, call.index);
  }
  for (const call of assemble(chunks).calls)
    if (!isJson(call.arguments)) found.push(`arguments ${call.arguments}`);
  const usage = chunks.at(-1)?.usage;
  if (usage && usage.prompt_tokens + usage.completion_tokens !== usage.total_tokens)
    found.push('usage does not add up');
  return found;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
