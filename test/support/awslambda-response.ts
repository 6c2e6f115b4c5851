import { Writable } from 'node:stream';
import { INTEGRATION_RESPONSE, type Prelude, PreludeReader, type RuntimeError } from './lambda-response.ts';

/** The stream's face in aws-lambda-ric 4: a plain object with these and nothing else, no instance of Writable. */
const METHODS = [
  ...['cork', 'destroy', 'end', 'uncork', 'addListener', 'on', 'once', 'off', 'removeListener'],
  ...['prependListener', 'prependOnceListener', 'removeAllListeners', 'setMaxListeners', 'getMaxListeners'],
  ...['listeners', 'rawListeners', 'listenerCount', 'eventNames', 'emit'],
] as const;
const PROPERTIES = [
  ...['destroyed', 'writableFinished', 'writableObjectMode', 'writableEnded', 'writableNeedDrain'],
  ...['writableHighWaterMark', 'writableCorked', 'writableLength'],
] as const;

export type Reader = (bytes: Uint8Array) => void | Promise<void>;

export interface RuntimeStream {
  readonly writable: true;
  write(chunk: unknown, encoding?: BufferEncoding, callback?: (error?: Error | null) => void): boolean;
  setContentType(contentType: string): void;
  _onBeforeFirstWrite?: (write: (bytes: string | Uint8Array) => void) => void;
}

export interface Outcome {
  readonly contentType: string;
  /** Undefined where the handler's stream ended without one: the front doors answer that with a 502. */
  readonly prelude?: Prelude;
  /** The body, a piece for each write. */
  readonly chunks: readonly Uint8Array[];
  readonly body: Buffer;
  /** What the front door gets to know: the response is cut off, or a 502 where nothing had been sent. */
  readonly error?: RuntimeError;
  /** What the handler threw, also after it had ended its stream: the runtime only logs that. */
  readonly handlerError?: unknown;
  /** By `performance.now()`. At `endedAt` the caller has everything, or is cut off, whatever the handler still does. */
  readonly endedAt?: number;
  readonly handlerResolvedAt?: number;
}

/** The request in which a runtime client sends the response, without the network. */
export class ShimResponse {
  readonly prelude = Promise.withResolvers<Prelude>();
  /** All of it has been taken by the reader. */
  readonly done: Promise<void>;
  /** The handler did what ends its process: it wrote after the end, or destroyed the stream. */
  readonly crashed: Promise<void>;
  readonly face: RuntimeStream;
  readonly #wire: Writable;
  readonly #reader = new PreludeReader();
  readonly #chunks: Uint8Array[] = [];
  #contentType = 'application/octet-stream';
  #written = false;
  #error: RuntimeError | undefined;
  #endedAt: number | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(highWaterMark: number, reader: Reader = () => undefined) {
    const take = async (bytes: Uint8Array) => {
      const body = this.#take(bytes);
      if (body !== undefined) await reader(body);
    };
    this.#wire = new Writable({
      highWaterMark,
      write: (chunk: Buffer, _encoding, callback) => void take(chunk).then(() => callback(), callback),
    });
    const crash = Promise.withResolvers<void>();
    this.crashed = crash.promise;
    this.done = new Promise((resolve) => {
      this.#wire.on('finish', () => {
        this.#over();
        resolve();
      });
    });
    const died = (error?: Error) => {
      if (this.#endedAt !== undefined) return;
      this.cutOff({ errorType: 'Runtime.ExitError', errorMessage: error?.message ?? 'socket hang up' });
      crash.resolve();
    };
    this.#wire.on('error', died).on('close', () => died());
    this.face = this.#makeFace();
  }

  /** As the runtime client ends a response whose handler failed: with the error in the trailers. */
  fail(error: RuntimeError): void {
    if (this.#wire.writableEnded) return;
    this.#error = error;
    this.#wire.end();
  }

  /** As it looks to the front door when the process is gone. */
  cutOff(error: RuntimeError): void {
    if (this.#endedAt !== undefined) return;
    this.#error = error;
    this.#over();
  }

  outcome(): Outcome {
    const { prelude } = this.#reader;
    return {
      contentType: this.#contentType,
      ...(prelude === undefined ? {} : { prelude }),
      chunks: this.#chunks,
      body: Buffer.concat(this.#chunks),
      ...(this.#error === undefined ? {} : { error: this.#error }),
      ...(this.#endedAt === undefined ? {} : { endedAt: this.#endedAt }),
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let next = 0; ; ) {
      const chunk = this.#chunks[next];
      if (chunk !== undefined) {
        next += 1;
        yield chunk;
      } else if (this.#endedAt === undefined) {
        await this.#changed.promise;
      } else if (this.#error === undefined) {
        return;
      } else {
        throw new Error(`The response was cut off: ${this.#error.errorType}: ${this.#error.errorMessage}`);
      }
    }
  }

  #take(bytes: Uint8Array): Uint8Array | undefined {
    const known = this.#reader.prelude !== undefined;
    const body = this.#contentType === INTEGRATION_RESPONSE ? this.#reader.push(bytes) : bytes;
    if (!known && this.#reader.prelude !== undefined) this.prelude.resolve(this.#reader.prelude);
    if (body.length === 0) return undefined;
    this.#chunks.push(body);
    this.#wake();
    return body;
  }

  #over(): void {
    this.#endedAt = performance.now();
    this.prelude.reject(new Error('The response ended without a prelude.'));
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #makeFace(): RuntimeStream {
    const wire = this.#wire;
    const face: RuntimeStream = {
      setContentType: (contentType) => {
        if (this.#written) {
          const error = new Error('Cannot set content-type, too late.');
          throw Object.assign(error, { name: 'Runtime.InvalidStreamingOperation' });
        }
        this.#contentType = contentType;
      },
      write: (chunk, encoding, callback) => this.#write(chunk, encoding, callback),
      // An http.ClientRequest says so for life.
      writable: true,
    };
    for (const name of METHODS) Object.assign(face, { [name]: wire[name].bind(wire) });
    for (const name of PROPERTIES) Object.defineProperty(face, name, { get: () => wire[name] });
    return face;
  }

  #write(chunk: unknown, encoding?: BufferEncoding, callback?: (error?: Error | null) => void): boolean {
    if (chunk === null || chunk === undefined) throw new TypeError(`Cannot read properties of ${chunk}`);
    const wire = this.#wire;
    if (wire.writableEnded) {
      const error = Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' });
      if (this.#endedAt === undefined) wire.destroy(error);
      if (callback !== undefined) process.nextTick(callback, error);
      return false;
    }
    if (!this.#written) this.face._onBeforeFirstWrite?.((bytes) => wire.write(bytes));
    this.#written = true;
    const data = typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk);
    return typeof encoding === 'string'
      ? wire.write(data, encoding, callback)
      : wire.write(data, encoding ?? callback);
  }
}
