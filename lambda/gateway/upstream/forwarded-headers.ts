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
/** They choose among what a key may bill and reach: the caller's to say with a key of their own, and the operator's otherwise. */
const WITH_OWN_KEY = new Set(['openai-organization', 'openai-project']);
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

/** Headers as a `Request` has them, or as a plain record with lower-case names. */
export type HeaderSource = Headers | Readonly<Record<string, string | string[] | undefined>>;

export interface Forwarding {
  /** The body goes on as it came. */
  readonly raw?: boolean;
  /** With the caller's own provider key. */
  readonly ownKey?: boolean;
}

/** The caller's headers that may go upstream: an allow-list, so nothing that carries a key of ours can slip through. */
export function forwardedHeaders(
  headers: HeaderSource,
  { raw = false, ownKey = false }: Forwarding = {},
): Record<string, string> {
  const result: Record<string, string> = {};
  const entries = headers instanceof Headers ? headers : Object.entries(headers);
  for (const [name, value] of entries) {
    const forwarded = isForwarded(name) || (raw && FORWARDED_RAW.has(name));
    if (value === undefined || !forwarded || (!ownKey && WITH_OWN_KEY.has(name))) continue;
    result[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return result;
}

function isForwarded(name: string): boolean {
  return FORWARDED.has(name) || FORWARDED_PREFIXES.some((prefix) => name.startsWith(prefix));
}
