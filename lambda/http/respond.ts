import { GatewayError, Internal } from '../errors.ts';
import type { RequestContext } from '../gateway/request/context.ts';
import { failureFields } from '../log.ts';

/** Whatever was thrown, as the response the caller gets. The one place where errors become responses. */
export function errorResponse(
  thrown: unknown,
  context: RequestContext,
  common: Record<string, string> = { 'x-request-id': context.requestId },
): Response {
  if (context.signal.aborted) {
    // Whatever was thrown is what their leaving did. Nobody reads the status; nginx's word for it stands in traces.
    context.log.info('caller left');
    return new Response(null, { status: 499, headers: common });
  }
  const error = thrown instanceof GatewayError ? thrown : new Internal(thrown);
  const level = error.status >= 500 ? 'error' : 'info';
  context.log[level]('refused', failureFields(error));
  return new Response(JSON.stringify(error.toBody()), {
    status: error.status,
    // What the gateway says of itself comes before what a provider said under the same name.
    headers: { 'content-type': 'application/json', ...error.headers, ...common },
  });
}

export function jsonResponse(value: unknown, common: Record<string, string>): Response {
  return new Response(JSON.stringify(value), { headers: { ...common, 'content-type': 'application/json' } });
}
