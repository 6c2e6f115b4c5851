import { Upstream } from '../errors.ts';
import { StreamTap } from '../openai/stream-tap.ts';
import type { JsonObject, Usage } from '../openai/wire.ts';
import type { Call, Relay } from '../providers/provider.ts';
import { readAll } from '../streams/body-reader.ts';
import { encodeEvent, FrameSplitter } from '../streams/sse.ts';
import { StreamError } from '../streams/stream-error.ts';
import type { Answer } from './attempts.ts';
import type { Principal } from './authenticate.ts';
import { connectionError, upstreamError } from './upstream-error.ts';

/** How a response ended, for the log and (with its own issue) for what is counted. */
export interface Outcome {
  readonly usage: Usage | undefined;
  readonly failure?: unknown;
}

/** More than any vendor answers in one JSON body: base64 images come to some tens of megabytes. */
const MAX_JSON_BYTES = 128 * 1024 * 1024;

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
  // Some vendors report a failure under status 200.
  if (
    json.error !== undefined &&
    json.error !== null &&
    json.choices === undefined &&
    json.data === undefined
  ) {
    throw upstreamError(
      route,
      answer.response,
      route.provider.decodeError(answer.response.status, body.toString()),
      principal,
    );
  }
  return { body, json, usage: relay.usageOf(json) };
}

function parseObject(body: Buffer): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A stream of events, whole frames as they come, bytes untouched. Resolves with the first frames at hand, so that a
 * vendor that reports a failure at once is an error with a true status (it throws GatewayError). A later failure closes
 * the stream with one error frame and without `[DONE]`. `done` is called once after the resolve, whatever the end.
 */
export async function relayStream(
  answer: Answer,
  relay: Relay,
  call: Call,
  principal: Principal,
  done: (outcome: Outcome) => void,
): Promise<ReadableStream<Uint8Array>> {
  const { reader } = answer;
  const source = new RelaySource(
    answer,
    new StreamTap(relay.usageOf, relay.addsUsageChunk(call, answer.route)),
  );
  let ahead: Buffer | undefined = await source.next().catch((failure: unknown) => {
    reader.cancel();
    throw streamFailure(failure, answer, principal);
  });
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    try {
      const bytes = ahead ?? (await source.next());
      ahead = undefined;
      if (bytes !== undefined) return controller.enqueue(bytes);
      controller.close();
      done({ usage: source.tap.usage });
    } catch (failure) {
      reader.cancel();
      const error = streamFailure(failure, answer, principal);
      if (source.frameOpen) controller.enqueue(Buffer.from('\n\n'));
      controller.enqueue(encodeEvent(error.toBody()));
      controller.close();
      done({ usage: source.tap.usage, failure: error });
    }
  };
  const cancel = () => {
    reader.cancel();
    done({ usage: source.tap.usage, failure: new CallerLeft() });
  };
  return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
}

/** The caller closed the connection before the answer was complete. */
export class CallerLeft extends Error {
  override name = 'CallerLeft';
}

/** Whole frames out of an answer, each batch seen by the tap. */
class RelaySource {
  readonly tap: StreamTap;
  readonly #answer: Answer;
  readonly #splitter = new FrameSplitter();
  #pending: Uint8Array | undefined;
  #ended = false;

  constructor(answer: Answer, tap: StreamTap) {
    this.#answer = answer;
    this.#pending = answer.first;
    this.#ended = answer.first === undefined;
    this.tap = tap;
  }

  /** Bytes of the frame at hand have been given out already. */
  get frameOpen(): boolean {
    return this.#splitter.open;
  }

  /** The next frames, undefined after the last. Throws where the end came too early. */
  async next(): Promise<Buffer | undefined> {
    while (!this.#ended) {
      if (this.tap.failure) throw this.tap.failure;
      const chunk = this.#pending ?? (await this.#answer.reader.read());
      this.#pending = undefined;
      this.#ended = chunk === undefined;
      // Not every vendor ends its last frame with an empty line.
      const whole = chunk === undefined ? this.#splitter.end() : this.#splitter.push(chunk);
      if (whole.byteLength === 0) continue;
      const passed = this.tap.pass(whole);
      if (passed.byteLength > 0) return passed;
    }
    if (this.tap.failure) throw this.tap.failure;
    if (this.tap.complete) return undefined;
    throw new Upstream(
      `The provider ${this.#answer.route.provider.name} ended its stream before the answer was complete.`,
      {
        code: 'upstream_incomplete',
      },
    );
  }
}

function streamFailure(failure: unknown, answer: Answer, principal: Principal) {
  const { route, response } = answer;
  if (!(failure instanceof StreamError)) return connectionError(route.provider.name, failure);
  return upstreamError(route, response, route.provider.decodeError(response.status, failure.body), principal);
}
