import type { CacheEntry } from '../../stores/response-cache.ts';

const MAX_ENTRY_BYTES = 256 * 1024;
const MAX_BYTES = 16 * 1024 * 1024;
/** Seconds after which the store is asked again: a purge ends what a warm instance remembers within this time. */
const KEPT_SECONDS = 30;

/** Small entries that a warm process was just asked for, sealed as in the store; the least used go first. */
export class HotEntries {
  readonly #entries = new Map<string, { entry: CacheEntry; until: number }>();
  readonly #now: () => number;
  #bytes = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get(id: string): CacheEntry | undefined {
    const found = this.#entries.get(id);
    if (found === undefined) return undefined;
    this.#remove(id);
    if (found.until <= this.#now() / 1000) return undefined;
    this.#add(id, found);
    return found.entry;
  }

  set(id: string, entry: CacheEntry): void {
    // What was not read anew is no younger for being used.
    if (this.#entries.get(id)?.entry === entry) return;
    this.#remove(id);
    if (entry.sealed.byteLength > MAX_ENTRY_BYTES) return;
    this.#add(id, { entry, until: Math.min(entry.expiresAt, this.#now() / 1000 + KEPT_SECONDS) });
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#remove(oldest);
    }
  }

  /** A Map keeps the order of insertion: the last is the most recently used. */
  #add(id: string, held: { entry: CacheEntry; until: number }): void {
    this.#entries.set(id, held);
    this.#bytes += held.entry.sealed.byteLength;
  }

  #remove(id: string): void {
    const held = this.#entries.get(id);
    if (held === undefined) return;
    this.#bytes -= held.entry.sealed.byteLength;
    this.#entries.delete(id);
  }
}
