import { isObject } from '../../openai/json.ts';
import type { ToolCall } from '../../openai/wire.ts';
import type { Content } from './wire.ts';

/**
 * Stands in for a signature that the client did not send back. Gemini 3 refuses the first call of a step without one.
 * https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
 */
export const NO_SIGNATURE = 'skip_thought_signature_validator';

/** What carries a signature through OpenAI's format: the place that Google's own compatible endpoint uses. */
export interface Signed {
  extra_content?: { google: { thought_signature: string } };
}

/** What a call or an image is given to carry its signature. */
export function signed(signature: string | undefined): Signed {
  return signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };
}

/** The signature on a tool call or an image that a client sent back. */
export function signatureOf(carrier: ToolCall | object): string | undefined {
  const extra = (carrier as { extra_content?: unknown }).extra_content;
  const google = isObject(extra) ? extra.google : undefined;
  const signature = isObject(google) ? google.thought_signature : undefined;
  return typeof signature === 'string' && signature !== '' ? signature : undefined;
}

/** Of parallel calls only the first is signed, so one signature anywhere is enough for the step. */
export function signFirstCalls(contents: readonly Content[]): void {
  for (const content of contents) {
    if (content.role !== 'model') continue;
    const calls = content.parts.filter((part) => part.functionCall !== undefined);
    const first = calls[0];
    if (first === undefined || calls.some((part) => part.thoughtSignature !== undefined)) continue;
    first.thoughtSignature = NO_SIGNATURE;
  }
}
