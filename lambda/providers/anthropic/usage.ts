import type { Usage } from '../../openai/wire.ts';
import type { Loose, MessageDeltaUsage, UsageWire } from './wire.ts';

export type AnyUsage = Loose<UsageWire> | Loose<MessageDeltaUsage>;

/**
 * OpenAI's prompt tokens are all of them; Anthropic's `input_tokens` are those that no cache had a part in.
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
 */
export function toUsage(wire: AnyUsage): Usage {
  const created = wire.cache_creation_input_tokens;
  const read = wire.cache_read_input_tokens;
  const prompt = count(wire.input_tokens) + count(created) + count(read);
  const completion = count(wire.output_tokens);
  const thinking = wire.output_tokens_details?.thinking_tokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: count(read), cache_creation_tokens: count(created) },
    ...(typeof thinking === 'number' ? { completion_tokens_details: { reasoning_tokens: thinking } } : {}),
  };
}

/** The figures at a stream's start, corrected by those of a later event: each is the total so far. */
export function corrected(before: AnyUsage | undefined, later: AnyUsage): AnyUsage {
  const told = Object.entries(later).filter(([, value]) => value !== null && value !== undefined);
  return { ...before, ...Object.fromEntries(told) };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
