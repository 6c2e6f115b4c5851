import { InvalidRequest } from '../../errors.ts';
import type { Call, Provider, Route, UpstreamRequest } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import { authorize } from './auth.ts';
import { embeddings, encodeEmbedding } from './embeddings.ts';
import { decodeError } from './error.ts';
import { encodeChat } from './request.ts';
import { decodeResponse } from './response.ts';
import { decodeStream } from './stream.ts';
import { modelPath, upstreamUrl } from './url.ts';

/** Amazon Bedrock by its Converse API: any model that chats. */
export function createProvider(settings: ProviderSettings): Provider {
  const extra = settings.headers ?? {};
  return {
    name: settings.name,
    answer: { kind: 'conversion', framing: 'aws-event-stream', decodeResponse, decodeStream, embeddings },
    encodeRequest(call, route) {
      const { body, dropped, action } = encode(call, route);
      const accept = action === 'converse-stream' ? 'application/vnd.amazon.eventstream' : 'application/json';
      return {
        method: 'POST',
        url: upstreamUrl(settings, route.key, modelPath(route.model, action), route.model),
        headers: {
          ...forwarded(call.headers),
          accept,
          'content-type': 'application/json',
          'accept-encoding': 'identity',
          ...extra,
        },
        body: Buffer.from(JSON.stringify(body)),
        ...(dropped.length === 0 ? {} : { dropped }),
      };
    },
    encodeRaw(call, key): UpstreamRequest {
      const url = upstreamUrl(settings, key, call.target);
      return { method: call.method, url, headers: { ...call.headers, ...extra }, body: call.body };
    },
    authorize: (request, key) => authorize(request, key, settings),
    decodeError,
    // Converse reads S3 itself, and nothing else.
    needsInline: (url) => /^https?:/i.test(url),
  };
}

function encode(call: Call, route: Route) {
  switch (call.operation) {
    case 'chat':
      return {
        ...encodeChat(call, route.model),
        action: call.stream ? 'converse-stream' : 'converse',
      } as const;
    case 'embeddings':
      return { ...encodeEmbedding(call, route.model), action: 'invoke' } as const;
    case 'completions':
    case 'moderations':
      throw new InvalidRequest(`Bedrock has no ${call.operation} of this kind.`, {
        param: 'model',
        code: 'unsupported_operation',
      });
    default:
      return call.operation satisfies never;
  }
}

/** Headers of OpenAI's and of Anthropic's clients mean nothing here; trace and idempotency headers do no harm. */
function forwarded(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(openai-|anthropic-|x-stainless-)/.test(name)),
  );
}
