import { isObject } from './json.ts';
import { preciseBody } from './precise-json.ts';
import type { JsonObject } from './wire.ts';

/**
 * `body` as JSON text that is the same for every way to write it: keys sorted, no white space, numbers as JavaScript writes
 * them and those that it would round as the caller did. Lists keep their order. Fields of the top level that are in
 * `without`, and those that are undefined, are left out.
 */
export function canonicalJson(body: JsonObject, bytes: Uint8Array, without: ReadonlySet<string>): string {
  const kept = Object.entries(preciseBody(body, bytes)).filter(([name]) => !without.has(name));
  return JSON.stringify(Object.fromEntries(kept), (_name, value) =>
    isObject(value) ? sorted(value) : value,
  );
}

function sorted(value: JsonObject): unknown {
  // What holds a number's own digits is no object of the caller's.
  if ((JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value)) return value;
  // A Map would lose its entries in JSON; integer-like names come first in every object, so their order is the same too.
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
