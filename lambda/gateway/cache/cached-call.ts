import { asksForUsage } from '../../openai/chunks.ts';
import type { ModelAnswer } from '../answers/walk.ts';
import { type Form, inForm, streamInForm } from './answer-forms.ts';
import type { WholeAnswer } from './cache-entry.ts';
import { hitHeaders, keptHeaders, missHeaders } from './cache-headers.ts';
import { type Lease, lease } from './cache-lease.ts';
import { type CachedCallParts, CacheSlot, now, type Shelf } from './cache-slot.ts';
import { Flight, type Landing, landedOf, type Ran, wholeOf } from './flight.ts';

/** Asks the provider. The answer keeps the usage chunk of a stream; `signal` ends the call. */
export type Run = (signal: AbortSignal) => Promise<Ran>;

/** Who shares a call in flight gets what it would have got itself: an answer of now, however long ago it began. */
const young = <Of extends Landing>(answer: Of): Of => ({ ...answer, createdAt: now() });

/** One cacheable request on its way through the cache. */
export class CachedCall {
  readonly #parts: CachedCallParts;
  readonly #shelf: Shelf;
  readonly #wanted: Form;
  readonly #slot: CacheSlot;

  constructor(parts: CachedCallParts, shelf: Shelf) {
    this.#parts = parts;
    this.#shelf = shelf;
    this.#wanted = { stream: parts.call.stream, usage: asksForUsage(parts.call.body) };
    this.#slot = new CacheSlot(parts, shelf);
  }

  /** The answer: from the cache, from another caller's call in flight, or from the provider. `cached`: nothing was asked. */
  async answer(run: Run): Promise<{ answer: ModelAnswer; cached: boolean }> {
    const { policy, key, context } = this.#parts;
    if (!policy.read) return this.#asked(await this.#ask(run, context.signal));
    const hot = await this.#slot.hot();
    if (hot) return this.#hit(hot, 'hit');
    const flight = this.#shelf.flights.get(key.id);
    const shared = flight && (await this.#join(flight));
    if (shared) return shared;
    // Who may not write has nothing for others: no flight.
    if (!policy.write || flight) {
      const stored = await this.#slot.stored();
      return stored ? this.#hit(stored, 'hit') : this.#asked(await this.#ask(run, context.signal));
    }
    return this.#lead(run);
  }

  /** Another request's answer, undefined where it is not what this one may have. Throws what made that one fail. */
  async #join(flight: Flight): Promise<{ answer: ModelAnswer; cached: boolean } | undefined> {
    const { context, timing } = this.#parts;
    // All who were aboard have left, and it is being broken off.
    if (flight.signal.aborted) return undefined;
    flight.board(context.signal);
    const landed = await timing.measure('cache', flight.landed);
    if (landed.kind === 'whole') {
      if (!this.#slot.isFresh(landed.answer.createdAt)) return undefined;
      return landed.stored ? this.#hit(landed.answer, 'hit') : this.#hit(young(landed.answer), 'shared');
    }
    if (!landed.broadcast.open || landed.failure() !== undefined) return undefined;
    if (!this.#wanted.stream) return this.#hit(young(await wholeOf(landed)), 'shared');
    const head = young(landed.head);
    this.#tell('shared', head);
    const body = streamInForm(landed.broadcast.read(), this.#wanted);
    return { answer: { body, headers: this.#headersOf(head, true) }, cached: true };
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
      const stored = (await this.#slot.stored()) ?? (await this.#lease(flight));
      if (!('kind' in stored)) {
        flight.land({ kind: 'whole', answer: stored, stored: true });
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
    if (this.#slot.unusable) return { kind: 'nobodys' };
    const got = await lease(this.#shelf.store, {
      id: key.id,
      deadline: context.deadline,
      signal: flight.signal,
      log: context.log,
      budgetMs: this.#shelf.budgetMs,
      fits: (entry) => this.#slot.isFresh(entry.createdAt),
      failed: () => this.#slot.count('failed'),
      waitUntil: (work) => context.waitUntil(work),
    });
    if (got.kind !== 'entry') return got;
    return (await this.#slot.opened(got.entry)) ?? { kind: 'nobodys' };
  }

  async #ask(
    run: Run,
    signal: AbortSignal,
    shared?: { flight: Flight; lease: Lease; leave: () => void },
  ): Promise<ModelAnswer> {
    const { context, call, policy } = this.#parts;
    this.#slot.count('miss');
    const release = async (written: boolean) => {
      if (shared?.lease.kind === 'mine') await shared.lease.release(written);
    };
    const ran = await run(signal).catch((error: unknown) => {
      context.waitUntil(release(false));
      throw error;
    });
    const stream = ran.answer.body instanceof ReadableStream || call.stream;
    const head = {
      stream,
      contentType: ran.answer.headers['content-type'] ?? 'application/json',
      headers: keptHeaders(ran.answer.headers),
      requestId: context.requestId,
      createdAt: now(),
      ttl: policy.ttl,
    };
    const landed = landedOf(ran, head, this.#shelf.maxEntryBytes);
    shared?.flight.land(landed);
    const kept = landed.kind === 'live' || this.#slot.keeps(landed.answer);
    const written = kept ? this.#slot.write(landed, ran) : Promise.resolve(false);
    context.waitUntil(written.finally(shared?.leave).then(release, () => release(false)));
    const form = landed.kind === 'whole' ? inForm(landed.answer, this.#wanted) : undefined;
    const body = landed.kind === 'live' ? streamInForm(landed.broadcast.read(), this.#wanted) : form?.body;
    if (body === undefined) throw new Error('an answer has a body');
    const lifetime = kept ? missHeaders(policy, call.stream) : {};
    return { body, headers: { ...ran.answer.headers, ...lifetime } };
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
    const { timing } = this.#parts;
    return { ...hitHeaders(answer, stream), 'server-timing': timing.header(!stream) };
  }

  /** The one line that a request gets in the log, as if a provider had answered it. */
  #tell(as: 'hit' | 'shared', { headers, createdAt }: Pick<WholeAnswer, 'headers' | 'createdAt'>): void {
    this.#slot.count(as);
    const { context, timing } = this.#parts;
    const provider = headers['x-bt-used-endpoint'];
    const ms = Math.round(timing.totalMs());
    context.log.info('answered', { provider, status: 200, ms, cached: true, age: now() - createdAt });
  }
}
