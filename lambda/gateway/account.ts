import type { GatewayConfig } from '../config.ts';
import type { Call, Route } from '../providers/provider.ts';
import type { UsageStore } from '../stores/usage-store.ts';
import type { FollowedRequest, Follower } from './follower.ts';

export interface AccountParts {
  readonly config: Pick<GatewayConfig, 'limits' | 'prices'>;
  readonly usage: UsageStore;
}

/**
 * Reserves what the request may use, for each of its caller's limits; undefined where the caller has none. Throws RateLimit
 * (429), PermissionDenied (403, `price_unknown`), KeyUnavailable (503). `call` and `routes` are absent on the fallthrough.
 */
export async function openAccount(
  _request: FollowedRequest,
  _parts: AccountParts,
  _call?: Call,
  _routes?: readonly Route[],
): Promise<{ follower: Follower; routes: readonly Route[] } | undefined> {
  return undefined;
}
