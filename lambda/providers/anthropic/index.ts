import type { Provider } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import { decodeError } from './error.ts';
import { anthropicHost, type Host } from './host.ts';
import { isFetchable } from './media-types.ts';
import { modelsOf } from './models.ts';
import { encodeRaw } from './raw.ts';
import { encodeRequest } from './request.ts';
import { decodeResponse } from './response.ts';
import { MessageStream } from './stream.ts';

/** A provider that speaks Anthropic's Messages API, wherever it lives. https://platform.claude.com/docs/en/api/messages */
export function createProvider(settings: ProviderSettings, host: Host = anthropicHost(settings)): Provider {
  const extra = settings.headers ?? {};
  return {
    name: settings.name,
    answer: {
      kind: 'conversion',
      framing: 'sse',
      decodeResponse: (answer, call, route) => decodeResponse(answer, call, route, host),
      decodeStream: (call, route) => new MessageStream(call, route, host),
    },
    encodeRequest(call, route) {
      const request = encodeRequest(call, route, host);
      return { ...request, headers: { ...request.headers, ...extra } };
    },
    encodeRaw(call, key) {
      const request = encodeRaw(call, key, host);
      return { ...request, headers: { ...request.headers, ...extra } };
    },
    authorize: host.authorize,
    decodeError,
    needsInline: (url) =>
      /^http:/i.test(url) || (/^https:/i.test(url) && !(host.fetchesMedia && isFetchable(url))),
    modelsOf,
  };
}
