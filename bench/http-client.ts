/**
 * A lean HTTP/1.1 client over one raw socket, so that the measuring costs less than what is measured: no redirects,
 * no trailers, no pipelining. Keeps nothing of a body but its end.
 */
import { connect, type Socket } from 'node:net';

/** One answer. Times in ms since the request was written. */
export interface Exchange {
  readonly status: number;
  /** To the first byte of the body, not of the headers. */
  readonly firstByteMs: number;
  readonly totalMs: number;
  readonly bodyBytes: number;
  /** The body's last bytes, `TAIL_BYTES` of them at most. */
  readonly tail: string;
}

const TAIL_BYTES = 256;
const HEAD_END = '\r\n\r\n';

/** Reads one answer out of the pieces of a socket. */
class AnswerReader {
  status = 0;
  bodyBytes = 0;
  done = false;
  #pending: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);
  #inHead = true;
  #chunked = false;
  /** Bytes of the body, or of the chunk at hand with its CRLF, that are still to come. */
  #remaining = 0;
  #lastChunk = false;

  push(piece: Buffer): void {
    let rest = this.#pending.length > 0 ? Buffer.concat([this.#pending, piece]) : piece;
    this.#pending = Buffer.alloc(0);
    while (!this.done && rest.length > 0) {
      const taken = this.#inHead ? this.#head(rest) : this.#body(rest);
      if (taken === 0) {
        this.#pending = rest;
        return;
      }
      rest = rest.subarray(taken);
    }
  }

  get tail(): string {
    return this.#tail.toString();
  }

  #head(bytes: Buffer): number {
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return 0;
    const head = bytes.toString('latin1', 0, end);
    this.status = Number(head.slice(9, 12));
    this.#inHead = false;
    this.#chunked = /^transfer-encoding: *chunked/im.test(head);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    if (!this.#chunked && length === undefined) throw new Error(`an answer without a length: ${head}`);
    this.#remaining = this.#chunked ? 0 : Number(length);
    this.done = !this.#chunked && this.#remaining === 0;
    return end + HEAD_END.length;
  }

  #body(bytes: Buffer): number {
    if (this.#remaining === 0) return this.#chunkSize(bytes);
    const taken = Math.min(bytes.length, this.#remaining);
    const data = this.#chunked ? Math.min(taken, Math.max(0, this.#remaining - 2)) : taken;
    if (data > 0) this.#keep(bytes.subarray(0, data));
    this.#remaining -= taken;
    if (this.#remaining === 0) this.done = !this.#chunked || this.#lastChunk;
    return taken;
  }

  #chunkSize(bytes: Buffer): number {
    const end = bytes.indexOf('\r\n');
    if (end < 0) return 0;
    const size = Number.parseInt(bytes.toString('latin1', 0, end), 16);
    this.#lastChunk = size === 0;
    this.#remaining = size + 2;
    return end + 2;
  }

  #keep(data: Buffer): void {
    this.bodyBytes += data.length;
    const joined = data.length < TAIL_BYTES ? Buffer.concat([this.#tail, data]) : data;
    this.#tail = joined.subarray(-TAIL_BYTES);
  }
}

/** After each piece of the body: how many ms to stop reading, so as to be a slow reader. */
export type Pace = (bodyBytes: number) => number;

export class Connection {
  readonly #socket: Socket;
  #fail: (error: Error) => void = () => {};
  #receive: (piece: Buffer) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (piece) => this.#receive(piece));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed in the middle of an answer')));
  }

  static async open(port: number): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, resolve).once('error', reject);
    await promise;
    return new Connection(socket);
  }

  /** Sends the bytes of one request and reads its answer to the end. */
  exchange(request: Buffer, pace?: Pace): Promise<Exchange> {
    const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
    const reader = new AnswerReader();
    const start = performance.now();
    let firstByteMs = 0;
    this.#fail = reject;
    this.#receive = (piece) => {
      try {
        reader.push(piece);
      } catch (error) {
        return reject(error);
      }
      if (firstByteMs === 0 && reader.bodyBytes > 0) firstByteMs = performance.now() - start;
      if (!reader.done) return this.#slowDown(pace?.(reader.bodyBytes) ?? 0);
      const { status, bodyBytes, tail } = reader;
      resolve({ status, firstByteMs, totalMs: performance.now() - start, bodyBytes, tail });
    };
    this.#socket.write(request);
    return promise;
  }

  close(reason?: Error): void {
    if (reason) this.#fail(reason);
    this.#socket.destroy();
  }

  #slowDown(ms: number): void {
    if (ms === 0) return;
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), ms);
  }
}

/** The bytes of one request. Without a body it is a GET. */
export function encodeRequest(port: number, path: string, bearer: string, body?: object): Buffer {
  const json = body ? JSON.stringify(body) : '';
  const head = [
    `${body ? 'POST' : 'GET'} ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    `authorization: Bearer ${bearer}`,
    'user-agent: sluice-bench',
    'accept: application/json',
    ...(body ? ['content-type: application/json', `content-length: ${Buffer.byteLength(json)}`] : []),
  ];
  return Buffer.from(`${head.join('\r\n')}${HEAD_END}${json}`);
}
