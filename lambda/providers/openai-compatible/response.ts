import { object } from '../../openai/json.ts';
import type { JsonObject, Usage } from '../../openai/wire.ts';

/**
 * The usage in an answer or a stream's chunk. Groq puts a stream's under `x_groq`, Moonshot under the choice, DeepSeek
 * names the cached tokens `prompt_cache_hit_tokens`.
 * https://console.groq.com/docs/api-reference, https://api-docs.deepseek.com/api/create-chat-completion
 */
export function usageOf(answer: JsonObject): Usage | undefined {
  const wire =
    object(answer.usage) ?? object(object(answer.x_groq)?.usage) ?? object(firstChoice(answer)?.usage);
  if (wire === undefined) return undefined;
  const prompt = count(wire.prompt_tokens);
  const completion = count(wire.completion_tokens);
  if (prompt === undefined && completion === undefined) return undefined;
  const cached =
    count(object(wire.prompt_tokens_details)?.cached_tokens) ?? count(wire.prompt_cache_hit_tokens);
  const reasoning = count(object(wire.completion_tokens_details)?.reasoning_tokens);
  return {
    prompt_tokens: prompt ?? 0,
    completion_tokens: completion ?? 0,
    total_tokens: count(wire.total_tokens) ?? (prompt ?? 0) + (completion ?? 0),
    ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

function firstChoice(answer: JsonObject): JsonObject | undefined {
  return Array.isArray(answer.choices) ? object(answer.choices[0]) : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
