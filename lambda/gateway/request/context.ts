import type { Log } from '../../log.ts';

/** What one request carries beside its bytes. Made by the adapter that received it. */
export interface RequestContext {
  readonly requestId: string;
  /** Aborted when the caller goes away (where the platform tells). */
  readonly signal: AbortSignal;
  /** When the answer must be complete, in milliseconds since the epoch. */
  readonly deadline: number;
  readonly log: Log;
  /** Work that may go on after the last byte; the adapter awaits it before it lets the process rest. */
  waitUntil(work: Promise<unknown>): void;
}

/** The same context with another log or signal. Not spread: an adapter may make the context's own signal on first use. */
export function contextWith(
  context: RequestContext,
  changed: Partial<Pick<RequestContext, 'log' | 'signal'>>,
): RequestContext {
  const properties = Object.entries(changed).map(([name, value]) => [name, { value }]);
  return Object.create(context, Object.fromEntries(properties));
}
