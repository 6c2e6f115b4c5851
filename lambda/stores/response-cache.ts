/** What an operator may choose entries by: never a part of a prompt or an answer. */
export interface EntryLabels {
  /** The caller's cache scope. */
  readonly scope: string;
  /** `provider/model` that answered. */
  readonly model: string;
}

/** Which entries: of one of the scopes, of the model; what is absent does not matter. */
export interface EntryChoice {
  readonly scope?: string | readonly string[];
  readonly model?: string;
}

/** How many entries each label stands on. */
export interface LabelCounts {
  readonly scopes: Readonly<Record<string, number>>;
  readonly models: Readonly<Record<string, number>>;
}

/** One cached response, sealed: the store can't read it. */
export interface CacheEntry {
  readonly sealed: Uint8Array;
  readonly labels: EntryLabels;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** What became of requests that could have been answered from the cache. */
export interface CacheCounts {
  readonly hit: number;
  readonly miss: number;
  /** The caller or the rule did not want the cache. */
  readonly skip: number;
  /** Another caller's call in flight answered. */
  readonly shared: number;
  /** The store failed or was too slow: the request went on as a miss. */
  readonly failed: number;
}

/** What `cache stats` tells. */
export interface CacheStats {
  readonly entries: number;
  /** Sealed bytes, parts and all. */
  readonly bytes: number;
  /** By day, `2026-11-23`, in UTC. */
  readonly counts: Readonly<Record<string, CacheCounts>>;
}

/** Cached responses, by ids that tell nothing. Every method rejects where the store can't be used. */
export interface ResponseCache {
  /** The entry; undefined where there is none, it has expired, or it was not written to its end. */
  get(id: string): Promise<CacheEntry | undefined>;
  /** Replaces what was there. A reader sees the old entry or the new one, never a part. */
  put(id: string, entry: CacheEntry): Promise<void>;
  count(counts: Partial<CacheCounts>): Promise<void>;
  /** Reads the whole table: for the operator, not for the function. */
  stats(): Promise<CacheStats>;
  /** Removes the chosen entries (every entry where nothing is chosen), and says how many. */
  purge(choice: EntryChoice): Promise<number>;
}

/** What the operator alone asks of the cache: it reads the whole table. */
export interface CacheSurvey {
  labels(): Promise<LabelCounts>;
}

/** Who of several processes asks the provider. */
export interface LeaseStore {
  /** Whether `holder` has the lease now: nobody had it, or the time of whoever had it was over. */
  acquire(id: string, holder: string, milliseconds: number): Promise<boolean>;
  /**
   * Ends the lease where `holder` still has it: now, or in `lingerMs`. Until then whoever looked for the entry just before it was
   * written is refused, looks again, and finds it.
   */
  release(id: string, holder: string, lingerMs?: number): Promise<void>;
  /** The entry, and whether somebody has the lease: what a waiter asks, in one call. */
  look(id: string): Promise<{ entry: CacheEntry | undefined; leased: boolean }>;
}
