import { FrameSplitter } from './sse.ts';

/**
 * The `data` of server-sent events, for streams that are decoded and not relayed. Comments, `event:`, `id:` and
 * `retry:` lines are passed over: every vendor repeats the type inside its data.
 */
export class SseEvents {
  readonly #splitter = new FrameSplitter();
  /** A frame larger than the splitter holds comes in pieces: they are put together again here. */
  #open: Buffer[] = [];

  push(chunk: Uint8Array): string[] {
    const bytes = this.#splitter.push(chunk);
    if (bytes.byteLength === 0) return [];
    if (this.#splitter.open) {
      this.#open.push(bytes);
      return [];
    }
    if (this.#open.length === 0) return dataOf(bytes.toString('utf8'));
    const whole = Buffer.concat([...this.#open, bytes]);
    this.#open = [];
    return dataOf(whole.toString('utf8'));
  }

  /** What is left at the end: a last event without its empty line, or half an event. */
  end(): string[] {
    return dataOf(Buffer.concat([...this.#open, this.#splitter.end()]).toString('utf8'));
  }
}

/** Lines are cut by hand: one pass, and no array of lines for each network chunk. */
function dataOf(text: string): string[] {
  const events: string[] = [];
  let data: string | undefined;
  let start = 0;
  while (start < text.length) {
    const end = lineEnd(text, start);
    if (end === start) {
      if (data !== undefined) events.push(data);
      data = undefined;
    } else if (text.startsWith('data:', start)) {
      const from = text[start + 5] === ' ' ? start + 6 : start + 5;
      const value = text.slice(from, end);
      data = data === undefined ? value : `${data}\n${value}`;
    }
    start = text[end] === '\r' && text[end + 1] === '\n' ? end + 2 : end + 1;
  }
  if (data !== undefined) events.push(data);
  return events;
}

function lineEnd(text: string, start: number): number {
  const lf = text.indexOf('\n', start);
  const end = lf === -1 ? text.length : lf;
  const cr = text.indexOf('\r', start);
  return cr !== -1 && cr < end ? cr : end;
}
