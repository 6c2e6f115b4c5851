import { object } from '../../openai/json.ts';
import type { Usage } from '../../openai/wire.ts';
import { count } from './json.ts';

/**
 * Converse counts cached tokens apart from its `inputTokens`, OpenAI within the prompt's.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
 */
export function usageOf(value: unknown): Usage | undefined {
  const wire = object(value);
  const input = count(wire?.inputTokens);
  const output = count(wire?.outputTokens);
  if (wire === undefined || (input === undefined && output === undefined)) return undefined;
  const read = count(wire.cacheReadInputTokens);
  const written = count(wire.cacheWriteInputTokens);
  const prompt = (input ?? 0) + (read ?? 0) + (written ?? 0);
  const details = {
    ...(read === undefined ? {} : { cached_tokens: read }),
    ...(written === undefined ? {} : { cache_creation_tokens: written }),
  };
  return {
    prompt_tokens: prompt,
    completion_tokens: output ?? 0,
    total_tokens: prompt + (output ?? 0),
    ...(Object.keys(details).length === 0 ? {} : { prompt_tokens_details: details }),
  };
}
