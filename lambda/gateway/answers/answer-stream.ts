import type { GatewayError } from '../../errors.ts';
import type { Usage } from '../../openai/wire.ts';
import { encodeEvent } from '../../streams/sse.ts';
import { StreamError } from '../../streams/stream-error.ts';
import type { Principal } from '../request/principal.ts';
import type { Answer } from '../upstream/attempts.ts';
import { connectionError, upstreamError, vendorError } from '../upstream/upstream-error.ts';

/** How a response ended, for the log and (with its own issue) for what is counted. */
export interface Outcome {
  readonly usage: Usage | undefined;
  readonly failure?: unknown;
}

/** The caller closed the connection before the answer was complete. */
export class CallerLeft extends Error {
  override name = 'CallerLeft';
}

/** Where a streamed answer's bytes come from. */
export interface FrameSource {
  /** The next frames, undefined after the last. Throws where the answer fails or ends too early. */
  next(): Promise<Buffer | undefined>;
  readonly usage: Usage | undefined;
  /** Bytes of the frame at hand have been given out already. */
  readonly frameOpen: boolean;
}

/**
 * A streamed answer as the response's body. Resolves with the first frames at hand, so that a vendor that fails at once is
 * an error with a true status (it throws GatewayError). A later failure closes the stream with one error frame and without
 * `[DONE]`. `done` is called once after the resolve, whatever the end.
 */
export async function answerStream(
  source: FrameSource,
  answer: Answer,
  principal: Principal,
  done: (outcome: Outcome) => void,
): Promise<ReadableStream<Uint8Array>> {
  const { reader } = answer;
  let ahead: Buffer | undefined = await source.next().catch((failure: unknown) => {
    reader.cancel();
    throw answerFailure(failure, answer, principal);
  });
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    try {
      const bytes = ahead ?? (await source.next());
      ahead = undefined;
      if (bytes !== undefined) return controller.enqueue(bytes);
      controller.close();
      done({ usage: source.usage });
    } catch (failure) {
      reader.cancel();
      const error = answerFailure(failure, answer, principal);
      if (source.frameOpen) controller.enqueue(Buffer.from('\n\n'));
      controller.enqueue(encodeEvent(error.toBody()));
      controller.close();
      done({ usage: source.usage, failure: error });
    }
  };
  const cancel = () => {
    reader.cancel();
    done({ usage: source.usage, failure: new CallerLeft() });
  };
  return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
}

/** Whatever went wrong in an answer, as the error the caller sees. */
export function answerFailure(
  failure: unknown,
  { route, response }: Answer,
  principal: Principal,
): GatewayError {
  if (!(failure instanceof StreamError)) return connectionError(route.provider.name, failure);
  return upstreamError(route, response, vendorError(route, response.status, failure.body), principal);
}
