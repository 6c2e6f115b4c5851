import type { Amounts } from '../../stores/usage-store.ts';
import type { WindowCounter } from './counters.ts';

/** A counter that was asked, and what it said. */
export interface Asked {
  readonly window: WindowCounter;
  readonly used: Amounts;
}

const KINDS = ['requests', 'tokens'] as const;

/**
 * What is left in this minute, as OpenAI tells it, of the subject that has least.
 * https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers. `now` in milliseconds.
 */
export function rateLimitHeaders(asked: readonly Asked[], now: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const kind of KINDS) {
    const limits = asked.flatMap(({ window, used }) => {
      const limit = window.window === 'minute' ? window.counter.limits[kind] : undefined;
      return limit === undefined ? [] : [{ limit, left: Math.max(0, limit - used[kind]), window }];
    });
    const [tightest] = limits.toSorted((a, b) => a.left - b.left);
    if (tightest === undefined) continue;
    headers[`x-ratelimit-limit-${kind}`] = String(tightest.limit);
    headers[`x-ratelimit-remaining-${kind}`] = String(tightest.left);
    headers[`x-ratelimit-reset-${kind}`] = duration((tightest.window.resetsAt ?? 0) * 1000 - now);
  }
  return headers;
}

/** `1m30s`, `12.5s`, `250ms`: as OpenAI writes a time. */
export function duration(milliseconds: number): string {
  const rest = Math.max(0, milliseconds);
  if (rest < 999.5) return `${Math.round(rest)}ms`;
  const tenths = Math.round(rest / 100);
  const minutes = Math.floor(tenths / 600);
  const seconds = (tenths % 600) / 10;
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
}
