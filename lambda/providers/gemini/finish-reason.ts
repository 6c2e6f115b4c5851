import type { FinishReason } from '../../openai/wire.ts';
import type { FinishReasonName } from './wire.ts';

/**
 * Every reason that Gemini knows; one that is new to its types is an error of the type check here, at run time it is `stop`.
 * https://ai.google.dev/api/generate-content#FinishReason
 */
const REASONS: Readonly<Record<FinishReasonName, FinishReason>> = {
  FINISH_REASON_UNSPECIFIED: 'stop',
  STOP: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  LANGUAGE: 'stop',
  OTHER: 'stop',
  MALFORMED_FUNCTION_CALL: 'stop',
  MALFORMED_RESPONSE: 'stop',
  UNEXPECTED_TOOL_CALL: 'stop',
  TOO_MANY_TOOL_CALLS: 'stop',
  NO_IMAGE: 'stop',
  IMAGE_OTHER: 'stop',
};

/** Gemini says STOP after a call too: `hasCalls` makes it what OpenAI says. */
export function finishReason(native: string | undefined, hasCalls: boolean): FinishReason {
  const known = native !== undefined && Object.hasOwn(REASONS, native);
  const reason = known ? REASONS[native as FinishReasonName] : 'stop';
  return reason === 'stop' && hasCalls ? 'tool_calls' : reason;
}
