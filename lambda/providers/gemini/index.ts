import { isObject } from '../../openai/json.ts';
import type { Call, Provider, Route, UpstreamRequest } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import { joinUrl } from '../url.ts';
import { authorize } from './auth.ts';
import { embeddingConversion, encodeEmbeddings } from './embeddings.ts';
import type { Platform } from './encoding.ts';
import { decodeError } from './error.ts';
import { fetchesItself } from './media.ts';
import { encodeChat } from './request.ts';
import { decodeResponse } from './response.ts';
import { GeminiStreamDecoder } from './stream.ts';
import { baseUrl, modelUrl } from './url.ts';

/** Headers that mean something to other vendors only. */
const FOREIGN_HEADER = /^(openai-|anthropic-|x-stainless-)/;

/** Gemini on AI Studio (kind `gemini`) or on Vertex (kind `vertex`). https://ai.google.dev/api */
export function createProvider(settings: ProviderSettings, host?: Platform): Provider {
  const platform = host ?? (settings.kind === 'vertex' ? 'vertex' : 'gemini');
  return {
    name: settings.name,
    answer: {
      kind: 'conversion',
      framing: 'sse',
      decodeResponse,
      decodeStream: (call, route) => new GeminiStreamDecoder(call, route),
      embeddings: embeddingConversion(platform),
    },
    encodeRequest: (call, route) => encodeRequest(call, route, settings, platform),
    encodeRaw(call, key) {
      // Google's clients write the version, which the base URL has already.
      const target = call.target.replace(/^\/v\d+(?:alpha|beta)\d*(?=\/)/, '');
      const url = joinUrl(baseUrl(platform, settings, key), target);
      return { method: call.method, url, headers: { ...call.headers, ...settings.headers }, body: call.body };
    },
    authorize: (request, key) => authorize(request, key, platform),
    decodeError,
    needsInline: (url) => !fetchesItself(url),
    modelsOf,
  };
}

function encodeRequest(
  call: Call,
  route: Route,
  settings: ProviderSettings,
  platform: Platform,
): UpstreamRequest {
  const { method, body, dropped } = encodeBody(call, route, platform);
  const forwarded = Object.entries(call.headers).filter(([name]) => !FOREIGN_HEADER.test(name));
  return {
    method: 'POST',
    url: modelUrl(platform, settings, route.key, route.model, method),
    headers: {
      ...Object.fromEntries(forwarded),
      accept: call.stream ? 'text/event-stream' : 'application/json',
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      ...settings.headers,
    },
    body: Buffer.from(JSON.stringify(body)),
    dropped,
  };
}

function encodeBody(call: Call, route: Route, platform: Platform) {
  if (call.operation === 'embeddings') return encodeEmbeddings(call, route, platform);
  const method = call.stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
  return { method, ...encodeChat(call, route, platform) };
}

/** AI Studio's `GET /models`, and Vertex's of the publisher. https://ai.google.dev/api/models#method:-models.list */
function modelsOf(answer: unknown): { id: string }[] {
  if (!isObject(answer)) return [];
  const listed = Array.isArray(answer.models) ? answer.models : answer.publisherModels;
  return (Array.isArray(listed) ? listed : []).flatMap((model) =>
    isObject(model) && typeof model.name === 'string' ? [{ id: model.name.replace(/^.*models\//, '') }] : [],
  );
}
