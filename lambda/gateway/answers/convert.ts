import { Upstream } from '../../errors.ts';
import type { ChatChunk, ChatResponse, JsonObject, Usage } from '../../openai/wire.ts';
import type { Conversion, StreamDecoder } from '../../providers/provider.ts';
import { readAll } from '../../streams/body-reader.ts';
import { DONE, encodeEvent } from '../../streams/sse.ts';
import { StreamError } from '../../streams/stream-error.ts';
import type { Principal } from '../request/principal.ts';
import type { Answer } from '../upstream/attempts.ts';
import { connectionError } from '../upstream/upstream-error.ts';
import { answerFailure, answerStream, type FrameSource, type Outcome } from './answer-stream.ts';
import { type EventReader, eventReader } from './event-reader.ts';
import { MAX_JSON_BYTES, parseObject } from './relay.ts';

/** A whole answer of a vendor with a format of its own, as JSON. Throws GatewayError. */
export async function readVendorJson(answer: Answer, principal: Principal): Promise<JsonObject> {
  const { route, reader } = answer;
  const body = await readAll(reader, MAX_JSON_BYTES, answer.first).catch((failure: unknown) => {
    throw connectionError(route.provider.name, failure);
  });
  const json = parseObject(body);
  if (json === undefined) throw notJson(answer);
  if (json.error !== undefined && json.error !== null) {
    throw answerFailure(new StreamError(body.toString('utf8')), answer, principal);
  }
  return json;
}

/** A whole answer in OpenAI's format. Throws GatewayError. */
export async function convertResponse(
  answer: Answer,
  conversion: Conversion,
  principal: Principal,
): Promise<ChatResponse> {
  const json = await readVendorJson(answer, principal);
  try {
    return conversion.decodeResponse(json, answer.call, answer.route);
  } catch (failure) {
    // A shape that the vendor never had before is the vendor's failure, and the log has the place.
    throw answerFailure(failure, answer, principal);
  }
}

function notJson({ route }: Answer): Upstream {
  const message = `The provider ${route.provider.name} answered with something that is no JSON object.`;
  return new Upstream(message, { code: 'upstream_invalid_response' });
}

/** The half of a conversion that a stream needs. */
export type StreamConversion = Pick<Conversion, 'framing' | 'decodeStream'>;

/**
 * A vendor's stream as a stream of OpenAI chunks: one loop from bytes to events to chunks to bytes. See `answerStream` for
 * failures.
 */
export function convertStream(
  answer: Answer,
  conversion: StreamConversion,
  principal: Principal,
  done: (outcome: Outcome) => void,
): Promise<ReadableStream<Uint8Array>> {
  return answerStream(conversionSource(answer, conversion, encodeEvent, DONE), answer, principal, done);
}

/** `encode` is how a chunk leaves, `last` what follows the last one. */
export function conversionSource(
  answer: Answer,
  { framing, decodeStream }: StreamConversion,
  encode: (chunk: ChatChunk) => Buffer,
  last?: Buffer,
): ConversionSource {
  return new ConversionSource(
    answer,
    eventReader(framing),
    decodeStream(answer.call, answer.route),
    encode,
    last,
  );
}

/** Encoded chunks out of an answer, all that one network chunk gave at a time. */
export class ConversionSource implements FrameSource {
  readonly frameOpen = false;
  readonly #answer: Answer;
  readonly #events: EventReader;
  readonly #decoder: StreamDecoder;
  readonly #encode: (chunk: ChatChunk) => Buffer;
  readonly #last: Buffer | undefined;
  #head: Pick<ChatChunk, 'id' | 'created' | 'model'> | undefined;
  #pending: Uint8Array | undefined;
  #ended = false;
  #failure: unknown;

  constructor(
    answer: Answer,
    events: EventReader,
    decoder: StreamDecoder,
    encode: (chunk: ChatChunk) => Buffer,
    last?: Buffer,
  ) {
    this.#answer = answer;
    this.#events = events;
    this.#decoder = decoder;
    this.#encode = encode;
    this.#last = last;
    // Undefined also where the answer is empty: the reader tells its end once more.
    this.#pending = answer.first;
  }

  get usage(): Usage | undefined {
    return this.#decoder.usage;
  }

  /** What the chunks say of their answer. */
  get head(): Pick<ChatChunk, 'id' | 'created' | 'model'> | undefined {
    return this.#head;
  }

  /** Stops the answer's bytes. */
  cancel(): void {
    this.#answer.reader.cancel();
  }

  async next(): Promise<Buffer | undefined> {
    while (!this.#ended && this.#failure === undefined) {
      const bytes = this.#pending ?? (await this.#answer.reader.read());
      this.#pending = undefined;
      const encoded: Buffer[] = [];
      try {
        this.#decode(bytes, encoded);
      } catch (failure) {
        // What was decoded before the failure is the caller's all the same.
        this.#failure = failure;
      }
      const joined = encoded.length === 1 ? encoded[0] : Buffer.concat(encoded);
      if (joined !== undefined && joined.byteLength > 0) return joined;
    }
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }

  #decode(bytes: Uint8Array | undefined, encoded: Buffer[]): void {
    this.#ended = bytes === undefined;
    const events = bytes === undefined ? this.#events.end() : this.#events.push(bytes);
    for (const event of events) this.#add(this.#decoder.onEvent(event), encoded);
    if (bytes !== undefined) return;
    this.#add(this.#decoder.end(), encoded);
    if (this.#last) encoded.push(this.#last);
  }

  #add(chunks: readonly ChatChunk[], encoded: Buffer[]): void {
    for (const chunk of chunks) {
      this.#head ??= { id: chunk.id, created: chunk.created, model: chunk.model };
      encoded.push(this.#encode(chunk));
    }
  }
}
