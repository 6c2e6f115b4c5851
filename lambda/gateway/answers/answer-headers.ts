import type { ServerTiming } from '../request/server-timing.ts';
import type { Answer } from '../upstream/attempts.ts';
import { passedHeaders } from '../upstream/vendor-headers.ts';

/** The response headers of a model route. https://www.braintrust.dev/docs/deploy/ai-proxy */
export function answerHeaders(
  { route, response, dropped }: Answer,
  timing: ServerTiming,
  stream: boolean,
): Record<string, string> {
  const vendor = response.headers;
  const headers: Record<string, string> = {
    'x-bt-cached': 'MISS',
    'x-bt-used-endpoint': route.provider.name,
    'server-timing': timing.header(!stream),
    ...passedHeaders(vendor),
  };
  if (dropped.length > 0) headers['x-sluice-dropped'] = dropped.join(', ');
  // A proxy on the way that buffers or compresses would hold the stream back.
  if (stream)
    Object.assign(headers, { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' });
  return headers;
}
