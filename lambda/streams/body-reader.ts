import type { Readable } from 'node:stream';

/** Why reading stopped before the end: nothing came for too long, the connection broke, or we gave up. */
export class BodyFailure extends Error {
  override name = 'BodyFailure';
  readonly reason: 'timeout' | 'reset';
  constructor(reason: 'timeout' | 'reset', cause?: unknown) {
    super(reason === 'timeout' ? 'no byte came in time' : 'the connection broke', { cause });
    this.reason = reason;
  }
}

/**
 * Pulls chunks out of a Node stream with a limit on the silence between them. The clock runs only while somebody waits:
 * a slow consumer is no silence of the producer.
 */
export class BodyReader {
  readonly #source: Readable;
  readonly #limitMs: () => number;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: BodyFailure | undefined;

  /** `limitMs` is asked at each wait, so that a deadline can shorten it. */
  constructor(source: Readable, limitMs: () => number) {
    this.#source = source;
    this.#limitMs = limitMs;
    source.on('readable', () => this.#notify());
    source.on('end', () => {
      this.#ended = true;
      this.#notify();
    });
    source.on('error', (error) => this.#fail(new BodyFailure('reset', error)));
    source.on('close', () => {
      if (!this.#ended) this.#fail(new BodyFailure('reset'));
    });
  }

  /** The next bytes, or undefined after the last. Throws BodyFailure. One caller at a time. */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk: Uint8Array | null = this.#source.read();
      if (chunk !== null) return chunk;
      if (this.#failure) throw this.#failure;
      if (this.#ended) return undefined;
      await this.#wait();
    }
  }

  /** Stops the source; a read under way fails. */
  cancel(): void {
    this.#source.destroy();
  }

  async #wait(): Promise<void> {
    const limit = Math.max(0, this.#limitMs());
    this.#timer = setTimeout(() => this.#fail(new BodyFailure('timeout')), limit);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    clearTimeout(this.#timer);
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #fail(failure: BodyFailure): void {
    this.#failure ??= failure;
    if (failure.reason === 'timeout') this.#source.destroy();
    this.#notify();
  }
}

/** Reads to the end and joins. Throws `RangeError` once the total passes `maxBytes` (the source is stopped then). */
export async function readAll(reader: BodyReader, maxBytes: number, first?: Uint8Array): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (let chunk = first ?? (await reader.read()); chunk !== undefined; chunk = await reader.read()) {
    total += chunk.byteLength;
    if (total > maxBytes) {
      reader.cancel();
      throw new RangeError(`more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
