import { randomBytes } from 'node:crypto';
import type { RequestRecord } from '../../stores/request-log.ts';

/** Where a request stands among others. */
export type Span = Pick<RequestRecord, 'spanId' | 'traceId' | 'parentSpanId'>;

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/;

/** A new span, in the caller's trace where a valid `traceparent` names one. https://www.w3.org/TR/trace-context */
export function spanOf(traceparent: string | undefined): Span {
  const spanId = randomBytes(8).toString('hex');
  const [, traceId, parentSpanId] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  return traceId === undefined || parentSpanId === undefined
    ? { spanId, traceId: randomBytes(16).toString('hex') }
    : { spanId, traceId, parentSpanId };
}
