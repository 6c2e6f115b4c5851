/** How far one reader has read. */
interface Position {
  at: number;
}

/**
 * One stream that several readers read, each from its beginning, while it comes. The source is pulled as fast as the fastest
 * reader reads, and cancelled when the last reader left before its end.
 */
export class Broadcast {
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  readonly #maxBytes: number;
  readonly #readers = new Set<Position>();
  #chunks: Uint8Array[] = [];
  /** How many chunks were dropped from the beginning: nobody will ask for them any more. */
  #dropped = 0;
  #bytes = 0;
  #pulling: Promise<void> | undefined;
  #ended = false;
  #failure: { readonly cause: unknown } | undefined;
  readonly #whole = Promise.withResolvers<Buffer | undefined>();

  /** Beyond `maxBytes` no new reader may come, the whole is not told, and what all have read is let go. */
  constructor(source: ReadableStream<Uint8Array>, maxBytes: number) {
    this.#source = source.getReader();
    this.#maxBytes = maxBytes;
  }

  /** All bytes, when the source has ended; undefined where it failed, was cancelled or was too large. */
  get whole(): Promise<Buffer | undefined> {
    return this.#whole.promise;
  }

  /** Whether a new reader would get everything. */
  get open(): boolean {
    return this.#bytes <= this.#maxBytes && this.#failure === undefined;
  }

  /** The stream from its beginning. Its reader's leaving does not disturb the others. */
  read(): ReadableStream<Uint8Array> {
    const position = { at: 0 };
    this.#readers.add(position);
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const chunk = await this.#chunkAt(position);
          if (chunk !== undefined) {
            controller.enqueue(chunk);
            return;
          }
          this.#readers.delete(position);
          if (this.#failure) controller.error(this.#failure.cause);
          else controller.close();
        },
        cancel: async (reason) => {
          this.#readers.delete(position);
          if (this.#readers.size === 0) await this.#stop(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  async #chunkAt(position: Position): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#chunks[position.at - this.#dropped];
      if (chunk !== undefined) {
        position.at++;
        this.#letGo();
        return chunk;
      }
      if (this.#ended || this.#failure) return undefined;
      await this.#pull();
    }
  }

  #letGo(): void {
    if (this.#bytes <= this.#maxBytes) return;
    const least = Math.min(...[...this.#readers].map(({ at }) => at));
    this.#chunks = this.#chunks.slice(least - this.#dropped);
    this.#dropped = least;
  }

  /** One read of the source, shared by all who wait for it. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#next().finally(() => {
      this.#pulling = undefined;
    });
    return this.#pulling;
  }

  async #next(): Promise<void> {
    try {
      const { done, value } = await this.#source.read();
      if (!done) {
        this.#chunks.push(value);
        this.#bytes += value.byteLength;
        return;
      }
      this.#ended = true;
      this.#whole.resolve(this.open ? Buffer.concat(this.#chunks) : undefined);
    } catch (cause) {
      this.#failure ??= { cause };
      this.#whole.resolve(undefined);
    }
  }

  async #stop(reason: unknown): Promise<void> {
    if (this.#ended || this.#failure) return;
    this.#failure = { cause: new Error('every reader left') };
    this.#whole.resolve(undefined);
    await this.#source.cancel(reason).catch(() => undefined);
  }
}
