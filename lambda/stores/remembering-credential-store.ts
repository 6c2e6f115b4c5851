import type { CredentialRecord, CredentialStore, GatewayKeyRecord } from './credential-store.ts';

interface Seen {
  readonly record: GatewayKeyRecord | CredentialRecord;
  readonly until: number;
}

const KEPT_MS = 5_000;
const MAX_SEEN = 10_000;

/**
 * Remembers keys and credentials that were found for five seconds: a busy caller costs no read per request and goes on
 * through a short outage of the store. What was not found is never remembered, so a new key works at once; a revoked one
 * ends within five seconds.
 */
export class RememberingCredentialStore implements CredentialStore {
  readonly #store: CredentialStore;
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();

  constructor(store: CredentialStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  findKey(hash: string): Promise<GatewayKeyRecord | undefined> {
    return this.#find(`key ${hash}`, () => this.#store.findKey(hash));
  }

  findCredential(id: string): Promise<CredentialRecord | undefined> {
    return this.#find(`credential ${id}`, () => this.#store.findCredential(id));
  }

  async #find<Of extends GatewayKeyRecord | CredentialRecord>(
    name: string,
    read: () => Promise<Of | undefined>,
  ): Promise<Of | undefined> {
    const now = this.#now();
    const seen = this.#seen.get(name);
    if (seen && seen.until > now) return seen.record as Of;
    const record = await read();
    this.#seen.delete(name);
    if (record) this.#remember(name, record, now);
    return record;
  }

  #remember(name: string, record: GatewayKeyRecord | CredentialRecord, now: number): void {
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    const expiry = record.expiresAt === undefined ? Number.POSITIVE_INFINITY : record.expiresAt * 1000;
    this.#seen.set(name, { record, until: Math.min(now + KEPT_MS, expiry) });
  }

  putKey(record: GatewayKeyRecord): Promise<void> {
    this.#seen.delete(`key ${record.hash}`);
    return this.#store.putKey(record);
  }

  listKeys(): Promise<GatewayKeyRecord[]> {
    return this.#store.listKeys();
  }

  revokeKey(hash: string): Promise<boolean> {
    this.#seen.delete(`key ${hash}`);
    return this.#store.revokeKey(hash);
  }

  putCredential(record: CredentialRecord): Promise<void> {
    return this.#store.putCredential(record);
  }

  listCredentials(): Promise<CredentialRecord[]> {
    return this.#store.listCredentials();
  }

  revokeCredential(id: string): Promise<boolean> {
    this.#seen.delete(`credential ${id}`);
    return this.#store.revokeCredential(id);
  }
}
