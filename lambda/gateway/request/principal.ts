import type { Limits, LoggingTarget } from '../../stores/credential-store.ts';

/** Who calls. Everything a caller may do is decided from this, never from another header. */
export interface Principal {
  /** `identity`: an IAM or OIDC identity that gateway.json maps. */
  readonly kind: 'gateway-key' | 'provider-key' | 'credential' | 'identity';
  /** What log, counters and caches know the caller by. No secret, and the same in every process. */
  readonly id: string;
  /** The gateway key's SHA-256: what a credential of it refers to. */
  readonly keyHash?: string;
  /** The entry of gateway.json that gives an identity its rights: what a credential of it refers to. */
  readonly grant?: string;
  /** Who shares this caller's cached answers; absent: nobody. */
  readonly cacheScope?: string;
  /** The caller's own provider key, used upstream in place of the gateway's keys. */
  readonly apiKey?: string;
  /** Lists of model names; a model must be allowed by each of them. Absent: every model. See `Scope`. */
  readonly modelLists?: readonly (readonly string[])[];
  /** What is counted for this caller, each by itself: a credential's own limits, and those of its key. */
  readonly limits?: readonly SubjectLimits[];
  /** The organization that the caller is bound to, whatever `x-bt-org-name` says. */
  readonly orgName?: string;
  /** Where the caller's requests are logged, whatever `x-bt-parent` says. */
  readonly logging?: LoggingTarget;
  /** Seconds since the epoch: nothing that this caller makes may live longer. */
  readonly expiresAt?: number;
}

/** Limits of one subject: a key, a credential, an identity. */
export interface SubjectLimits extends Limits {
  /** The counters' name: `key#…`, `cred#…`, `iam#…`, `oidc#…`. No secret. */
  readonly subject: string;
  /** Over the subject's whole life. */
  readonly maxRequests?: number;
  readonly maxCostUsd?: number;
  /** Seconds since the epoch: when the counters of the whole life may go. */
  readonly expiresAt?: number;
}
