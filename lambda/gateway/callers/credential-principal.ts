import { Authentication } from '../../errors.ts';
import type { CredentialParent } from '../../stores/credential-store.ts';
import type { Principal, SubjectLimits } from '../request/principal.ts';
import { sealingKey, unseal } from '../sealed.ts';
import type { AuthenticateParts } from './authenticate-parts.ts';
import { type CredentialClaims, verifyCredential } from './credential-token.ts';
import { identityRights } from './identity-principal.ts';
import { keyPrincipal } from './key-principal.ts';
import { SEALED_FOR } from './mint.ts';

/**
 * Who calls with a temporary credential: its token must be ours and its record must be there, and so must be the key that it was
 * made with. Throws Authentication (401), KeyUnavailable (503). `now` in milliseconds.
 */
export async function authenticateCredential(
  token: string,
  parts: AuthenticateParts,
  now: number,
): Promise<Principal> {
  const claims = await verifyCredential(token, parts.signing, now);
  const record = await parts.credentials.findCredential(claims.jti);
  // The token's own time is exact; the record's goes with it.
  if (record === undefined || record.expiresAt !== claims.exp) throw revoked();
  const parent = await parentOf(record.parent, claims, parts);
  const { id, models, maxRequests, maxCostUsd, orgName, logging, cacheScope, expiresAt } = record;
  const own: SubjectLimits = {
    subject: `cred#${id}`,
    expiresAt,
    ...(maxRequests === undefined ? {} : { maxRequests }),
    ...(maxCostUsd === undefined ? {} : { maxCostUsd }),
  };
  const limited = maxRequests !== undefined || maxCostUsd !== undefined;
  const limits = [...(limited ? [own] : []), ...(parent.limits ?? [])];
  const modelLists = [...(models === undefined ? [] : [models]), ...(parent.modelLists ?? [])];
  return {
    kind: 'credential',
    id,
    cacheScope: cacheScope ?? `cred#${id}`,
    expiresAt,
    ...(parent.apiKey === undefined ? {} : { apiKey: parent.apiKey }),
    ...(modelLists.length === 0 ? {} : { modelLists }),
    ...(limits.length === 0 ? {} : { limits }),
    ...(orgName === undefined ? {} : { orgName }),
    ...(logging === undefined ? {} : { logging }),
  };
}

type Rights = Pick<Principal, 'apiKey' | 'modelLists' | 'limits'>;

/** What the credential has its rights from, as it is now. */
async function parentOf(
  parent: CredentialParent,
  { jti, bt }: CredentialClaims,
  { credentials, config, identities }: AuthenticateParts,
): Promise<Rights> {
  if (parent.kind === 'gateway-key') {
    const key = await credentials.findKey(parent.hash);
    if (key === undefined) throw revoked();
    return keyPrincipal(key, config.cacheScopes);
  }
  if (parent.kind === 'provider-key') return { apiKey: opened(parent.sealed, bt.secret, jti) };
  const rights = identities?.rights(parent.grant);
  if (rights === undefined) throw revoked();
  return identityRights(parent.subject, rights);
}

function opened(sealed: Uint8Array, secret: string | undefined, jti: string): string {
  try {
    const key = sealingKey(Buffer.from(secret ?? '', 'base64url'), jti, SEALED_FOR);
    return unseal(sealed, key, jti).toString('utf8');
  } catch {
    throw new Authentication('The temporary credential is not valid.');
  }
}

function revoked(): Authentication {
  return new Authentication(
    'The temporary credential is not valid: it was revoked, or the key that it was made with.',
    {
      code: 'credential_revoked',
    },
  );
}
