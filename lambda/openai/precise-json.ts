import type { JsonObject } from './wire.ts';

/** Runs of digits that a JavaScript number may not hold. */
const MANY_DIGITS = /\d{16}/;

/** Not yet in TypeScript's library. https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/JSON/rawJSON */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/**
 * `body`, or where its text holds numbers that JavaScript would round (a 64-bit seed), the same parsed anew with these kept
 * as they were written: `JSON.stringify` gives them back digit for digit. Nothing else may be done with them.
 */
export function preciseBody(body: JsonObject, bytes: Uint8Array): JsonObject {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (!MANY_DIGITS.test(text)) return body;
  const keep = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && String(value) !== context.source
      ? rawJSON(context.source)
      : value;
  return JSON.parse(text, keep as Parameters<typeof JSON.parse>[1]) as JsonObject;
}
