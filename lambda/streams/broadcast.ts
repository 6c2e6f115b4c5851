/**
 * One stream that several readers read, each from its beginning, while it comes. The source is pulled as fast as the fastest
 * reader reads, and cancelled when the last reader left before its end.
 */
export class Broadcast {
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  readonly #maxBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #readers = 0;
  #pulling: Promise<void> | undefined;
  #ended = false;
  #failure: { readonly cause: unknown } | undefined;
  readonly #whole = Promise.withResolvers<Buffer | undefined>();

  /** From `maxBytes` on no new reader may come, and the whole is not told. */
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
    let at = 0;
    let left = false;
    this.#readers++;
    const leave = () => {
      if (left) return;
      left = true;
      this.#readers--;
    };
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          while (at >= this.#chunks.length && !this.#ended && this.#failure === undefined) await this.#pull();
          const chunk = this.#chunks[at];
          if (chunk !== undefined) {
            at++;
            controller.enqueue(chunk);
            return;
          }
          leave();
          if (this.#failure) controller.error(this.#failure.cause);
          else controller.close();
        },
        cancel: async (reason) => {
          leave();
          if (this.#readers === 0) await this.#stop(reason);
        },
      },
      { highWaterMark: 0 },
    );
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
      this.#whole.resolve(this.#bytes <= this.#maxBytes ? Buffer.concat(this.#chunks) : undefined);
    } catch (cause) {
      this.#failure = { cause };
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
