import { failureFields } from '../../log.ts';
import type { Call } from '../../providers/provider.ts';
import type { CacheCounts, CacheEntry, LeaseStore, ResponseCache } from '../../stores/response-cache.ts';
import type { RequestContext } from '../request/context.ts';
import type { ServerTiming } from '../request/server-timing.ts';
import { isComplete } from './answer-forms.ts';
import type { CacheCounter } from './cache-counter.ts';
import { openAnswer, sealAnswer, type WholeAnswer } from './cache-entry.ts';
import type { CacheKey } from './cache-key.ts';
import type { CachePolicy } from './cache-policy.ts';
import type { Flight, Landed, Ran } from './flight.ts';
import type { HotEntries } from './hot-entries.ts';
import { within } from './within.ts';

/** What all requests of a process share. */
export interface Shelf {
  readonly store: ResponseCache & LeaseStore;
  readonly hot: HotEntries;
  readonly flights: Map<string, Flight>;
  readonly counter: CacheCounter;
  readonly maxEntryBytes: number;
  /** What one call to the store may take before the request goes on as a miss. */
  readonly budgetMs: number;
}

export interface CachedCallParts {
  readonly key: CacheKey;
  readonly policy: CachePolicy;
  readonly scope: string;
  readonly call: Call;
  readonly context: RequestContext;
  readonly timing: ServerTiming;
}

const WRITE_MS = 5_000;

export const now = () => Math.floor(Date.now() / 1000);

/** One request's place in memory and in the store. Nothing here fails a request: what does not work is a miss. */
export class CacheSlot {
  readonly #parts: CachedCallParts;
  readonly #shelf: Shelf;
  readonly #lookup: Promise<CacheEntry | undefined> | undefined;
  #unusable = false;

  constructor(parts: CachedCallParts, shelf: Shelf) {
    this.#parts = parts;
    this.#shelf = shelf;
    const { key, policy } = parts;
    const near = shelf.hot.get(key.id) !== undefined || shelf.flights.has(key.id);
    // Begun here, so that it goes on while the caller's limits are asked for.
    this.#lookup = policy.read && !near ? shelf.store.get(key.id) : undefined;
    this.#lookup?.catch(() => undefined);
  }

  /** What a warm process remembers. */
  async hot(): Promise<WholeAnswer | undefined> {
    const entry = this.#shelf.hot.get(this.#parts.key.id);
    return entry && this.#parts.timing.measure('cache', this.#read(entry));
  }

  /** Whether an answer is one to be given again, and this request may leave it. */
  keeps(answer: WholeAnswer): boolean {
    const { maxEntryBytes } = this.#shelf;
    return this.#parts.policy.write && answer.body.byteLength <= maxEntryBytes && isComplete(answer);
  }

  /** Stores the answer when its last byte is there, if it is one to be given again. Returns whether it did. */
  async write(landed: Landed, ran: Ran): Promise<boolean> {
    const { key, scope, context } = this.#parts;
    const body = landed.kind === 'whole' ? landed.answer.body : await landed.broadcast.whole;
    if (body === undefined || ran.failure() !== undefined) return false;
    const answer: WholeAnswer = landed.kind === 'whole' ? landed.answer : { ...landed.head, body };
    if (landed.kind === 'live' && !this.keeps(answer)) return false;
    try {
      const { createdAt, ttl } = answer;
      const sealed = await sealAnswer(answer, key);
      const labels = { scope, model: ran.model() };
      const entry = { sealed, labels, createdAt, expiresAt: createdAt + ttl };
      this.#shelf.hot.set(key.id, entry);
      await within(WRITE_MS, this.#shelf.store.put(key.id, entry));
      return true;
    } catch (error) {
      context.log.warn('cache not written', failureFields(error));
      this.count('failed');
      return false;
    }
  }

  /** The lookup failed or took too long: nothing more is asked of the store before the provider is. */
  get unusable(): boolean {
    return this.#unusable;
  }

  async stored(): Promise<WholeAnswer | undefined> {
    const { context, timing } = this.#parts;
    if (this.#lookup === undefined) return undefined;
    try {
      const entry = await timing.measure('cache', within(this.#shelf.budgetMs, this.#lookup));
      return await this.opened(entry);
    } catch (error) {
      this.#unusable = true;
      context.log.warn('cache not read', failureFields(error));
      this.count('failed');
      return undefined;
    }
  }

  /** An entry of the store's. It is remembered where nothing is yet: what was written meanwhile is newer. */
  async opened(entry: CacheEntry | undefined): Promise<WholeAnswer | undefined> {
    const answer = entry && (await this.#read(entry));
    const { hot } = this.#shelf;
    const { id } = this.#parts.key;
    if (answer && hot.get(id) === undefined) hot.set(id, entry);
    return answer;
  }

  async #read(entry: CacheEntry): Promise<WholeAnswer | undefined> {
    const { key, context } = this.#parts;
    if (entry.expiresAt <= now() || !this.isFresh(entry.createdAt)) return undefined;
    try {
      return await openAnswer(entry.sealed, key, this.#shelf.maxEntryBytes);
    } catch (error) {
      context.log.warn('cache entry not readable', failureFields(error));
      this.count('failed');
      return undefined;
    }
  }

  isFresh(createdAt: number): boolean {
    const { maxAge } = this.#parts.policy;
    return maxAge === undefined || now() - createdAt <= maxAge;
  }

  count(what: keyof CacheCounts): void {
    const { context } = this.#parts;
    const work = this.#shelf.counter.add(what, context.log);
    if (work) context.waitUntil(work);
  }
}
