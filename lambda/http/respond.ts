import { GatewayError, Internal } from '../errors.ts';
import type { RequestContext } from '../gateway/context.ts';
import { failureFields } from '../log.ts';

/** Whatever was thrown, as the response the caller gets. The one place where errors become responses. */
export function errorResponse(thrown: unknown, context: RequestContext): Response {
  const error = thrown instanceof GatewayError ? thrown : new Internal(thrown);
  const level = error.status >= 500 ? 'error' : 'info';
  context.log[level]('refused', failureFields(error));
  return new Response(JSON.stringify(error.toBody()), {
    status: error.status,
    headers: { 'content-type': 'application/json', ...error.headers, 'x-request-id': context.requestId },
  });
}

export function jsonResponse(value: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json', ...headers } });
}
