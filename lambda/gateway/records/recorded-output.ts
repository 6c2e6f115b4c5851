import { assembleChunks } from '../../openai/assemble.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { SseEvents } from '../../streams/sse-events.ts';

const MAX_BYTES = 1024 * 1024;

/** A value for the log, and whether it is not all of it. */
export interface Recorded {
  readonly value: unknown;
  readonly truncated: boolean;
}

/** A value that is too large for a log goes as the beginning of its JSON. */
export function limited(value: unknown): Recorded {
  const text = value === undefined ? '' : JSON.stringify(value);
  return text.length <= MAX_BYTES
    ? { value, truncated: false }
    : { value: text.slice(0, MAX_BYTES), truncated: true };
}

/** What an answer's bytes say: JSON, a stream put together, a text. Undefined for what is none of them. */
export function outputOf(body: Buffer, contentType = ''): Recorded {
  if (/^text\/event-stream/i.test(contentType)) return limited(streamed(body));
  if (/json/i.test(contentType)) return limited(parsed(body.toString('utf8')) ?? body.toString('utf8'));
  return /^text\//i.test(contentType)
    ? limited(body.toString('utf8'))
    : { value: undefined, truncated: false };
}

/** One answer out of OpenAI's chunks; of another protocol's events, and of those that tell an error, the list. */
function streamed(body: Buffer): unknown {
  const decoder = new SseEvents();
  const events = [...decoder.push(body), ...decoder.end()]
    .filter((data) => data !== '[DONE]')
    .map((data) => parsed(data) ?? data);
  const chunks = events.filter(isChunk);
  return chunks.length > 0 && chunks.length === events.length ? assembleChunks(chunks) : events;
}

function isChunk(event: unknown): event is JsonObject {
  return typeof event === 'object' && event !== null && 'choices' in event && Array.isArray(event.choices);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
