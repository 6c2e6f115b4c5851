import type { IncomingHttpHeaders } from 'node:http';

/** The provider's headers that a caller of a model route gets: rate limits and how long the provider took. */
const PASSED = /^(?:x-ratelimit-|anthropic-ratelimit-|ratelimit)|^(?:openai-processing-ms|openai-version)$/;

/** What of a provider's headers goes to the caller of a model route, with an answer and with an error alike. */
export function passedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string' && PASSED.test(name)) result[name] = value;
  }
  const id = vendorRequestId(headers);
  if (id !== undefined) result['x-upstream-request-id'] = id;
  return result;
}

/** The vendor's own id for the request, under whichever name it sends it. */
export function vendorRequestId(headers: IncomingHttpHeaders): string | undefined {
  const names = ['x-request-id', 'request-id', 'x-amzn-requestid', 'apim-request-id', 'cf-ray'];
  const value = names.map((name) => headers[name]).find((found) => typeof found === 'string');
  return typeof value === 'string' ? value : undefined;
}
