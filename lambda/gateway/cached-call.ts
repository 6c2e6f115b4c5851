import { failureFields } from '../log.ts';
import { asksForUsage } from '../openai/chunks.ts';
import type { Call } from '../providers/provider.ts';
import type { CacheCounts, CacheEntry, LeaseStore, ResponseCache } from '../stores/response-cache.ts';
import { type Form, inForm, isComplete, streamInForm } from './answer-forms.ts';
import type { CacheCounter } from './cache-counter.ts';
import { openAnswer, sealAnswer, type WholeAnswer } from './cache-entry.ts';
import { hitHeaders, keptHeaders, missHeaders } from './cache-headers.ts';
import type { CacheKey } from './cache-key.ts';
import { type Lease, lease } from './cache-lease.ts';
import type { CachePolicy } from './cache-policy.ts';
import type { RequestContext } from './context.ts';
import { Flight, type Landed, landedOf, type Ran, wholeOf } from './flight.ts';
import type { HotEntries } from './hot-entries.ts';
import type { ServerTiming } from './server-timing.ts';
import type { ModelAnswer } from './walk.ts';
import { within } from './within.ts';

/** What all requests of a process share. */
export interface Shelf {
  readonly store: ResponseCache & LeaseStore;
  readonly hot: HotEntries;
  readonly flights: Map<string, Flight>;
  readonly counter: CacheCounter;
  readonly maxEntryBytes: number;
}

export interface CachedCallParts {
  readonly key: CacheKey;
  readonly policy: CachePolicy;
  readonly scope: string;
  readonly call: Call;
  readonly context: RequestContext;
  readonly timing: ServerTiming;
}

/** Asks the provider. The answer keeps the usage chunk of a stream; `signal` ends the call. */
export type Run = (signal: AbortSignal) => Promise<Ran>;

/** A slow cache is no cache: what the store may take before the request goes on as a miss. */
const BUDGET_MS = 150;
const WRITE_MS = 5_000;

const now = () => Math.floor(Date.now() / 1000);

/** One cacheable request on its way through the cache. */
export class CachedCall {
  readonly #parts: CachedCallParts;
  readonly #shelf: Shelf;
  readonly #wanted: Form;
  readonly #lookup: Promise<CacheEntry | undefined> | undefined;

  constructor(parts: CachedCallParts, shelf: Shelf) {
    this.#parts = parts;
    this.#shelf = shelf;
    this.#wanted = { stream: parts.call.stream, usage: asksForUsage(parts.call.body) };
    const { key, policy } = parts;
    const near = shelf.hot.get(key.id) !== undefined || shelf.flights.has(key.id);
    // Begun here, so that it goes on while the caller's limits are asked for.
    this.#lookup = policy.read && !near ? shelf.store.get(key.id) : undefined;
    this.#lookup?.catch(() => undefined);
  }

  /** The answer: from the cache, from another caller's call in flight, or from the provider. `cached`: nothing was asked. */
  async answer(run: Run): Promise<{ answer: ModelAnswer; cached: boolean }> {
    const { policy, key, context } = this.#parts;
    if (!policy.read) return this.#asked(await this.#ask(run, context.signal));
    const hot = await this.#opened(this.#shelf.hot.get(key.id));
    if (hot) return this.#hit(hot, 'hit');
    const flight = this.#shelf.flights.get(key.id);
    const shared = flight && (await this.#join(flight));
    if (shared) return shared;
    // Who may not write has nothing for others: no flight.
    if (!policy.write || flight) {
      const stored = await this.#stored();
      return stored ? this.#hit(stored, 'hit') : this.#asked(await this.#ask(run, context.signal));
    }
    return this.#lead(run);
  }

  /** Another request's answer, undefined where it is not what this one may have. Throws what made that one fail. */
  async #join(flight: Flight): Promise<{ answer: ModelAnswer; cached: boolean } | undefined> {
    flight.board(this.#parts.context.signal);
    const landed = await flight.landed;
    if (landed.kind === 'whole')
      return this.#isFresh(landed.answer.createdAt) ? this.#hit(landed.answer, 'shared') : undefined;
    if (!landed.broadcast.open || landed.failure() !== undefined) return undefined;
    if (!this.#wanted.stream) return this.#hit(await wholeOf(landed), 'shared');
    this.#tell('shared', landed.head);
    const body = streamInForm(landed.broadcast.read(), this.#wanted);
    return { answer: { body, headers: this.#headersOf(landed.head, true) }, cached: true };
  }

  async #lead(run: Run): Promise<{ answer: ModelAnswer; cached: boolean }> {
    const { key, context } = this.#parts;
    const { flights } = this.#shelf;
    const flight = new Flight();
    flight.board(context.signal);
    flights.set(key.id, flight);
    const leave = () => {
      if (flights.get(key.id) === flight) flights.delete(key.id);
    };
    try {
      const stored = (await this.#stored()) ?? (await this.#lease(flight));
      if (!('kind' in stored)) {
        flight.land({ kind: 'whole', answer: stored });
        leave();
        return this.#hit(stored, 'hit');
      }
      return this.#asked(await this.#ask(run, flight.signal, { flight, lease: stored, leave }));
    } catch (error) {
      flight.fail(error);
      leave();
      throw error;
    }
  }

  /** What another process wrote meanwhile, or who may ask the provider. */
  async #lease(flight: Flight): Promise<WholeAnswer | Lease> {
    const { key, context } = this.#parts;
    const got = await lease(this.#shelf.store, {
      id: key.id,
      deadline: context.deadline,
      signal: flight.signal,
      log: context.log,
      budgetMs: BUDGET_MS,
      fits: (entry) => this.#isFresh(entry.createdAt),
    });
    if (got.kind !== 'entry') return got;
    return (await this.#opened(got.entry)) ?? { kind: 'nobodys' };
  }

  async #ask(
    run: Run,
    signal: AbortSignal,
    shared?: { flight: Flight; lease: Lease; leave: () => void },
  ): Promise<ModelAnswer> {
    const { context, call } = this.#parts;
    this.#count('miss');
    const release = async () => {
      if (shared?.lease.kind === 'mine') await shared.lease.release();
    };
    const ran = await run(signal).catch((error: unknown) => {
      context.waitUntil(release());
      throw error;
    });
    const stream = ran.answer.body instanceof ReadableStream || call.stream;
    const head = {
      stream,
      contentType: ran.answer.headers['content-type'] ?? 'application/json',
      headers: keptHeaders(ran.answer.headers),
      requestId: context.requestId,
      createdAt: now(),
    };
    const landed = landedOf(ran, head, this.#shelf.maxEntryBytes);
    shared?.flight.land(landed);
    const written = this.#write(landed, ran).finally(shared?.leave);
    context.waitUntil(written.then(release, release));
    const form = landed.kind === 'whole' ? inForm(landed.answer, this.#wanted) : undefined;
    const body = landed.kind === 'live' ? streamInForm(landed.broadcast.read(), this.#wanted) : form?.body;
    if (body === undefined) throw new Error('an answer has a body');
    return { body, headers: { ...ran.answer.headers, ...missHeaders(this.#parts.policy, call.stream) } };
  }

  /** Stores the answer when its last byte is there, if it is one to be given again. */
  async #write(landed: Landed, ran: Ran): Promise<void> {
    const { key, policy, scope, context } = this.#parts;
    const body = landed.kind === 'whole' ? landed.answer.body : await landed.broadcast.whole;
    const tooLarge = body === undefined || body.byteLength > this.#shelf.maxEntryBytes;
    if (!policy.write || tooLarge || ran.failure() !== undefined) return;
    const answer: WholeAnswer = landed.kind === 'whole' ? landed.answer : { ...landed.head, body };
    if (!isComplete(answer)) return;
    try {
      const { createdAt } = answer;
      const sealed = await sealAnswer(answer, key);
      const labels = { scope, model: ran.model() };
      const entry = { sealed, labels, createdAt, expiresAt: createdAt + policy.ttl };
      this.#shelf.hot.set(key.id, entry);
      await within(WRITE_MS, this.#shelf.store.put(key.id, entry));
    } catch (error) {
      context.log.warn('cache not written', failureFields(error));
      this.#count('failed');
    }
  }

  async #stored(): Promise<WholeAnswer | undefined> {
    const { context, timing } = this.#parts;
    if (this.#lookup === undefined) return undefined;
    try {
      const entry = await timing.measure('cache', within(BUDGET_MS, this.#lookup));
      return await this.#opened(entry);
    } catch (error) {
      context.log.warn('cache not read', failureFields(error));
      this.#count('failed');
      return undefined;
    }
  }

  async #opened(entry: CacheEntry | undefined): Promise<WholeAnswer | undefined> {
    const { key, context } = this.#parts;
    if (entry === undefined || entry.expiresAt <= now() || !this.#isFresh(entry.createdAt)) return undefined;
    try {
      const answer = await openAnswer(entry.sealed, key, this.#shelf.maxEntryBytes);
      this.#shelf.hot.set(key.id, entry);
      return answer;
    } catch (error) {
      context.log.warn('cache entry not readable', failureFields(error));
      this.#count('failed');
      return undefined;
    }
  }

  #isFresh(createdAt: number): boolean {
    const { maxAge } = this.#parts.policy;
    return maxAge === undefined || now() - createdAt <= maxAge;
  }

  #asked(answer: ModelAnswer): { answer: ModelAnswer; cached: boolean } {
    return { answer, cached: false };
  }

  #hit(whole: WholeAnswer, as: 'hit' | 'shared'): { answer: ModelAnswer; cached: boolean } {
    this.#tell(as, whole);
    const { body, contentType } = inForm(whole, this.#wanted);
    return {
      answer: {
        body,
        headers: {
          ...this.#headersOf(whole, this.#wanted.stream),
          'content-type': contentType,
        },
      },
      cached: true,
    };
  }

  #headersOf(answer: Parameters<typeof hitHeaders>[0], stream: boolean): Record<string, string> {
    const { policy, timing } = this.#parts;
    return { ...hitHeaders(answer, policy, stream), 'server-timing': timing.header(!stream) };
  }

  /** The one line that a request gets in the log, as if a provider had answered it. */
  #tell(as: 'hit' | 'shared', { headers, createdAt }: Pick<WholeAnswer, 'headers' | 'createdAt'>): void {
    this.#count(as);
    const { context, timing } = this.#parts;
    const provider = headers['x-bt-used-endpoint'];
    const ms = Math.round(timing.totalMs());
    context.log.info('answered', { provider, status: 200, ms, cached: true, age: now() - createdAt });
  }

  #count(what: keyof CacheCounts): void {
    const { context } = this.#parts;
    const work = this.#shelf.counter.add(what, context.log);
    if (work) context.waitUntil(work);
  }
}
