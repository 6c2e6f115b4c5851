import type { FinishReason } from '../../openai/wire.ts';
import type { StopReason } from './wire.ts';

/**
 * Converse's stop reason in OpenAI's words. `calls`: the answer holds calls of the caller's tools; some models call and say
 * `end_turn`, and a call of the JSON answer's tool is none.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#bedrock-runtime_Converse-response-stopReason
 */
export function finishReason(stopReason: string | undefined, calls: boolean): FinishReason {
  const reason = stopReason as StopReason | undefined;
  switch (reason) {
    case 'end_turn':
    case 'stop_sequence':
    case 'tool_use':
      return calls ? 'tool_calls' : 'stop';
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'content_filtered':
    case 'guardrail_intervened':
      return 'content_filter';
    case 'malformed_model_output':
    case 'malformed_tool_use':
    case undefined:
      return 'stop';
    default:
      reason satisfies never;
      return 'stop';
  }
}
