import type { JsonObject } from './wire.ts';
/** placeholder until the logging branch is merged */
export function assembleChunks(_chunks: Iterable<JsonObject>): JsonObject | undefined {
  return undefined;
}
