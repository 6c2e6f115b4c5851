/** What a key or an identity may use in a time. Absent: without limit. */
export interface Limits {
  /** Requests a minute. */
  readonly rpm?: number;
  /** Tokens a minute, prompt and completion together. */
  readonly tpm?: number;
  /** US dollars a day or a calendar month, both in UTC. */
  readonly budget?: { readonly usd: number; readonly per: 'day' | 'month' };
}

/** A gateway key as it is stored: the key itself is never kept, only its SHA-256. */
export interface GatewayKeyRecord extends Limits {
  /** SHA-256 of the key, lower-case hex. */
  readonly hash: string;
  readonly name: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** Seconds since the epoch; absent: the key does not expire. */
  readonly expiresAt?: number;
  /** The models that the key may use; absent: all. */
  readonly models?: readonly string[];
}

/** Where requests are logged: Braintrust's `project_name:…`, `project_id:…`, `experiment_id:…` or an exported span. */
export interface LoggingTarget {
  /** In the form of the header `x-bt-parent`. */
  readonly parent: string;
}

/** Whose rights a temporary credential has a part of. */
export type CredentialParent =
  | { readonly kind: 'gateway-key'; readonly hash: string }
  /** `sealed`: the provider key, under a secret that only the token holds. `id`: the caller's `Principal.id`. */
  | { readonly kind: 'provider-key'; readonly id: string; readonly sealed: Uint8Array }
  /** An IAM or OIDC identity. `subject`: its counters' name; `grant`: the entry of gateway.json that gives it its rights. */
  | { readonly kind: 'identity'; readonly id: string; readonly subject: string; readonly grant: string };

/** A temporary credential as it is stored: the token itself is never kept. */
export interface CredentialRecord {
  /** The token's `jti`. */
  readonly id: string;
  readonly parent: CredentialParent;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly models?: readonly string[];
  readonly maxRequests?: number;
  readonly maxCostUsd?: number;
  readonly orgName?: string;
  readonly logging?: LoggingTarget;
  /** The cache scope of its parent, where it was granted; absent: its own. */
  readonly cacheScope?: string;
}

/** Gateway keys and temporary credentials. Every method throws KeyUnavailable where the store can't be used. */
export interface CredentialStore {
  /** The record, or undefined where there is none or it has expired. Sees every write that came before. */
  findKey(hash: string): Promise<GatewayKeyRecord | undefined>;
  putKey(record: GatewayKeyRecord): Promise<void>;
  listKeys(): Promise<GatewayKeyRecord[]>;
  /** Whether there was such a key. */
  revokeKey(hash: string): Promise<boolean>;
  /** As `findKey`. */
  findCredential(id: string): Promise<CredentialRecord | undefined>;
  /** Never replaces a record: throws where the id is taken. */
  putCredential(record: CredentialRecord): Promise<void>;
  /** Those that have not expired. */
  listCredentials(): Promise<CredentialRecord[]>;
  /** Whether there was such a credential. */
  revokeCredential(id: string): Promise<boolean>;
}
