import { objects } from './json.ts';
import type { JsonObject } from './wire.ts';

/** Tool names as the vendor takes them, and back. */
export interface ToolNames {
  toVendor(name: string): string;
  fromVendor(name: string): string;
}

/**
 * Names that a vendor would refuse, made of `[A-Za-z0-9_-]` and of `maxLength` at most, no two alike. Made anew from the
 * request wherever it is needed, and the same each time.
 */
export function toolNames(body: JsonObject, maxLength: number): ToolNames {
  const forward = new Map<string, string>();
  const taken = new Set<string>();
  for (const name of namesIn(body)) {
    if (forward.has(name)) continue;
    let safe = name.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, maxLength) || '_';
    for (let n = 2; taken.has(safe); n++) safe = `${safe.slice(0, maxLength - String(n).length - 1)}_${n}`;
    forward.set(name, safe);
    taken.add(safe);
  }
  const backward = new Map([...forward].map(([name, safe]) => [safe, name]));
  return {
    toVendor: (name) => forward.get(name) ?? name,
    fromVendor: (name) => backward.get(name) ?? name,
  };
}

/** Declared tools first, so that a name in the history never takes a declared one's place. */
function* namesIn(body: JsonObject): Generator<string> {
  for (const tool of objects(body.tools)) yield* nameOf(tool.function);
  for (const declared of objects(body.functions)) yield* nameOf(declared);
  for (const message of objects(body.messages)) {
    for (const call of objects(message.tool_calls)) yield* nameOf(call.function);
    yield* nameOf(message.function_call);
  }
}

function* nameOf(value: unknown): Generator<string> {
  const name = typeof value === 'object' && value !== null ? (value as JsonObject).name : undefined;
  if (typeof name === 'string') yield name;
}
