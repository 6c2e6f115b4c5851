import type { JsonObject } from '../../openai/wire.ts';
import { type Encoding, invalid, unsupported } from './encoding.ts';
import { withoutUndefined } from './json.ts';
import { responseFormat } from './response-format.ts';
import { thinkingConfig } from './thinking.ts';

const HIGHEST_TEMPERATURE = 2;
const MOST_STOP_SEQUENCES = 5;

/** `generationConfig`. https://ai.google.dev/api/generate-content#generationconfig */
export function generationConfig(encoding: Encoding): JsonObject {
  const { body } = encoding;
  const limit = number(body, 'max_completion_tokens') ?? number(body, 'max_tokens');
  return withoutUndefined({
    maxOutputTokens: limit,
    temperature: temperature(encoding),
    topP: number(body, 'top_p'),
    topK: number(body, 'top_k'),
    candidateCount: number(body, 'n'),
    stopSequences: stopSequences(body),
    seed: seed(body),
    presencePenalty: penalty(encoding, 'presence_penalty'),
    frequencyPenalty: penalty(encoding, 'frequency_penalty'),
    ...logprobs(body),
    responseModalities: modalities(body),
    ...responseFormat(encoding),
    thinkingConfig: thinkingConfig(encoding, limit),
  });
}

function number(body: JsonObject, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw invalid(field, `The field ${field} must be a number.`);
  return value;
}

function temperature({ body, dropped }: Encoding): number | undefined {
  const value = number(body, 'temperature');
  if (value === undefined || value <= HIGHEST_TEMPERATURE) return value;
  dropped.add('temperature');
  return HIGHEST_TEMPERATURE;
}

/** Gemini's seed has 31 bits. A larger one is folded: the same seed stays the same. */
function seed(body: JsonObject): number | undefined {
  const value = number(body, 'seed');
  if (value === undefined) return undefined;
  return Math.abs(value) <= 0x7fffffff ? value : Math.trunc(value % 0x80000000);
}

function penalty(
  { body, traits, platform, dropped }: Encoding,
  field: 'presence_penalty' | 'frequency_penalty',
): number | undefined {
  const value = number(body, field);
  const taken = traits.penalties === 'taken' || (traits.penalties === 'vertex' && platform === 'vertex');
  if (value === undefined || taken) return value;
  if (value !== 0) dropped.add(field);
  return undefined;
}

function logprobs(body: JsonObject): JsonObject {
  if (body.logprobs !== true) return {};
  const most = number(body, 'top_logprobs');
  return { responseLogprobs: true, ...(most === undefined || most === 0 ? {} : { logprobs: most }) };
}

function stopSequences(body: JsonObject): string[] | undefined {
  const { stop } = body;
  if (stop === undefined || stop === null) return undefined;
  const listed = Array.isArray(stop) ? stop : [stop];
  const sequences = listed.filter((sequence) => typeof sequence === 'string');
  if (sequences.length < listed.length)
    throw invalid('stop', 'The field stop must be a string or a list of strings.');
  if (sequences.length > MOST_STOP_SEQUENCES)
    throw unsupported('stop', `Gemini takes at most ${MOST_STOP_SEQUENCES} stop sequences.`);
  const useful = sequences.filter((sequence) => sequence !== '');
  return useful.length === 0 ? undefined : useful;
}

function modalities(body: JsonObject): string[] | undefined {
  if (!Array.isArray(body.modalities)) return undefined;
  const names = body.modalities.map(String);
  if (names.some((name) => name.toLowerCase() === 'audio'))
    throw unsupported('modalities', 'Chat answers of Gemini hold no audio.');
  // Text alone is what every model does unasked; saying so fails on models that answer in images.
  return names.every((name) => name === 'text') ? undefined : names.map((name) => name.toUpperCase());
}
