import { refuseDeep } from '../../openai/ambiguous-body.ts';
import { isObject } from '../../openai/json.ts';
import type { Json, JsonObject, Usage } from '../../openai/wire.ts';
import type { Call } from '../../providers/provider.ts';

const BYTES_PER_TOKEN = 4;
/** What vendors count for a picture, a page or a few seconds of sound. */
const MEDIA_TOKENS = 1_000;
/** What is kept for an answer whose caller sets no limit. */
const COMPLETION_TOKENS = 1_024;
/** More than any request uses: a store of counters holds no number that is much larger. */
const MOST_TOKENS = 1e12;
/** Text in other writings has more tokens than its letters tell; base64 that is no media is counted like text. */
const MEDIA = /^data:|^https?:\/\//;

/**
 * What a call may use, before anyone knows: for a reservation, which the real usage replaces. Throws InvalidRequest (400) for a
 * body that is nested too deeply.
 */
export function estimatedUsage(call: Call): Usage {
  const { model: _, ...content } = call.body;
  const prompt = Math.ceil(tokensIn(content));
  const completion = completionLimit(call);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function completionLimit({ operation, body }: Call): number {
  if (operation !== 'chat' && operation !== 'completions') return 0;
  // Of two that differ nobody knows which one the vendor goes by.
  const limits = [body.max_completion_tokens, body.max_tokens].filter(
    (value) => typeof value === 'number' && value > 0,
  ) as number[];
  const limit = limits.length === 0 ? COMPLETION_TOKENS : Math.max(...limits);
  const choices = Math.max(number(body.n), number(body.best_of), 1);
  const prompts =
    operation === 'completions' && Array.isArray(body.prompt) ? Math.max(body.prompt.length, 1) : 1;
  return Math.min(MOST_TOKENS, Math.ceil(limit) * choices * prompts);
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.floor(value), 128) : 0;
}

function tokensIn(value: Json | undefined, level = 0): number {
  refuseDeep(level);
  if (typeof value === 'string')
    return MEDIA.test(value) ? MEDIA_TOKENS : Buffer.byteLength(value) / BYTES_PER_TOKEN;
  // Token ids, where a prompt or an input is made of them.
  if (typeof value === 'number') return 1;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + tokensIn(item, level + 1), 0);
  return isObject(value) ? tokensInObject(value, level + 1) : 0;
}

function tokensInObject(value: JsonObject, level: number): number {
  const audio = isObject(value.input_audio) || isObject(value.file);
  if (audio) return MEDIA_TOKENS;
  return Object.entries(value).reduce(
    (sum, [name, item]) => sum + name.length / BYTES_PER_TOKEN + tokensIn(item, level),
    0,
  );
}

/** Letters of a relayed frame beside those of its text: ids, names, punctuation. One frame holds about one token. */
const BYTES_PER_FRAME = 200;

/**
 * What an answer used whose vendor did not tell, or did not come to tell: the prompt, and what was delivered of the answer.
 * `bytes` were sent to the caller.
 */
export function deliveredUsage(call: Call, bytes: number): Usage {
  const { prompt_tokens, completion_tokens: limit } = estimatedUsage(call);
  const perToken = call.stream ? BYTES_PER_FRAME : BYTES_PER_TOKEN;
  const completion = limit === 0 ? 0 : Math.ceil(bytes / perToken);
  return { prompt_tokens, completion_tokens: completion, total_tokens: prompt_tokens + completion };
}
