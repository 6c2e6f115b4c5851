import { isObject, merged } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { applyRules, vendorFields } from '../field-rules.ts';
import type { Call, Route } from '../provider.ts';
import { conversation } from './contents.ts';
import { type Encoding, encodingOf, type Platform } from './encoding.ts';
import { FIELDS } from './fields.ts';
import { generationConfig } from './generation-config.ts';
import { withoutUndefined } from './json.ts';
import { toolFields } from './tools.ts';

/** A chat request in Gemini's format, and what was left out of it. */
export interface EncodedBody {
  readonly body: JsonObject;
  readonly dropped: readonly string[];
}

/**
 * OpenAI's chat request as `GenerateContentRequest`. What only Gemini knows (`safetySettings`, `cachedContent`,
 * `generationConfig`, …) is put upon it last. Throws InvalidRequest that names the field.
 * https://ai.google.dev/api/generate-content
 */
export function encodeChat(call: Call, route: Route, platform: Platform): EncodedBody {
  const encoding = encodingOf(call, route, platform);
  applyRules(call.body, FIELDS, encoding.dropped);
  const { systemInstruction, contents } = conversation(encoding);
  const request = withoutUndefined({
    contents: contents as unknown as JsonObject[],
    systemInstruction: systemInstruction as unknown as JsonObject | undefined,
    ...toolFields(encoding),
    ...platformFields(encoding),
  });
  const config = generationConfig(encoding);
  if (Object.keys(config).length > 0) request.generationConfig = config;
  const body = merged(merged(request, extraBody(call.body)), vendorFields(call.body, FIELDS));
  return { body, dropped: [...encoding.dropped] };
}

/** Fields that only one of the two platforms has. */
function platformFields({ body, platform, dropped }: Encoding): JsonObject {
  const fields: JsonObject = {};
  if (isObject(body.metadata) && Object.keys(body.metadata).length > 0) {
    if (platform === 'vertex') fields.labels = labels(body.metadata);
    else dropped.add('metadata');
  }
  const tier = body.service_tier;
  if (tier === 'flex' || tier === 'priority') {
    if (platform === 'gemini') fields.serviceTier = tier;
    else dropped.add('service_tier');
  } else if (tier === 'scale' || tier === 'fast') {
    dropped.add('service_tier');
  }
  return fields;
}

/** https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference#request (labels) */
function labels(metadata: JsonObject): JsonObject {
  const word = (text: string) =>
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]/g, '_')
      .slice(0, 63);
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => {
      const name = word(key);
      return [/^[a-z]/.test(name) ? name : `k${name}`.slice(0, 63), word(String(value))];
    }),
  );
}

/**
 * The place where Google's own OpenAI-compatible endpoint takes what is Gemini's.
 * https://ai.google.dev/gemini-api/docs/openai#extra-body
 */
function extraBody(body: JsonObject): JsonObject {
  const extra = isObject(body.extra_body) ? body.extra_body : undefined;
  if (extra === undefined) return {};
  const { google, ...rest } = extra;
  if (!isObject(google)) return rest;
  const { thinking_config: thinking, cached_content: cached, ...more } = google;
  return withoutUndefined({
    ...rest,
    ...more,
    cachedContent: cached,
    generationConfig: isObject(thinking) ? { thinkingConfig: thinking } : undefined,
  });
}
