/** A gateway key as it is stored: the key itself is never kept, only its SHA-256. */
export interface GatewayKeyRecord {
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

/** Gateway keys, and (with their own issue) temporary credentials. Throws KeyUnavailable where it can't be read. */
export interface CredentialStore {
  /** The record, or undefined where there is none or it has expired. Sees every write that came before. */
  findKey(hash: string): Promise<GatewayKeyRecord | undefined>;
  putKey(record: GatewayKeyRecord): Promise<void>;
  listKeys(): Promise<GatewayKeyRecord[]>;
  /** Whether there was such a key. */
  revokeKey(hash: string): Promise<boolean>;
}
