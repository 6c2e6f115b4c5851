const FORWARDED = new Set([
  'content-type',
  'accept',
  'anthropic-beta',
  'anthropic-version',
  'idempotency-key',
  'traceparent',
  'tracestate',
  'baggage',
]);
const FORWARDED_PREFIXES = ['openai-', 'x-stainless-'];
/** What a relayed body needs beside: its length and form, ranges and preconditions. RFC 9110, sections 8, 13 and 14. */
const FORWARDED_RAW = new Set([
  'accept-encoding',
  'accept-language',
  'content-encoding',
  'content-length',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
]);

/** The caller's headers that may go upstream: an allow-list, so nothing that carries a key of ours can slip through. */
export function forwardedHeaders(headers: Headers, raw = false): Record<string, string> {
  const result: Record<string, string> = {};
  headers.forEach((value, name) => {
    const allowed = FORWARDED.has(name) || FORWARDED_PREFIXES.some((prefix) => name.startsWith(prefix));
    if (allowed || (raw && FORWARDED_RAW.has(name))) result[name] = value;
  });
  return result;
}
