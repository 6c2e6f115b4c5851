import { KeyUnavailable } from '../../errors.ts';
import { failureFields, type Log } from '../../log.ts';
import type { Amounts, UsageStore } from '../../stores/usage-store.ts';
import type { WindowCounter } from './counters.ts';
import type { Asked } from './rate-limit-headers.ts';

export interface ReservationParts {
  readonly usage: UsageStore;
  readonly onStoreFailure: 'allow' | 'deny' | undefined;
  readonly log: Log;
}

/** What every counter of a request said. */
export interface Reserved {
  /** The counters that hold the reservation now. */
  readonly held: readonly WindowCounter[];
  /** Those that answered, with what they hold. */
  readonly asked: readonly Asked[];
  /** The counters that refused: then none holds anything. */
  readonly refused: readonly Asked[];
}

const NONE: Amounts = { requests: 0, tokens: 0, nanoUsd: 0 };

/**
 * Reserves `amounts` in all counters or in none. Throws KeyUnavailable (503) where a store failure is not to be borne: by
 * default a rate may be exceeded then, a budget may not.
 */
export async function reserve(
  counters: readonly WindowCounter[],
  amounts: Amounts,
  { usage, onStoreFailure, log }: ReservationParts,
): Promise<Reserved> {
  const results = await Promise.allSettled(counters.map(({ counter }) => usage.reserve(counter, amounts)));
  const asked: (Asked & { granted: boolean })[] = [];
  let denied: unknown;
  for (const [i, window] of counters.entries()) {
    const result = results[i];
    if (result?.status === 'fulfilled') {
      asked.push({ window, used: result.value.used, granted: result.value.granted });
      continue;
    }
    log.warn('limits not checked', { window: window.window, ...failureFields(result?.reason) });
    const allowed = onStoreFailure ?? (window.window === 'minute' ? 'allow' : 'deny');
    if (allowed === 'deny') denied = result?.reason;
  }
  const held = asked.filter(({ granted }) => granted).map(({ window }) => window);
  const refused = asked.filter(({ granted }) => !granted);
  if (refused.length === 0 && denied === undefined) return { held, asked, refused };
  await adjust(held, { ...NONE, ...negative(amounts) }, usage, log);
  if (refused.length > 0) return { held: [], asked, refused };
  throw new KeyUnavailable('The limits of this API key can not be checked at the moment.', {
    code: 'limits_unavailable',
    cause: denied,
  });
}

export function negative({ requests, tokens, nanoUsd }: Amounts): Amounts {
  return { requests: -requests, tokens: -tokens, nanoUsd: -nanoUsd };
}

/** Adds `by` to each counter. A failure leaves what was reserved in place, and is told in the log. */
export async function adjust(
  windows: readonly WindowCounter[],
  by: Amounts | ((window: WindowCounter) => Amounts),
  usage: UsageStore,
  log: Log,
): Promise<void> {
  const work = windows.map(async (window) => {
    const amounts = typeof by === 'function' ? by(window) : by;
    if (amounts.requests === 0 && amounts.tokens === 0 && amounts.nanoUsd === 0) return;
    await usage.adjust(window.counter, amounts);
  });
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'rejected') log.warn('limits not settled', failureFields(result.reason));
  }
}
