import { randomBytes } from 'node:crypto';
import { GATEWAY_KEY_PREFIX, hashKey } from '../lambda/gateway/callers/bearer.ts';
import type { CredentialStore } from '../lambda/stores/credential-store.ts';

/** Names that no operator can give, so that nobody's key is taken for the local run's own. */
const GENERATED = '(local)';
const CHOSEN = '(SLUICE_LOCAL_KEY)';

export function isOwnName(name: string): boolean {
  return /^\(.*\)$/s.test(name);
}

/** A new gateway key: 256 random bits. */
export function generateKey(): string {
  return `${GATEWAY_KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
}

/**
 * Sees that the local gateway key is in the store: the chosen one, or one made at the first start. Returns the key where
 * it may be shown, undefined where only its hash is known any more.
 */
export async function ensureLocalKey(
  store: CredentialStore,
  chosen: string | undefined,
): Promise<string | undefined> {
  const records = await store.listKeys();
  const hash = chosen === undefined ? undefined : hashKey(chosen);
  // A key that was chosen before and is not any more must not go on working.
  const replaced = records.filter((record) => record.name === CHOSEN && record.hash !== hash);
  await Promise.all(replaced.map((record) => store.revokeKey(record.hash)));
  if (chosen === undefined && records.some((record) => record.name === GENERATED)) return undefined;
  const key = chosen ?? generateKey();
  await store.putKey({
    hash: hashKey(key),
    name: chosen ? CHOSEN : GENERATED,
    createdAt: Math.floor(Date.now() / 1000),
  });
  return key;
}
