import type { WholeAnswer } from './cache-entry.ts';
import type { CachePolicy } from './cache-policy.ts';

/** Headers of an answer that stay true when it is given again. */
const KEPT = ['content-type', 'x-bt-used-endpoint', 'x-sluice-dropped', 'openai-version'];

export function keptHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT.includes(name)));
}

/** https://www.rfc-editor.org/rfc/rfc9111#name-age, https://www.braintrust.dev/docs/deploy/ai-proxy#caching */
export function hitHeaders(
  { headers, requestId, createdAt, ttl }: Pick<WholeAnswer, 'headers' | 'requestId' | 'createdAt' | 'ttl'>,
  stream: boolean,
): Record<string, string> {
  return {
    ...headers,
    'x-bt-cached': 'HIT',
    'x-bt-original-request-id': requestId,
    age: String(Math.max(0, Math.floor(Date.now() / 1000) - createdAt)),
    ...lifetime(ttl, stream),
  };
}

/** What an answer from the provider gets beside its own headers; nothing where it is not kept. */
export function missHeaders({ ttl, write }: CachePolicy, stream: boolean): Record<string, string> {
  return write ? { age: '0', ...lifetime(ttl, stream) } : {};
}

/** A proxy on the way that buffers or compresses would hold a stream back. */
function lifetime(ttl: number, stream: boolean): Record<string, string> {
  return stream
    ? { 'cache-control': `max-age=${ttl}, no-transform`, 'x-accel-buffering': 'no' }
    : { 'cache-control': `max-age=${ttl}` };
}
