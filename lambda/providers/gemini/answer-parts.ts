import type { JsonObject, ToolCall } from '../../openai/wire.ts';
import { type Signed, signed } from './signatures.ts';
import type { Part } from './wire.ts';

/**
 * Which fields of a part make it what it is, and which of those reach the client. A field that is new to Gemini's types is an
 * error of the type check here, at run time the part is passed over.
 * https://ai.google.dev/api/caching#Part
 */
export const PART_FIELDS = {
  text: 'read',
  thought: 'read',
  thoughtSignature: 'read',
  functionCall: 'read',
  inlineData: 'read',
  // Code that the vendor ran, and its other tools' calls, are no text of the answer.
  executableCode: 'passed over',
  codeExecutionResult: 'passed over',
  toolCall: 'passed over',
  toolResponse: 'passed over',
  functionResponse: 'passed over',
  fileData: 'passed over',
  audioTranscription: 'passed over',
  videoMetadata: 'passed over',
  mediaResolution: 'passed over',
  mediaProcessing: 'passed over',
  partMetadata: 'passed over',
  speechMetadata: 'passed over',
} as const satisfies Record<keyof Part, 'read' | 'passed over'>;

/** As the gateway gives images out, the signature of thoughts on it where there is one. */
export interface Image extends Signed {
  type: 'image_url';
  image_url: { url: string };
}

/** A picture the model made; drafts of a thinking image model are not part of the answer. */
export function imageOf(part: Part): Image | undefined {
  const { mimeType, data } = part.inlineData ?? {};
  const isImage = typeof mimeType === 'string' && mimeType.startsWith('image/');
  if (!isImage || typeof data !== 'string' || part.thought === true) return undefined;
  return {
    type: 'image_url',
    image_url: { url: `data:${mimeType};base64,${data}` },
    ...signed(part.thoughtSignature),
  };
}

/** Fits what other vendors take as an id, should the conversation go on there. */
export function callId(id: unknown, answerId: string, choice: number, index: number): string {
  if (typeof id === 'string' && id !== '') return id;
  const stem = answerId.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 24);
  return `call_${stem}_${choice === 0 ? '' : `${choice}_`}${index}`;
}

/** A whole function call. `{}` where the model gave no arguments. */
export function toolCall(
  part: Part,
  call: NonNullable<Part['functionCall']>,
  id: string,
  fromVendor: (name: string) => string,
): ToolCall & Signed {
  const args = (call.args ?? {}) as JsonObject;
  return {
    id,
    type: 'function',
    function: { name: fromVendor(String(call.name ?? '')), arguments: JSON.stringify(args) },
    ...signed(part.thoughtSignature),
  };
}
