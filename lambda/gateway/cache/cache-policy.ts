import type { JsonObject, Operation } from '../../openai/wire.ts';
import type { CallerOptions } from '../request/caller-options.ts';

/** What the cache may do for one request. */
export interface CachePolicy {
  readonly read: boolean;
  readonly write: boolean;
  /** Seconds: an older entry is a miss. */
  readonly maxAge?: number;
  /** Seconds that a new entry lives. */
  readonly ttl: number;
}

/** Operations that answer the same request with the same answer, whatever its sampling fields. */
const DETERMINISTIC: ReadonlySet<Operation> = new Set(['embeddings', 'moderations']);

/**
 * By the Braintrust proxy's rule: `auto` caches what is deterministic (a temperature of exactly 0, or a seed), `always` every
 * request of a cacheable route, `never` none; the directives of `cache-control` come before both.
 * https://www.braintrust.dev/docs/deploy/ai-proxy#caching
 */
export function cachePolicy(operation: Operation, body: JsonObject, options: CallerOptions): CachePolicy {
  const { useCache, cacheControl, cacheTtl: ttl } = options;
  const seeded = body.seed !== undefined && body.seed !== null;
  const deterministic = DETERMINISTIC.has(operation) || body.temperature === 0 || seeded;
  const wanted = useCache === 'always' || (useCache === 'auto' && deterministic);
  const { noCache, noStore, maxAge } = cacheControl;
  return {
    read: wanted && !noCache && maxAge !== 0,
    write: wanted && !noStore,
    ...(maxAge === undefined ? {} : { maxAge }),
    ttl,
  };
}
