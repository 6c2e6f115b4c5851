import { Upstream } from '../../errors.ts';
import { isCut, StreamTap } from '../../openai/stream-tap.ts';
import type { JsonObject, Usage } from '../../openai/wire.ts';
import type { Call, Relay } from '../../providers/provider.ts';
import { readAll } from '../../streams/body-reader.ts';
import { FrameSplitter } from '../../streams/sse.ts';
import type { Principal } from '../request/principal.ts';
import type { Answer } from '../upstream/attempts.ts';
import { connectionError, upstreamError, vendorError } from '../upstream/upstream-error.ts';
import { answerStream, type FrameSource, type Outcome } from './answer-stream.ts';

/** More than any vendor answers in one JSON body: base64 images come to some tens of megabytes. */
export const MAX_JSON_BYTES = 128 * 1024 * 1024;

/**
 * A whole JSON answer, its bytes untouched. It is read to its end first, so that an answer that breaks off is an error
 * with a true status and no broken 200. Throws GatewayError.
 */
export async function relayJson(
  answer: Answer,
  relay: Relay,
  principal: Principal,
): Promise<{ body: Buffer; json: JsonObject; usage: Usage | undefined }> {
  const { route } = answer;
  const body = await readAll(answer.reader, MAX_JSON_BYTES, answer.first).catch((failure: unknown) => {
    throw connectionError(route.provider.name, failure);
  });
  const json = parseObject(body);
  if (json === undefined) {
    throw new Upstream(
      `The provider ${route.provider.name} answered with something that is no JSON object.`,
      {
        code: 'upstream_invalid_response',
      },
    );
  }
  // Some vendors report a failure under status 200, even beside what they have of an answer.
  const empty = json.choices === undefined && json.data === undefined;
  if (json.error !== null && (typeof json.error === 'object' || (json.error !== undefined && empty))) {
    throw upstreamError(
      route,
      answer.response,
      vendorError(route, answer.response.status, body.toString()),
      principal,
    );
  }
  return { body, json, usage: relay.usageOf(json) };
}

/** A byte order mark is no part of the JSON, and some servers write one. */
const utf8 = new TextDecoder();

export function parseObject(body: Buffer): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(utf8.decode(body));
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A stream of events, whole frames as they come, bytes untouched but for the one usage chunk that the gateway asked for,
 * which `full` keeps. See `answerStream` for failures.
 */
export function relayStream(
  answer: Answer,
  relay: Relay,
  call: Call,
  principal: Principal,
  done: (outcome: Outcome) => void,
  full: boolean,
): Promise<ReadableStream<Uint8Array>> {
  const tap = new StreamTap(relay.usageOf, !full && relay.addsUsageChunk(call, answer.route));
  return answerStream(new RelaySource(answer, tap), answer, principal, done);
}

/** Whole frames out of an answer, each batch seen by the tap. */
class RelaySource implements FrameSource {
  readonly #tap: StreamTap;
  readonly #answer: Answer;
  readonly #splitter = new FrameSplitter();
  #pending: Uint8Array | undefined;
  #ended = false;
  /** The last frame went out without an empty line. */
  #unclosed = false;

  constructor(answer: Answer, tap: StreamTap) {
    this.#answer = answer;
    this.#pending = answer.first;
    this.#ended = answer.first === undefined;
    this.#tap = tap;
  }

  get usage(): Usage | undefined {
    return this.#tap.usage;
  }

  get frameOpen(): boolean {
    return this.#splitter.open || this.#unclosed;
  }

  async next(): Promise<Buffer | undefined> {
    while (!this.#ended) {
      if (this.#tap.failure) throw this.#tap.failure;
      const chunk = this.#pending ?? (await this.#read());
      this.#pending = undefined;
      this.#ended = chunk === undefined;
      const whole = chunk === undefined ? this.#rest() : this.#splitter.push(chunk);
      if (whole.byteLength === 0) continue;
      const passed = this.#tap.pass(whole);
      if (passed.byteLength > 0) return passed;
    }
    if (this.#tap.failure) throw this.#tap.failure;
    if (this.#tap.complete) return undefined;
    throw new Upstream(
      `The provider ${this.#answer.route.provider.name} ended its stream before the answer was complete.`,
      {
        code: 'upstream_incomplete',
      },
    );
  }

  /** A connection that breaks, or rests, behind `[DONE]` takes nothing from the answer. */
  #read(): Promise<Uint8Array | undefined> {
    return this.#answer.reader.read().catch((failure: unknown) => {
      if (this.#tap.done) return undefined;
      throw failure;
    });
  }

  /** Not every vendor ends its last frame with an empty line. A frame that breaks off in its data is left out. */
  #rest(): Buffer {
    const rest = this.#splitter.end();
    if (!this.#splitter.open && isCut(rest)) return Buffer.alloc(0);
    this.#unclosed = rest.byteLength > 0;
    return rest;
  }
}
