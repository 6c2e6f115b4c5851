import type { JsonObject } from './wire.ts';

/** What comes from a caller or from a vendor may be anything: an object here is no list and no null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function object(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** The objects of a list; none where there is no list. */
export function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** `base` with `over` put upon it, object by object; lists and values are replaced. */
export function merged(base: JsonObject, over: JsonObject): JsonObject {
  const result: JsonObject = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(result, key) ? result[key] : undefined;
    result[key] = isObject(below) && isObject(value) ? merged(below, value) : value;
  }
  return result;
}
