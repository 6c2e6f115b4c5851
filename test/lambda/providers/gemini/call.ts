import type { JsonObject, Operation } from '../../../../lambda/openai/wire.ts';
import { createProvider } from '../../../../lambda/providers/gemini/index.ts';
import type { Call, Conversion, ProviderKey, Route } from '../../../../lambda/providers/provider.ts';

/** One call of a caller as the gateway hands it to the provider. */
export function callOf(body: object, operation: Operation = 'chat'): Call {
  const json = { model: 'gemini', ...body } as JsonObject;
  return {
    operation,
    body: json,
    bytes: Buffer.from(JSON.stringify(json)),
    stream: json.stream === true,
    headers: {},
  };
}

export function routeOf(
  model = 'gemini-3-pro-preview',
  kind: 'gemini' | 'vertex' = 'gemini',
  key: ProviderKey = kind === 'vertex'
    ? { accessToken: 'not-a-token', project: 'p' }
    : { apiKey: 'not-a-key' },
): Route {
  return { provider: createProvider({ name: kind, kind }), model, key };
}

/** What goes upstream for `body`: the parsed JSON, and the fields that were dropped. */
export function encoded(body: object, model?: string, kind?: 'gemini' | 'vertex') {
  const route = routeOf(model, kind);
  const call = callOf({ messages: [{ role: 'user', content: 'Hi' }], ...body });
  const request = route.provider.encodeRequest(call, route);
  return { request, dropped: request.dropped ?? [], body: JSON.parse(String(request.body)) };
}

export function conversionOf(route: Route): Conversion {
  if (route.provider.answer.kind !== 'conversion') throw new Error('Gemini converts.');
  return route.provider.answer;
}
