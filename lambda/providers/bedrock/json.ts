import type { JsonObject } from '../../openai/wire.ts';

/** An object, or undefined: what comes from a caller or from a vendor may be anything. */
export function object(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

export function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter((item) => object(item) !== undefined) : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** `later` into `base`: objects are joined, anything else is replaced. */
export function merged(base: JsonObject, later: JsonObject): JsonObject {
  const result: JsonObject = { ...base };
  for (const [name, value] of Object.entries(later)) {
    const [left, right] = [object(result[name]), object(value)];
    result[name] = left !== undefined && right !== undefined ? merged(left, right) : value;
  }
  return result;
}
