import { isObject } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';

/** The objects of a list; nothing where the vendor sent something else. */
export function objectsIn<T extends object>(list: readonly T[] | null | undefined): T[] {
  return Array.isArray(list) ? list.filter((item): item is T => isObject(item)) : [];
}

/** A string that says something. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Without the keys that hold nothing, which JSON would leave out too. */
export function withoutUndefined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
