import type { ChatChunk, JsonObject } from '../../../../lambda/openai/wire.ts';
import { createProvider } from '../../../../lambda/providers/bedrock/index.ts';
import type {
  Call,
  Conversion,
  Provider,
  ProviderKey,
  Route,
  UpstreamRequest,
} from '../../../../lambda/providers/provider.ts';
import type { ProviderSettings } from '../../../../lambda/providers/settings.ts';

export const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
export const NOVA = 'amazon.nova-pro-v1:0';
export const HELLO = [{ role: 'user', content: 'Hello' }];

export function provider(settings: Partial<ProviderSettings> = {}): Provider {
  return createProvider({ name: 'bedrock', kind: 'bedrock', region: 'us-east-1', ...settings });
}

export function conversion(of: Provider = provider()): Conversion {
  if (of.answer.kind !== 'conversion') throw new Error('Bedrock converts.');
  return of.answer;
}

export function callOf(body: object, more: Partial<Call> = {}): Call {
  const whole = { model: 'bedrock/x', messages: HELLO, ...body } as JsonObject;
  return {
    operation: 'chat',
    body: whole,
    bytes: Buffer.from(JSON.stringify(whole)),
    stream: whole.stream === true,
    headers: {},
    ...more,
  };
}

export function routeOf(model = CLAUDE, key: ProviderKey = {}, of = provider()): Route {
  return { provider: of, model, key };
}

/** The Converse body that a chat request comes to. */
export function encoded(body: object, model = CLAUDE): JsonObject {
  return bodyOf(encodedRequest(body, model));
}

export function encodedRequest(body: object, model = CLAUDE): UpstreamRequest {
  const route = routeOf(model);
  return route.provider.encodeRequest(callOf(body), route);
}

export function bodyOf(request: UpstreamRequest): JsonObject {
  return JSON.parse(Buffer.from(request.body as Uint8Array).toString()) as JsonObject;
}

export function dropped(body: object, model = CLAUDE): readonly string[] {
  return encodedRequest(body, model).dropped ?? [];
}

/** All chunks of a stream of events. */
export function streamed(events: readonly object[], body: object = {}, model = CLAUDE): ChatChunk[] {
  const decoder = conversion().decodeStream(callOf({ stream: true, ...body }), routeOf(model));
  return [...events.flatMap((event) => decoder.onEvent(event as JsonObject)), ...decoder.end()];
}

export function answered(answer: object, body: object = {}, model = CLAUDE) {
  return conversion().decodeResponse(answer as JsonObject, callOf(body), routeOf(model));
}

/** A Converse answer of these blocks. */
export function converseAnswer(
  content: readonly object[],
  stopReason = 'end_turn',
  more: object = {},
): object {
  return {
    output: { message: { role: 'assistant', content } },
    stopReason,
    usage: { inputTokens: 5, outputTokens: 7, totalTokens: 12 },
    metrics: { latencyMs: 1 },
    ...more,
  };
}

export function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
