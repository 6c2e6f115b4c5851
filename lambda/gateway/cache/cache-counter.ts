import { failureFields, type Log } from '../../log.ts';
import type { CacheCounts, ResponseCache } from '../../stores/response-cache.ts';

const FLUSH_MS = 10_000;

/**
 * Counts what the cache did, in memory, and adds it to the store's counters at most every ten seconds: a write for each
 * request would cost more than the hit it counts. What an instance has counted since is lost where it is ended.
 */
export class CacheCounter {
  readonly #cache: Pick<ResponseCache, 'count'>;
  readonly #now: () => number;
  #counts: Record<keyof CacheCounts, number> = { hit: 0, miss: 0, skip: 0, shared: 0, failed: 0 };
  #flushedAt: number;

  constructor(cache: Pick<ResponseCache, 'count'>, now: () => number = Date.now) {
    this.#cache = cache;
    this.#now = now;
    this.#flushedAt = now();
  }

  /** Returns work for after the last byte, where the counters are due. */
  add(what: keyof CacheCounts, log: Log): Promise<void> | undefined {
    this.#counts[what]++;
    return this.#now() - this.#flushedAt < FLUSH_MS ? undefined : this.flush(log);
  }

  async flush(log: Log): Promise<void> {
    const counted = Object.entries(this.#counts).filter(([, count]) => count > 0);
    this.#counts = { hit: 0, miss: 0, skip: 0, shared: 0, failed: 0 };
    this.#flushedAt = this.#now();
    if (counted.length === 0) return;
    await this.#cache.count(Object.fromEntries(counted)).catch((error: unknown) => {
      log.warn('cache not counted', failureFields(error));
    });
  }
}
