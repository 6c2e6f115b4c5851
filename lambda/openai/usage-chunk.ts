import { frameData, frames, lastFrameEnd } from '../streams/sse.ts';
import { BRACE, fieldAt } from './field-search.ts';
import type { JsonObject } from './wire.ts';

export const USAGE = Buffer.from('"usage"');

/** Whole frames without the chunk that holds nothing but usage. */
export function withoutUsageChunk(whole: Buffer): Buffer {
  const at = fieldAt(whole, USAGE, BRACE);
  if (at === -1) return whole;
  // It stands near the end of a stream: what is before it is not looked at.
  const start = lastFrameEnd(whole.subarray(0, at));
  const kept = [...frames(whole.subarray(start))].filter(
    (frame) => !(fieldAt(frame, USAGE, BRACE) !== -1 && isUsageChunk(frame)),
  );
  return Buffer.concat([whole.subarray(0, start), ...kept]);
}

function isUsageChunk(frame: Buffer): boolean {
  const data = frameData(frame);
  if (data === undefined || !data.startsWith('{')) return false;
  try {
    return isUsageOnly(JSON.parse(data) as JsonObject);
  } catch {
    return false;
  }
}

export function isUsageOnly(chunk: JsonObject): boolean {
  return (
    Array.isArray(chunk.choices) &&
    chunk.choices.length === 0 &&
    typeof chunk.usage === 'object' &&
    chunk.usage !== null
  );
}
