import { Authentication } from '../../errors.ts';
import type { Principal } from '../request/principal.ts';
import type { AuthenticateParts } from './authenticate-parts.ts';
import { bearerOf, hashKey, looksLikeKey } from './bearer.ts';
import { authenticateCredential } from './credential-principal.ts';
import { isOurs } from './credential-token.ts';
import type { IamIdentity } from './identities.ts';
import { keyPrincipal } from './key-principal.ts';

/**
 * Who calls: by the bearer, or where there is none by the IAM identity that signed the request. Throws Authentication (401),
 * PermissionDenied (403) for an identity without rights, KeyUnavailable (503) where a store is down. `now` in milliseconds.
 */
export async function authenticate(
  headers: Headers,
  iam: IamIdentity | undefined,
  parts: AuthenticateParts,
  now: number = Date.now(),
): Promise<Principal> {
  const bearer = bearerOf(headers);
  if (bearer === undefined) {
    if (iam && parts.identities) return parts.identities.iam(iam);
    throw new Authentication('No API key: send it as "Authorization: Bearer KEY".', {
      code: 'missing_api_key',
    });
  }
  if (isOurs(bearer)) return authenticateCredential(bearer, parts, now);
  if (parts.identities?.knowsIssuer(bearer)) return parts.identities.oidc(bearer);
  const hash = hashKey(bearer);
  // An operator may set a local key of any form, so the store is asked in every case.
  const record = await parts.credentials.findKey(hash);
  if (record) return keyPrincipal(record, parts.config.cacheScopes);
  if (looksLikeKey(bearer) || !parts.allowProviderKeys) {
    throw new Authentication('The API key is not valid: it is unknown here, expired or revoked.');
  }
  return { kind: 'provider-key', id: hash.slice(0, 16), apiKey: bearer, cacheScope: `provider-key#${hash}` };
}
