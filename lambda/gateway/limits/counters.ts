import type { Counter } from '../../stores/usage-store.ts';
import type { SubjectLimits } from '../request/principal.ts';

/** A counter, and what its window is to people. */
export interface WindowCounter {
  readonly counter: Counter;
  readonly window: 'minute' | 'day' | 'month' | 'life';
  /** Seconds since the epoch at which it begins anew; undefined: never. */
  readonly resetsAt?: number;
}

export const NANO_USD = 1_000_000_000;
const MINUTE = 60;
const DAY = 86_400;
/** Late answers settle what they reserved in a window that is over. */
const KEPT = 2 * 3_600;

/** The counters of a subject's limits at a moment: calendar windows in UTC. None where it has no limits. */
export function countersOf(limits: SubjectLimits, nowMs: number): WindowCounter[] {
  const now = Math.floor(nowMs / 1000);
  const { subject, rpm, tpm, budget, maxRequests, maxCostUsd } = limits;
  const found: WindowCounter[] = [];
  if (rpm !== undefined || tpm !== undefined) {
    const most = {
      ...(rpm === undefined ? {} : { requests: rpm }),
      ...(tpm === undefined ? {} : { tokens: tpm }),
    };
    found.push(windowCounter(subject, 'minute', now - (now % MINUTE), MINUTE, most));
  }
  if (budget !== undefined) {
    const [start, length] = budget.per === 'day' ? [now - (now % DAY), DAY] : monthOf(nowMs);
    found.push(
      windowCounter(subject, budget.per, start, length, { nanoUsd: Math.round(budget.usd * NANO_USD) }),
    );
  }
  if (maxRequests !== undefined || maxCostUsd !== undefined) {
    const most = {
      ...(maxRequests === undefined ? {} : { requests: maxRequests }),
      ...(maxCostUsd === undefined ? {} : { nanoUsd: Math.round(maxCostUsd * NANO_USD) }),
    };
    const expiresAt = (limits.expiresAt ?? now + 366 * DAY) + KEPT;
    found.push({ counter: { id: `${subject}#life`, expiresAt, limits: most }, window: 'life' });
  }
  return found;
}

function windowCounter(
  subject: string,
  window: 'minute' | 'day' | 'month',
  start: number,
  length: number,
  limits: Counter['limits'],
): WindowCounter {
  const resetsAt = start + length;
  const counter = { id: `${subject}#${window}#${start}`, expiresAt: resetsAt + KEPT, limits };
  return { counter, window, resetsAt };
}

function monthOf(nowMs: number): [start: number, length: number] {
  const date = new Date(nowMs);
  const start = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / 1000;
  return [start, Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / 1000 - start];
}
