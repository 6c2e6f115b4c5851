import type { JsonObject } from './wire.ts';

/** Runs of digits that a JavaScript number may not hold, and exponents that it may not. */
const BEYOND_NUMBERS = /\d{16}|\de[+-]?\d{3}/i;

/** Not yet in TypeScript's library. https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/JSON/rawJSON */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/**
 * `body`, or where its text holds numbers that JavaScript would round (a 64-bit seed), the same parsed anew with these kept
 * as they were written: `JSON.stringify` gives them back digit for digit. Nothing else may be done with them.
 */
export function preciseBody(body: JsonObject, bytes: Uint8Array): JsonObject {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (!BEYOND_NUMBERS.test(text)) return body;
  const keep = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && isRounded(value, context.source)
      ? rawJSON(context.source)
      : value;
  return JSON.parse(text, keep as Parameters<typeof JSON.parse>[1]) as JsonObject;
}

/** Whether a number is another one than its text says; `1.0` and `1e0` are 1. */
function isRounded(value: number, source: string): boolean {
  const written = String(value);
  return written !== source && decimal(written) !== decimal(source);
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/** A number's digits and the place of its last one: the same for every way to write it. */
function decimal(text: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? [];
  const digits = `${whole}${fraction}`;
  let start = 0;
  while (digits[start] === '0') start++;
  let end = digits.length;
  while (end > start && digits[end - 1] === '0') end--;
  if (end === start) return whole === '' ? text : '0';
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}
