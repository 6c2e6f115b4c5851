import { createHash } from 'node:crypto';
import { Authentication } from '../errors.ts';
import type { CredentialStore } from '../stores/credential-store.ts';
import type { Principal } from './principal.ts';

/** What every gateway key begins with. A bearer with it is never taken for a provider's key. */
export const GATEWAY_KEY_PREFIX = 'sk-sluice-';

/** SHA-256, lower-case hex: how a gateway key is stored. It is 256 random bits, so no slow hash is needed. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** The caller's key: `Authorization: Bearer`, else `x-api-key`, else `x-goog-api-key`. Throws Authentication. */
export function bearerOf(headers: Headers): string {
  const authorization = headers.get('authorization');
  if (authorization !== null) {
    const match = /^Bearer +(\S+) *$/i.exec(authorization);
    if (match?.[1] === undefined) {
      throw new Authentication(
        'The Authorization header must be "Bearer" and a key, with one space between.',
      );
    }
    return match[1];
  }
  const key = headers.get('x-api-key')?.trim() || headers.get('x-goog-api-key')?.trim();
  if (!key)
    throw new Authentication('No API key: send it as "Authorization: Bearer KEY".', {
      code: 'missing_api_key',
    });
  return key;
}

/** Throws Authentication (401), or KeyUnavailable (503) where the store is down. */
export async function authenticate(
  headers: Headers,
  credentials: CredentialStore,
  allowProviderKeys: boolean,
): Promise<Principal> {
  const bearer = bearerOf(headers);
  const hash = hashKey(bearer);
  const ours = bearer.startsWith(GATEWAY_KEY_PREFIX);
  // An operator may set a local key of any form, so the store is asked in every case.
  const record = await credentials.findKey(hash);
  if (record) {
    return {
      kind: 'gateway-key',
      id: hash.slice(0, 16),
      ...(record.models ? { modelLists: [record.models] } : {}),
    };
  }
  if (ours || !allowProviderKeys) {
    throw new Authentication('The API key is not valid: it is unknown here, expired or revoked.');
  }
  return { kind: 'provider-key', id: hash.slice(0, 16), apiKey: bearer };
}
