import { isObject } from '../../openai/json.ts';
import type { Json, JsonObject } from '../../openai/wire.ts';
import type { CompatibleVendor } from '../vendor.ts';

/**
 * What answers of other vendors put into a history: thinking with its signatures, generated images. A caller who goes on
 * with it on a vendor that knows none of it gets an answer all the same.
 */
const FOREIGN = ['reasoning', 'images'];
/** Fields that some vendors know and others refuse. */
const EXTENSIONS = [...FOREIGN, 'reasoning_content', 'cache_control'];

/** `messages` as the vendor takes them, or undefined where nothing has to change. */
export function encodeHistory(messages: Json | undefined, vendor: CompatibleVendor): Json[] | undefined {
  if (!Array.isArray(messages)) return undefined;
  let changed = false;
  const encoded = messages.map((message) => {
    const clean = isObject(message) ? encodeMessage(message, vendor) : message;
    changed ||= clean !== message;
    return clean;
  });
  return changed ? encoded : undefined;
}

function encodeMessage(message: JsonObject, vendor: CompatibleVendor): JsonObject {
  const fields = vendor.strictMessages ? EXTENSIONS : FOREIGN;
  // A vendor's own `reasoning` is a text; the list is the gateway's form of it.
  const gone = fields.filter(
    (field) => message[field] !== undefined && (vendor.strictMessages || typeof message[field] !== 'string'),
  );
  const calls = without(message.tool_calls, 'extra_content');
  const content = vendor.strictMessages ? without(message.content, 'cache_control') : undefined;
  if (gone.length === 0 && calls === undefined && content === undefined) return message;
  const kept = Object.entries(message).filter(([field]) => !gone.includes(field));
  return {
    ...Object.fromEntries(kept),
    ...(calls ? { tool_calls: calls } : {}),
    ...(content ? { content } : {}),
  };
}

/** The list without one field of its objects, or undefined where none has it. */
function without(list: Json | undefined, field: string): Json[] | undefined {
  if (!Array.isArray(list) || !list.some((item) => isObject(item) && item[field] !== undefined))
    return undefined;
  return list.map((item) => {
    if (!isObject(item)) return item;
    const { [field]: _, ...rest } = item;
    return rest;
  });
}
