/**
 * Server-sent events as bytes. https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 * A frame ends at an empty line; lines end with LF, CRLF or CR.
 */
const LF = 10;
const CR = 13;

/** A frame this large is passed on in pieces: nobody's text delta, perhaps somebody's image. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;

/** Cuts a stream of bytes at frame ends, however the network cut it. Bytes come out as they went in. */
export class FrameSplitter {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Part of the frame at hand has been given out already. */
  open = false;

  /** Whole frames out of what has come so far; an empty buffer where there is none. */
  push(bytes: Uint8Array): Buffer {
    const chunk = asBuffer(bytes);
    const end = lastFrameEnd(chunk) || this.#endAcrossCut(chunk);
    if (end === 0) {
      this.#hold(chunk);
      if (this.#heldBytes <= MAX_HELD_BYTES) return NOTHING;
      this.open = true;
      return this.end();
    }
    this.open = false;
    const whole =
      this.#heldBytes === 0 ? chunk.subarray(0, end) : Buffer.concat([...this.#held, chunk.subarray(0, end)]);
    this.#held = [];
    this.#heldBytes = 0;
    this.#hold(chunk.subarray(end));
    return whole;
  }

  /** What is left at the end: a frame without its empty line, or nothing. */
  end(): Buffer {
    const rest = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return rest;
  }

  #hold(rest: Buffer): void {
    if (rest.byteLength === 0) return;
    this.#held.push(rest);
    this.#heldBytes += rest.byteLength;
  }

  /** The end of a frame whose empty line lies across the cut between what is held and `chunk`. */
  #endAcrossCut(chunk: Buffer): number {
    const last = this.#held.at(-1);
    if (last === undefined) return 0;
    const before = Buffer.concat(this.#held.slice(-3)).subarray(-3);
    return Math.max(0, lastFrameEnd(Buffer.concat([before, chunk.subarray(0, 3)])) - before.byteLength);
  }
}

const NOTHING = Buffer.alloc(0);

/** The offset behind the last empty line, 0 where there is none. */
export function lastFrameEnd(bytes: Buffer): number {
  for (let i = bytes.byteLength - 1; i > 0; i--) {
    const byte = bytes[i];
    if (byte !== LF && byte !== CR) continue;
    const before = bytes[i - 1];
    // LF LF, CR CR and LF CR are two line ends; CR LF is one, and needs another line end before it.
    if (before === LF || (before === CR && byte === CR)) return i + 1;
    if (before === CR && byte === LF && i > 1 && (bytes[i - 2] === LF || bytes[i - 2] === CR)) return i + 1;
  }
  return 0;
}

/** Whole frames, one by one, each with its empty line. */
export function* frames(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  for (let i = 1; i < bytes.byteLength; i++) {
    if (!endsFrame(bytes, i)) continue;
    yield bytes.subarray(start, i + 1);
    start = i + 1;
    i++;
  }
  if (start < bytes.byteLength) yield bytes.subarray(start);
}

function endsFrame(bytes: Buffer, i: number): boolean {
  const byte = bytes[i];
  const before = bytes[i - 1];
  if (byte === LF) return before === LF || (before === CR && (bytes[i - 2] === LF || bytes[i - 2] === CR));
  return byte === CR && (before === CR || before === LF) && bytes[i + 1] !== LF;
}

/** A frame's `data` lines joined by LF, or undefined where it has none (a comment, a keep-alive). */
export function frameData(frame: Buffer): string | undefined {
  let data: string | undefined;
  for (const line of frame.toString('utf8').split(/\r\n|\n|\r/)) {
    if (line !== 'data' && !line.startsWith('data:')) continue;
    const value = line.startsWith('data: ') ? line.slice(6) : line.slice(5);
    data = data === undefined ? value : `${data}\n${value}`;
  }
  return data;
}

/** One event as bytes. `JSON.stringify` never leaves a line end in its output. */
export function encodeEvent(value: unknown): Buffer {
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
}

export const DONE = Buffer.from('data: [DONE]\n\n');

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
