/**
 * Cross-origin access, as headers of each response: bearers and no cookies, so any origin may be allowed. A middleware
 * would touch every response after it was made, which costs its fast path in the local server a third of the requests
 * per second and a millisecond before a stream's first byte.
 * https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS
 */
export interface Cors {
  /** Headers for the response to this request. */
  headers(request: Request): Record<string, string>;
  /** The answer to a preflight; undefined where the request is none. */
  preflight(request: Request): Response | undefined;
}

const EXPOSED = [
  'x-bt-cached',
  'x-bt-used-endpoint',
  'x-bt-span-id',
  'x-bt-original-request-id',
  'x-request-id',
  'x-upstream-request-id',
  'x-sluice-dropped',
  'age',
  'cache-control',
  'server-timing',
  'retry-after',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
  'openai-processing-ms',
].join(',');

const NONE: Record<string, string> = {};

export function createCors(origins: readonly string[]): Cors {
  const any = origins.includes('*');
  const headers = (request: Request): Record<string, string> => {
    const origin = request.headers.get('origin');
    // A browser names its origin; nobody else looks at these headers.
    if (any && origin === null) return NONE;
    if (any) return { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED };
    // The answer differs by origin also where it allows none: a cache on the way must know.
    if (origin === null || !origins.includes(origin)) return { vary: 'Origin' };
    return {
      'access-control-allow-origin': origin,
      'access-control-expose-headers': EXPOSED,
      vary: 'Origin',
    };
  };
  return {
    headers,
    preflight(request) {
      const method = request.headers.get('access-control-request-method');
      if (request.method !== 'OPTIONS' || method === null) return undefined;
      const asked = request.headers.get('access-control-request-headers');
      const allow = asked === null ? {} : { 'access-control-allow-headers': asked };
      const { 'access-control-expose-headers': _, ...allowed } = headers(request);
      return new Response(null, {
        status: 204,
        headers: {
          ...allowed,
          ...allow,
          'access-control-allow-methods': 'GET,POST,PUT,PATCH,DELETE,HEAD',
          'access-control-max-age': '86400',
        },
      });
    },
  };
}
