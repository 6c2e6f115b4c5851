import type { ChatMessage } from '../../openai/chat.ts';
import { isObject } from '../../openai/json.ts';
import type { JsonObject, ToolCall } from '../../openai/wire.ts';
import { parts } from './content-parts.ts';
import { type Encoding, invalid } from './encoding.ts';
import { mediaPart } from './media.ts';
import { signatureOf } from './signatures.ts';
import type { Part } from './wire.ts';

/**
 * What the model said: its thoughts, its text, its images, its calls, in that order. The signature of its thoughts goes back
 * on the text that it came with. https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export function assistantParts(message: ChatMessage, param: string, encoding: Encoding): Part[] {
  const text = parts(message, param, encoding);
  if (text.length === 0 && typeof message.refusal === 'string' && message.refusal !== '')
    text.push({ text: message.refusal });
  const { thoughts, signature } = thoughtsOf(message);
  if (signature !== undefined) {
    const last = text.at(-1);
    if (last?.text !== undefined) last.thoughtSignature = signature;
    else if (callsOf(message).length === 0) text.push({ text: '', thoughtSignature: signature });
  }
  return [...thoughts, ...text, ...images(message, param, encoding), ...calls(message, param, encoding)];
}

/** Gemini refuses a request with a signature that is no base64: ids of other vendors' reasoning are none. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function thoughtsOf({ reasoning }: ChatMessage): { thoughts: Part[]; signature: string | undefined } {
  const listed = Array.isArray(reasoning) ? reasoning.filter((item) => isObject(item) && !item.redacted) : [];
  const thoughts = listed.flatMap(({ content }) =>
    typeof content === 'string' && content !== '' ? [{ text: content, thought: true }] : [],
  );
  const signature = listed.findLast(({ id }) => typeof id === 'string' && BASE64.test(id))?.id;
  return { thoughts, signature };
}

/** Images of an earlier answer, so that they can be spoken about and changed. */
function images(message: ChatMessage, param: string, encoding: Encoding): Part[] {
  const { images: listed } = message as ChatMessage & { images?: unknown };
  if (!Array.isArray(listed)) return [];
  return listed.filter(isObject).map((image, index) => {
    const part = { type: 'image_url', image_url: image.image_url as { url?: string } };
    const thoughtSignature = signatureOf(image);
    return {
      ...mediaPart(part, `${param}.images[${index}]`, encoding),
      ...(thoughtSignature === undefined ? {} : { thoughtSignature }),
    };
  });
}

/** The calls of a message, the obsolete single one among them. */
export function callsOf(message: ChatMessage): ToolCall[] {
  if (Array.isArray(message.tool_calls)) return message.tool_calls;
  const { name, arguments: text = '' } = message.function_call ?? {};
  // The obsolete form has no ids: the name is what its result refers to.
  return name === undefined ? [] : [{ id: name, type: 'function', function: { name, arguments: text } }];
}

function calls(message: ChatMessage, param: string, encoding: Encoding): Part[] {
  return callsOf(message).map((call, index) => {
    const name = isObject(call.function) ? call.function.name : undefined;
    if (typeof name !== 'string')
      throw invalid(
        `${param}.tool_calls[${index}].function.name`,
        'Gemini takes back calls of functions, by name.',
      );
    const thoughtSignature = signatureOf(call);
    return {
      functionCall: {
        ...(encoding.callIds && typeof call.id === 'string' ? { id: call.id } : {}),
        name: encoding.names.toVendor(name),
        args: argumentsOf(call.function.arguments),
      },
      ...(thoughtSignature === undefined ? {} : { thoughtSignature }),
    };
  });
}

/** Arguments are an object. What a model wrote that is none still is what it wrote. */
function argumentsOf(text: unknown): JsonObject {
  if (typeof text !== 'string' || text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : { arguments: text };
  } catch {
    return { arguments: text };
  }
}
