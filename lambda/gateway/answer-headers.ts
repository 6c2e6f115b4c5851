import type { IncomingHttpHeaders } from 'node:http';
import type { ServerTiming } from './server-timing.ts';
import { vendorRequestId } from './upstream-error.ts';

/** The provider's headers that a caller of a model route gets: rate limits and how long the provider took. */
const PASSED = /^(?:x-ratelimit-|anthropic-ratelimit-|ratelimit)|^(?:openai-processing-ms|openai-version)$/;

/** The response headers of a model route. https://www.braintrust.dev/docs/deploy/ai-proxy */
export function answerHeaders(
  vendor: IncomingHttpHeaders,
  endpoint: string,
  timing: ServerTiming,
  stream: boolean,
): Record<string, string> {
  const headers: Record<string, string> = {
    'x-bt-cached': 'MISS',
    'x-bt-used-endpoint': endpoint,
    'server-timing': timing.header(!stream),
  };
  for (const name in vendor) {
    const value = vendor[name];
    if (typeof value === 'string' && PASSED.test(name)) headers[name] = value;
  }
  const id = vendorRequestId(vendor);
  if (id !== undefined) headers['x-upstream-request-id'] = id;
  // A proxy on the way that buffers or compresses would hold the stream back.
  if (stream)
    Object.assign(headers, { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' });
  return headers;
}
