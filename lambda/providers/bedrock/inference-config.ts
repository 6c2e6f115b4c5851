import { InvalidRequest } from '../../errors.ts';
import { merged } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { isBlank } from './content.ts';
import type { Encoding } from './encoding.ts';
import { count } from './json.ts';
import type { InferenceConfig } from './wire.ts';

/** The limit of the whole answer, thoughts included: OpenAI's newer name comes before the older. */
export function tokenLimit(body: JsonObject): number | undefined {
  return number(body, 'max_completion_tokens') ?? number(body, 'max_tokens');
}

/**
 * Token limit, sampling and stop sequences. What the model refuses is left out and named.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html
 */
export function encodeInference(
  body: JsonObject,
  thinks: boolean,
  encoding: Encoding,
): { config: InferenceConfig; more: JsonObject } {
  const { traits, dropped } = encoding;
  const config: InferenceConfig = {};
  const limit = tokenLimit(body);
  if (limit !== undefined) config.maxTokens = limit;
  const stop = stopSequences(body, encoding);
  if (stop.length > 0) config.stopSequences = stop;
  const { temperature, topP, topK } = sampling(body);
  if (traits.sampling === false || thinks) {
    // Thinking runs at temperature 1 and nothing else.
    if (temperature !== undefined && !(thinks && temperature === 1)) dropped.add('temperature');
    if (topP !== undefined) dropped.add('top_p');
    if (topK !== undefined) dropped.add('top_k');
    return { config, more: {} };
  }
  if (temperature !== undefined) config.temperature = lowered(temperature, encoding);
  if (topP !== undefined && temperature !== undefined && traits.sampling === 'one') dropped.add('top_p');
  else if (topP !== undefined) config.topP = topP;
  return { config, more: topK === undefined ? {} : nested(traits.topK, topK) };
}

function sampling(body: JsonObject) {
  return {
    temperature: number(body, 'temperature'),
    topP: number(body, 'top_p'),
    topK: number(body, 'top_k'),
  };
}

function lowered(temperature: number, encoding: Encoding): number {
  const { maxTemperature } = encoding.traits;
  if (maxTemperature === undefined || temperature <= maxTemperature) return temperature;
  encoding.dropped.add('temperature');
  return maxTemperature;
}

function stopSequences(body: JsonObject, encoding: Encoding): string[] {
  const { stop } = body;
  if (stop === undefined || stop === null) return [];
  const all = (Array.isArray(stop) ? stop : [stop]).filter((item) => typeof item === 'string');
  const blank = encoding.traits.family === 'claude' ? isBlank : (item: string) => item === '';
  const usable = encoding.traits.stop ? all.filter((item) => !blank(item)) : [];
  if (usable.length < all.length) encoding.dropped.add('stop');
  return usable;
}

function nested(path: readonly string[], value: number): JsonObject {
  return path
    .toReversed()
    .reduce<JsonObject>((inner, name, index) => ({ [name]: index === 0 ? value : inner }), {});
}

function number(body: JsonObject, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  const found = count(value);
  if (found !== undefined) return found;
  throw new InvalidRequest(`The field ${field} must be a number.`, { param: field, code: 'invalid_type' });
}

/** What a caller wrote in Converse's own words comes last, and so wins. */
export function withOwn(config: InferenceConfig, own: JsonObject | undefined): InferenceConfig {
  return own === undefined ? config : (merged(config as JsonObject, own) as InferenceConfig);
}
