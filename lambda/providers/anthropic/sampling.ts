import type { JsonObject } from '../../openai/wire.ts';
import type { ModelQuirks } from '../model-quirks.ts';

const KNOBS = ['temperature', 'top_p', 'top_k'] as const;

/**
 * Temperature, top_p and top_k as far as the model takes them; the rest is named. What is no number is the vendor's to
 * refuse. https://platform.claude.com/docs/en/api/messages,
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility
 */
export function encodeSampling(
  body: JsonObject,
  quirks: ModelQuirks,
  thinks: boolean,
  dropped: Set<string>,
): JsonObject {
  const result: JsonObject = {};
  for (const knob of KNOBS) {
    const value = body[knob];
    if (value === undefined || value === null) continue;
    if (takes(knob, value, quirks, thinks)) result[knob] = value;
    else dropped.add(knob);
  }
  if (typeof result.temperature === 'number' && result.temperature > 1) {
    result.temperature = 1;
    dropped.add('temperature');
  }
  if (quirks.sampling === 'one' && result.temperature !== undefined && result.top_p !== undefined) {
    delete result.top_p;
    dropped.add('top_p');
  }
  return result;
}

/** With thinking the vendor takes a temperature of 1, a top_p of 0.95 to 1, and no top_k. */
function takes(knob: (typeof KNOBS)[number], value: unknown, quirks: ModelQuirks, thinks: boolean): boolean {
  if (quirks.sampling === 'none') return false;
  if (!thinks) return true;
  if (knob === 'temperature') return value === 1;
  return knob === 'top_p' && typeof value === 'number' && value >= 0.95 && value <= 1;
}
