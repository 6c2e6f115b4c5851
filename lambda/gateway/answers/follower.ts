import type { Operation } from '../../openai/wire.ts';
import type { CallerOptions } from '../request/caller-options.ts';
import type { RequestContext } from '../request/context.ts';
import type { Principal } from '../request/principal.ts';
import type { Answer } from '../upstream/attempts.ts';
import type { Outcome } from './answer-stream.ts';

/** A request as its followers see it. */
export interface FollowedRequest {
  /** `raw`: the fallthrough. */
  readonly operation: Operation | 'raw';
  /** Method and path of a raw call. */
  readonly path?: string;
  /** As the caller named it; undefined where a raw call names none. */
  readonly model?: string;
  /** The parsed body; undefined where it was not read, or is no JSON. */
  readonly body: unknown;
  readonly stream: boolean;
  readonly principal: Principal;
  readonly options: CallerOptions;
  readonly context: RequestContext;
  /** Added to the response, whether it is an answer or an error. Names in lower case. */
  readonly responseHeaders: Record<string, string>;
  /** The caller's place in a trace, as it came. */
  readonly traceparent?: string;
}

/** How a request ended. */
export interface End {
  readonly status: number;
  /** The answer came from the cache, or from another caller's call: this request asked no provider. */
  readonly cached?: boolean;
  /** Set where the caller got an error, in the answer's head or in its middle, or left. */
  readonly failure?: unknown;
  /** How many bytes the caller was sent of the answer. */
  readonly bytes?: number;
  /** What the caller was sent, where a follower wants it: the whole body, or a stream's bytes up to where it ended. */
  readonly body?: Buffer;
  /** `body` is not all of it: it was too large to be kept. */
  readonly cut?: boolean;
  readonly contentType?: string;
}

/** Someone who follows one request from its side: what it is charged, what is logged of it. Nothing it does may throw. */
export interface Follower {
  readonly wantsBody: boolean;
  /** Beyond so many bytes it is not kept; absent: none is. */
  readonly maxBodyBytes?: number;
  /** An upstream answer is complete, or has failed. A request may have several. Not called on the fallthrough. */
  settled(answer: Answer, outcome: Outcome): void;
  /** The first byte of a streamed answer, or the whole of another, is there. */
  began(): void;
  /** Once, after the last byte or the error. What remains to be done goes to the context's `waitUntil`. */
  ended(end: End): void;
}
