import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { failureFields, type Log } from '../../log.ts';
import type { CacheEntry, LeaseStore } from '../../stores/response-cache.ts';
import { within } from './within.ts';

/** A lease holds others for so long at most: a process that dies with one costs its waiters this much. */
export const LEASE_MS = 60_000;
/** Longer than from a lookup to the lease that is asked for after it. */
const LINGER_MS = 1_000;
const FIRST_GAP_MS = 50;
const LONGEST_GAP_MS = 1_000;

/** Who waits, and for how long. */
export interface Wait {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** What one call to the store may take. */
  readonly budgetMs: number;
  /** Whether an entry is what the waiter needs. */
  readonly fits: (entry: CacheEntry) => boolean;
  /** Told where the store fails or is too slow. */
  readonly failed?: () => void;
  /** Takes work that the answer does not wait for. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** `mine`: this process asks the provider, and `release` ends the lease, told whether there is an entry. `nobody's`: it asks without a lease. */
export type Lease =
  | { readonly kind: 'mine'; readonly release: (written: boolean) => Promise<void> }
  | { readonly kind: 'entry'; readonly entry: CacheEntry }
  | { readonly kind: 'nobodys' };

/**
 * The right to ask the provider, among several processes: who does not get it waits for the entry that the holder writes, with
 * growing gaps, and takes over when the holder gave up or its time is over. A store that fails or is slow grants nothing
 * and holds nobody. Rejects with the signal's reason.
 */
export async function lease(store: LeaseStore, wait: Wait): Promise<Lease> {
  const { id, signal, budgetMs, log } = wait;
  const holder = randomUUID();
  const started = Date.now();
  // Who has waited in vain still needs time to ask.
  const until = started + Math.min(LEASE_MS, (wait.deadline - started) / 2);
  let asked = Promise.resolve(false);
  try {
    for (let gap = FIRST_GAP_MS; ; gap = Math.min(gap * 2, LONGEST_GAP_MS)) {
      asked = store.acquire(id, holder, LEASE_MS);
      if (await within(budgetMs, asked))
        return {
          kind: 'mine',
          release: (written) => release(store, id, holder, log, written ? LINGER_MS : 0),
        };
      const left = await waitForHolder(store, wait, until, gap);
      if (left !== undefined) return left;
    }
  } catch (error) {
    // An acquisition that was too slow may go through later, and one that failed may have: nobody must wait for it.
    const got = asked.catch(() => true);
    wait.waitUntil(got.then((mine) => (mine ? release(store, id, holder, log) : undefined)));
    signal.throwIfAborted();
    log.warn('cache lease failed', failureFields(error));
    wait.failed?.();
    return { kind: 'nobodys' };
  }
}

/** Undefined where the lease is free. */
async function waitForHolder(
  store: LeaseStore,
  { id, signal, budgetMs, fits }: Wait,
  until: number,
  firstGap: number,
): Promise<Lease | undefined> {
  for (let gap = firstGap; ; gap = Math.min(gap * 2, LONGEST_GAP_MS)) {
    if (Date.now() + gap >= until) return { kind: 'nobodys' };
    // Others began to wait at the same moment.
    await sleep(gap * (0.75 + Math.random() / 2), undefined, { signal });
    const { entry, leased } = await within(budgetMs, store.look(id));
    if (entry !== undefined && fits(entry)) return { kind: 'entry', entry };
    if (!leased) return undefined;
  }
}

function release(store: LeaseStore, id: string, holder: string, log: Log, lingerMs = 0): Promise<void> {
  return store.release(id, holder, lingerMs).catch((error: unknown) => {
    log.warn('cache lease not ended', failureFields(error));
  });
}
