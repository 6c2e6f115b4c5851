import type { ChatMessage, ContentPart } from '../../openai/chat.ts';
import { type Encoding, invalid } from './encoding.ts';
import { mediaPart } from './media.ts';
import type { Part } from './wire.ts';

/** Content that is a string or a list; empty text is refused by Gemini and says nothing. */
export function parts(message: ChatMessage, param: string, encoding: Encoding): Part[] {
  const { content } = message;
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((part, index) => contentPart(part, `${param}.content[${index}]`, encoding));
}

function contentPart(part: string | ContentPart, param: string, encoding: Encoding): Part[] {
  if (typeof part === 'string') return part === '' ? [] : [{ text: part }];
  if (part.type === 'text' || part.type === 'refusal') {
    const text = part[part.type];
    if (typeof text !== 'string')
      throw invalid(`${param}.${part.type}`, `The field ${param}.${part.type} must be a string.`);
    return text === '' ? [] : [{ text }];
  }
  // Thinking that another provider's client left in the content is not Gemini's to read.
  if (part.type === 'thinking' || part.type === 'redacted_thinking' || part.type === 'reasoning') return [];
  return [mediaPart(part, param, encoding)];
}
