import type { LoggingTarget } from './credential-store.ts';

/** One logged request. Only for callers who asked for it: this alone of all the gateway writes holds prompts and answers. */
export interface RequestRecord {
  readonly requestId: string;
  /** 16 lower-case hex digits; the trace is the caller's where `traceparent` named one. https://www.w3.org/TR/trace-context */
  readonly spanId: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly target: LoggingTarget;
  /** The caller's `Principal.id`. */
  readonly caller: string;
  /** `chat`, `completions`, `embeddings`, …; on the fallthrough `raw`. */
  readonly operation: string;
  /** Method and path on the fallthrough. */
  readonly path?: string;
  /** As the caller named it; undefined where the request named none. */
  readonly model?: string;
  /** Who answered, and as which model; undefined where nobody did. */
  readonly provider?: string;
  /** What vendor that provider is of. */
  readonly vendor?: string;
  readonly answeredModel?: string;
  /** The request's body. */
  readonly input: unknown;
  /** The whole answer, streams put together; undefined where there is none. */
  readonly output?: unknown;
  readonly usage?: unknown;
  /** US dollars; undefined where a price is unknown. */
  readonly costUsd?: number;
  readonly cached: boolean;
  readonly stream: boolean;
  readonly status: number;
  /** What the caller was told went wrong, in the answer's head or in its middle. */
  readonly error?: { readonly message: string; readonly type: string; readonly code: string | null };
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly firstByteAt?: number;
  readonly endedAt: number;
  /** `input` or `output` was too large, and was cut. */
  readonly truncated: boolean;
}

/** Where logged requests go. Rejects where the record could not be delivered in time. */
export interface RequestLog {
  /** What the operator's log calls it: `file`, `cloudwatch`, `otlp`. */
  readonly name: string;
  write(record: RequestRecord): Promise<void>;
}
