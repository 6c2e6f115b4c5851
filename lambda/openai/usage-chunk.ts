import { frameData, frames } from '../streams/sse.ts';
import type { JsonObject } from './wire.ts';

const USAGE = Buffer.from('"usage"');

/** Whole frames without the chunk that holds nothing but usage. */
export function withoutUsageChunk(whole: Buffer): Buffer {
  if (!whole.includes(USAGE)) return whole;
  return Buffer.concat([...frames(whole)].filter((frame) => !(frame.includes(USAGE) && isUsageChunk(frame))));
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
