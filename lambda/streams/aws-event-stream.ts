import { type HeaderValue, readHeaders } from './aws-event-stream-headers.ts';
import { BodyFailure } from './body-reader.ts';
import { StreamError } from './stream-error.ts';

/**
 * `application/vnd.amazon.eventstream` as bytes: messages of a prelude (total length, headers' length, CRC), headers, a
 * payload, and a CRC over all of it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
 * https://smithy.io/2.0/aws/amazon-eventstream.html
 */
export interface EventStreamMessage {
  readonly headers: Readonly<Record<string, HeaderValue>>;
  readonly payload: Buffer;
}

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
/** The limits of AWS's own C library. A length beyond them is a broken stream, not a reason to wait for more bytes. */
const MAX_MESSAGE_BYTES = 24 * 1024 * 1024;
const MAX_HEADER_BYTES = 128 * 1024;

/** Cuts a stream of bytes into messages, however the network cut it. Throws BodyFailure where the bytes are damaged. */
export class EventStreamDecoder {
  // Loaded on need: the module costs a cold start some milliseconds, and most vendors frame by SSE.
  readonly #crc32 = process.getBuiltinModule('node:zlib').crc32;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** How many bytes must be here before anything can be read: joining at each chunk would cost the square of it. */
  #needed = PRELUDE_BYTES;
  #failure: BodyFailure | undefined;

  /** The messages that are whole now. Those before a damaged one still come out; the next call throws. */
  push(bytes: Uint8Array): EventStreamMessage[] {
    if (this.#failure) throw this.#failure;
    this.#held.push(bytes);
    this.#heldBytes += bytes.byteLength;
    if (this.#heldBytes < this.#needed) return [];
    const all = this.#held.length === 1 ? asBuffer(bytes) : Buffer.concat(this.#held);
    const messages: EventStreamMessage[] = [];
    try {
      this.#keep(this.#cut(all, messages));
    } catch (failure) {
      if (messages.length === 0 || !(failure instanceof BodyFailure)) throw failure;
      this.#failure = failure;
    }
    return messages;
  }

  /** At the end of the bytes. Throws BodyFailure where they end inside a message: truncation is never a clean end. */
  end(): void {
    if (this.#failure) throw this.#failure;
    if (this.#heldBytes > 0) throw damaged('the event stream ended inside a message');
  }

  /** Adds the whole messages to `messages`; returns what is left. */
  #cut(all: Buffer, messages: EventStreamMessage[]): Buffer {
    let rest = all;
    for (;;) {
      this.#needed = PRELUDE_BYTES;
      if (rest.byteLength < PRELUDE_BYTES) return rest;
      const { total, headers } = this.#prelude(rest);
      this.#needed = total;
      if (rest.byteLength < total) return rest;
      messages.push(this.#message(rest.subarray(0, total), headers));
      rest = rest.subarray(total);
    }
  }

  #keep(rest: Buffer): void {
    this.#held = rest.byteLength === 0 ? [] : [rest];
    this.#heldBytes = rest.byteLength;
  }

  #prelude(bytes: Buffer): { total: number; headers: number } {
    const total = bytes.readUInt32BE(0);
    const headers = bytes.readUInt32BE(4);
    if (this.#crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8)) {
      throw damaged('the prelude of an event stream message has a wrong checksum');
    }
    const fits = headers <= MAX_HEADER_BYTES && total >= PRELUDE_BYTES + headers + CRC_BYTES;
    if (!fits || total > MAX_MESSAGE_BYTES) throw damaged('an event stream message has an impossible length');
    return { total, headers };
  }

  #message(bytes: Buffer, headerBytes: number): EventStreamMessage {
    const end = bytes.byteLength - CRC_BYTES;
    if (this.#crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) {
      throw damaged('an event stream message has a wrong checksum');
    }
    const start = PRELUDE_BYTES + headerBytes;
    const headers = readHeaders(bytes.subarray(PRELUDE_BYTES, start));
    if (headers === undefined) throw damaged('an event stream message has damaged headers');
    return { headers, payload: bytes.subarray(start, end) };
  }
}

/**
 * A message as the event that a stream decoder takes: `{[":event-type"]: payload}`. Undefined for what is no event.
 * Throws StreamError for a message that reports a failure; its body is the payload's JSON with `__type` in it, as the
 * same failure has it in a plain HTTP answer.
 */
export function eventOf(message: EventStreamMessage): { [type: string]: EventJson } | undefined {
  const { headers, payload } = message;
  switch (headers[':message-type']) {
    case 'exception':
      throw new StreamError(exceptionBody(headers[':exception-type'], payload));
    case 'error':
      throw new StreamError(
        JSON.stringify({ __type: headers[':error-code'], message: headers[':error-message'] }),
      );
    default: {
      const type = headers[':event-type'];
      const json = parseObject(payload);
      return typeof type === 'string' && json !== undefined ? { [type]: json } : undefined;
    }
  }
}

type Json = string | number | boolean | null | Json[] | EventJson;
interface EventJson {
  [key: string]: Json | undefined;
}

function exceptionBody(type: HeaderValue | undefined, payload: Buffer): string {
  const json = parseObject(payload) ?? { message: payload.toString('utf8') };
  return JSON.stringify({ __type: type, ...json });
}

function parseObject(payload: Buffer): EventJson | undefined {
  try {
    const json: unknown = JSON.parse(payload.toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as EventJson)
      : undefined;
  } catch {
    return undefined;
  }
}

function damaged(what: string): BodyFailure {
  return new BodyFailure('reset', new Error(what));
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
