import type { RefusalStopDetails } from '@anthropic-ai/sdk/resources/messages';
import type { FinishReason } from '../../openai/wire.ts';
import { ignored, type Loose, type StopReason } from './wire.ts';

/**
 * The vendor's reason in OpenAI's words; one that is new is a `stop`. `calls`: the answer calls a tool of the client's.
 * https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
 */
export function finishReason(reason: StopReason | null | undefined, calls: boolean): FinishReason {
  switch (reason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return calls ? 'tool_calls' : 'stop';
    case 'refusal':
      return 'content_filter';
    case 'end_turn':
    case 'stop_sequence':
    case 'pause_turn':
    case null:
    case undefined:
      return 'stop';
    default:
      ignored(reason);
      return 'stop';
  }
}

/** Why the model refused, in a sentence: the vendor does not always give one. */
export function refusalText(
  reason: string | null | undefined,
  details: Loose<RefusalStopDetails> | null | undefined,
): string | null {
  if (reason !== 'refusal') return null;
  const category = details?.category;
  return details?.explanation ?? `The model refused to answer${category ? ` (${category})` : ''}.`;
}
