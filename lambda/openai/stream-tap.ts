import { frameData, frames } from '../streams/sse.ts';
import { StreamError } from '../streams/stream-error.ts';
import { BRACE, fieldAt, QUOTE } from './field-search.ts';
import { isUsageOnly, USAGE } from './usage-chunk.ts';
import type { JsonObject, Usage } from './wire.ts';

const DONE_MARKS = [Buffer.from('data: [DONE]'), Buffer.from('data:[DONE]')];
const FINISH_REASON = Buffer.from('"finish_reason"');
const ERROR = Buffer.from('"error"');
/** What a frame is parsed for. */
const NOTABLE = [
  [USAGE, BRACE],
  [ERROR, BRACE],
  [ERROR, QUOTE],
] as const;

/** What passing frames showed: kept by one tap, one per stream. */
export interface StreamFacts {
  readonly usage: Usage | undefined;
  /** `[DONE]` or a finish reason came: the end of the bytes is the end of the answer. */
  readonly complete: boolean;
}

/**
 * Reads a relayed stream of OpenAI chunks from the side. Frames are searched as bytes, and only those that hold a usage
 * or an error are parsed, so that a stream of text costs a few searches.
 */
export class StreamTap implements StreamFacts {
  usage: Usage | undefined;
  complete = false;
  /** `[DONE]` came: whatever becomes of the connection, nothing is missing. */
  done = false;
  /** The frame in which the vendor reported a failure. Nothing after it is passed on. */
  failure: StreamError | undefined;
  readonly #usageOf: (chunk: JsonObject) => Usage | undefined;
  readonly #dropUsageChunk: boolean;

  /** With `dropUsageChunk` the chunk that holds nothing but usage is taken out: the caller did not ask for it. */
  constructor(usageOf: (chunk: JsonObject) => Usage | undefined, dropUsageChunk: boolean) {
    this.#usageOf = usageOf;
    this.#dropUsageChunk = dropUsageChunk;
  }

  /** `whole`: one or more whole frames. Returns what the caller gets of them, up to a frame that reports a failure. */
  pass(whole: Buffer): Buffer {
    if (!this.done) this.done = holdsDone(whole);
    if (!this.complete) this.complete = this.done || fieldAt(whole, FINISH_REASON, QUOTE) !== -1;
    const notable = NOTABLE.some(([field, first]) => fieldAt(whole, field, first) !== -1);
    return notable ? this.#passNotable(whole) : whole;
  }

  #passNotable(whole: Buffer): Buffer {
    const kept: Buffer[] = [];
    for (const frame of frames(whole)) {
      const chunk = parseChunk(frame);
      if (chunk === undefined) {
        kept.push(frame);
        continue;
      }
      if (isError(chunk)) {
        this.failure = new StreamError(JSON.stringify(chunk));
        break;
      }
      this.usage = this.#usageOf(chunk) ?? this.usage;
      if (!(this.#dropUsageChunk && isUsageOnly(chunk))) kept.push(frame);
    }
    return Buffer.concat(kept);
  }
}

function isError(chunk: JsonObject): boolean {
  const error = chunk.error;
  return (
    (typeof error === 'object' && error !== null) ||
    (typeof error === 'string' && error !== '' && !Array.isArray(chunk.choices))
  );
}

/** Whether the bytes end inside an event: no client could make anything of it. */
export function isCut(rest: Buffer): boolean {
  const data = frameData(rest);
  return data !== undefined && data !== '[DONE]' && parseChunk(rest) === undefined;
}

function parseChunk(frame: Buffer): JsonObject | undefined {
  const data = frameData(frame);
  if (data === undefined || !data.startsWith('{')) return undefined;
  try {
    return JSON.parse(data) as JsonObject;
  } catch {
    return undefined;
  }
}

/** `[DONE]` at the beginning of a line: a model may write the word in its text, but never a raw line end before it. */
function holdsDone(bytes: Buffer): boolean {
  return DONE_MARKS.some((mark) => {
    const at = bytes.lastIndexOf(mark);
    return at === 0 || (at > 0 && (bytes[at - 1] === 10 || bytes[at - 1] === 13));
  });
}
