import type { IncomingHttpHeaders } from 'node:http';
import type { ServerTiming } from './server-timing.ts';
import { passedHeaders } from './vendor-headers.ts';

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
    ...passedHeaders(vendor),
  };
  // A proxy on the way that buffers or compresses would hold the stream back.
  if (stream)
    Object.assign(headers, { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' });
  return headers;
}
