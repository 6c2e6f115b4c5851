import type { CredentialStore, GatewayKeyRecord } from './credential-store.ts';

interface Seen {
  readonly record: GatewayKeyRecord;
  readonly until: number;
}

const KEPT_MS = 5_000;
const MAX_SEEN = 10_000;

/**
 * Remembers keys that were found for five seconds: a busy caller costs no read per request and goes on through a short
 * outage of the store. What was not found is never remembered, so a new key works at once; a revoked one ends within
 * five seconds.
 */
export class RememberingCredentialStore implements CredentialStore {
  readonly #store: CredentialStore;
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();

  constructor(store: CredentialStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  async findKey(hash: string): Promise<GatewayKeyRecord | undefined> {
    const now = this.#now();
    const seen = this.#seen.get(hash);
    if (seen && seen.until > now) return seen.record;
    const record = await this.#store.findKey(hash);
    this.#seen.delete(hash);
    if (record) this.#remember(hash, record, now);
    return record;
  }

  #remember(hash: string, record: GatewayKeyRecord, now: number): void {
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    const expiry = record.expiresAt === undefined ? Number.POSITIVE_INFINITY : record.expiresAt * 1000;
    this.#seen.set(hash, { record, until: Math.min(now + KEPT_MS, expiry) });
  }

  putKey(record: GatewayKeyRecord): Promise<void> {
    this.#seen.delete(record.hash);
    return this.#store.putKey(record);
  }

  listKeys(): Promise<GatewayKeyRecord[]> {
    return this.#store.listKeys();
  }

  revokeKey(hash: string): Promise<boolean> {
    this.#seen.delete(hash);
    return this.#store.revokeKey(hash);
  }
}
