import { Upstream } from '../errors.ts';
import type { ChatChunk, ChatResponse, JsonObject, Usage } from '../openai/wire.ts';
import type { Call, Conversion, StreamDecoder } from '../providers/provider.ts';
import { readAll } from '../streams/body-reader.ts';
import { DONE, encodeEvent } from '../streams/sse.ts';
import { StreamError } from '../streams/stream-error.ts';
import { answerFailure, answerStream, type FrameSource, type Outcome } from './answer-stream.ts';
import type { Answer } from './attempts.ts';
import type { Principal } from './authenticate.ts';
import { eventReader } from './event-reader.ts';
import { MAX_JSON_BYTES, parseObject } from './relay.ts';
import { connectionError } from './upstream-error.ts';

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

export async function convertResponse(
  answer: Answer,
  conversion: Conversion,
  call: Call,
  principal: Principal,
): Promise<ChatResponse> {
  const json = await readVendorJson(answer, principal);
  try {
    return conversion.decodeResponse(json, call, answer.route);
  } catch (failure) {
    // A shape that the vendor never had before is the vendor's failure, and the log has the place.
    throw answerFailure(failure, answer, principal);
  }
}

function notJson({ route }: Answer): Upstream {
  const message = `The provider ${route.provider.name} answered with something that is no JSON object.`;
  return new Upstream(message, { code: 'upstream_invalid_response' });
}

/**
 * A vendor's stream as a stream of OpenAI chunks: one loop from bytes to events to chunks to bytes. `encode` is how a
 * chunk leaves. See `answerStream` for failures.
 */
export function convertStream(
  answer: Answer,
  conversion: Conversion,
  call: Call,
  principal: Principal,
  done: (outcome: Outcome) => void,
  encode: (chunk: ChatChunk) => Buffer = encodeEvent,
): Promise<ReadableStream<Uint8Array>> {
  const decoder = conversion.decodeStream(call, answer.route);
  const source = new ConversionSource(answer, conversion, decoder, encode);
  return answerStream(source, answer, principal, done);
}

/** Encoded chunks out of an answer, all that one network chunk gave at a time. */
class ConversionSource implements FrameSource {
  readonly frameOpen = false;
  readonly #answer: Answer;
  readonly #events;
  readonly #decoder: StreamDecoder;
  readonly #encode: (chunk: ChatChunk) => Buffer;
  #pending: Uint8Array | undefined;
  #ended: boolean;
  #failure: unknown;

  constructor(
    answer: Answer,
    { framing }: Conversion,
    decoder: StreamDecoder,
    encode: (chunk: ChatChunk) => Buffer,
  ) {
    this.#answer = answer;
    this.#events = eventReader(framing);
    this.#decoder = decoder;
    this.#encode = encode;
    this.#pending = answer.first;
    this.#ended = answer.first === undefined;
  }

  get usage(): Usage | undefined {
    return this.#decoder.usage;
  }

  async next(): Promise<Buffer | undefined> {
    while (!this.#ended && this.#failure === undefined) {
      const bytes = this.#pending ?? (await this.#answer.reader.read());
      this.#pending = undefined;
      const encoded: Buffer[] = [];
      try {
        this.#ended = bytes === undefined;
        const events = bytes === undefined ? this.#events.end() : this.#events.push(bytes);
        for (const event of events) this.#add(this.#decoder.onEvent(event), encoded);
        if (bytes === undefined) {
          this.#add(this.#decoder.end(), encoded);
          encoded.push(DONE);
        }
      } catch (failure) {
        // What was decoded before the failure is the caller's all the same.
        this.#failure = failure;
      }
      if (encoded.length > 0) return encoded.length === 1 ? encoded[0] : Buffer.concat(encoded);
    }
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }

  #add(chunks: readonly ChatChunk[], encoded: Buffer[]): void {
    for (const chunk of chunks) encoded.push(this.#encode(chunk));
  }
}
