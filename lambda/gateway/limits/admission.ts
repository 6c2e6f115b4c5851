import type { GatewayConfig } from '../../config.ts';
import type { Amounts, UsageStore } from '../../stores/usage-store.ts';
import type { FollowedRequest } from '../answers/follower.ts';
import { countersOf, type WindowCounter } from './counters.ts';
import { limitError } from './limit-error.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';
import { reserve } from './reservation.ts';

export interface AdmissionParts {
  readonly config: Pick<GatewayConfig, 'limits'>;
  readonly usage: UsageStore;
}

type Asking = Pick<FollowedRequest, 'principal' | 'context' | 'responseHeaders'>;

/**
 * Reserves `wanted` in all counters or in none, and tells the caller what is left. Returns the counters that hold it. Throws
 * RateLimit (429), KeyUnavailable (503). `now` in milliseconds.
 */
export async function admit(
  { principal, context, responseHeaders }: Asking,
  counters: readonly WindowCounter[],
  wanted: Amounts,
  { config, usage }: AdmissionParts,
  now: number,
): Promise<readonly WindowCounter[]> {
  const { onStoreFailure } = config.limits;
  const { asked, held, refused } = await reserve(counters, wanted, {
    usage,
    onStoreFailure,
    log: context.log,
  });
  Object.assign(responseHeaders, rateLimitHeaders(asked, now));
  const [first] = refused;
  if (first) throw limitError(first, wanted, principal.expiresAt, now);
  return held;
}

/** A request that asks no provider is one of its caller's minute all the same. Throws as `admit`. */
export async function admitRequest(
  asking: Asking,
  parts: AdmissionParts,
  now: number = Date.now(),
): Promise<void> {
  const minutes = (asking.principal.limits ?? [])
    .flatMap((subject) => countersOf(subject, now))
    .filter(({ window, counter }) => window === 'minute' && counter.limits.requests !== undefined);
  if (minutes.length > 0) await admit(asking, minutes, { requests: 1, tokens: 0, nanoUsd: 0 }, parts, now);
}
