import { randomBytes, randomUUID } from 'node:crypto';
import { InvalidRequest, PermissionDenied } from '../../errors.ts';
import type { CredentialParent, CredentialRecord, CredentialStore } from '../../stores/credential-store.ts';
import type { SigningSecret } from '../../stores/signing-secret.ts';
import type { Principal } from '../request/principal.ts';
import { allCandidates, type CandidateParts } from '../routing/candidates.ts';
import { allowed } from '../routing/scope.ts';
import { seal, sealingKey } from '../sealed.ts';
import { ISSUER, MAX_TOKEN, signCredential } from './credential-token.ts';
import { type MintRequest, parseMintRequest } from './mint-request.ts';

export interface MintParts extends CandidateParts {
  readonly credentials: CredentialStore;
  readonly signing: SigningSecret;
}

/** What a provider key is sealed for. */
export const SEALED_FOR = 'sluice provider key';

/**
 * A temporary credential with a part of `principal`'s rights: its token, which is stored nowhere. `orgName` is the one that the
 * request named. Throws InvalidRequest (400), PermissionDenied (403), KeyUnavailable (503). `now` in milliseconds.
 */
export async function mintCredential(
  bytes: Uint8Array,
  principal: Principal,
  orgName: string | undefined,
  parts: MintParts,
  now: number = Date.now(),
): Promise<string> {
  if (principal.kind === 'credential') {
    throw new PermissionDenied('A temporary credential can not make another one.', {
      code: 'credential_cannot_mint',
    });
  }
  const asked = parseMintRequest(bytes);
  checkModels(asked, principal, parts);
  const iat = Math.floor(now / 1000);
  const exp = Math.min(iat + asked.ttlSeconds, principal.expiresAt ?? Number.POSITIVE_INFINITY);
  const jti = `bt_tmp:${randomUUID()}`;
  const secret = principal.apiKey === undefined ? undefined : randomBytes(32);
  const parent = parentOf(principal, jti, secret);
  const record = recordOf(asked, { id: jti, parent, createdAt: iat, expiresAt: exp }, orgName, principal);
  // Signed first: a record whose token nobody has is of no use to anyone.
  const bt = { ...grants(record), ...(secret ? { secret: secret.toString('base64url') } : {}) };
  const token = await signCredential({ iss: ISSUER, aud: ISSUER, jti, iat, exp, bt }, parts.signing);
  if (token.length > MAX_TOKEN) throw tooLong(record);
  await parts.credentials.putCredential(record);
  return token;
}

/** Headers hold no more, and no gateway takes more. */
function tooLong({ models }: CredentialRecord): InvalidRequest {
  const param = models === undefined ? 'logging' : 'models';
  return new InvalidRequest(`The credential would be too long for a header: shorten ${param}.`, {
    param,
    code: 'credential_too_long',
  });
}

/** Everything that a requested name stands for must be the parent's to give. */
function checkModels({ models = [] }: MintRequest, principal: Principal, parts: CandidateParts): void {
  for (const { name, param } of models) {
    const meant = allCandidates(name, parts);
    if (allowed(meant, principal, parts).length === meant.length) continue;
    throw new PermissionDenied('This API key may not use this model, so a credential of it may not either.', {
      param,
      code: 'model_not_allowed',
    });
  }
}

function parentOf(principal: Principal, jti: string, secret: Buffer | undefined): CredentialParent {
  const { id, apiKey, keyHash, cacheScope, grant } = principal;
  if (apiKey !== undefined && secret !== undefined) {
    const sealed = seal(Buffer.from(apiKey), sealingKey(secret, jti, SEALED_FOR), jti);
    return { kind: 'provider-key', id, sealed };
  }
  if (keyHash !== undefined) return { kind: 'gateway-key', hash: keyHash };
  return { kind: 'identity', id, subject: cacheScope ?? id, grant: grant ?? '' };
}

function recordOf(
  asked: MintRequest,
  head: Pick<CredentialRecord, 'id' | 'parent' | 'createdAt' | 'expiresAt'>,
  orgName: string | undefined,
  principal: Principal,
): CredentialRecord {
  const { models, maxRequests, maxCostUsd, logging } = asked;
  const shared = asked.cacheScope === 'parent' ? principal.cacheScope : undefined;
  return {
    ...head,
    ...(models === undefined ? {} : { models: models.map(({ name }) => name) }),
    ...(maxRequests === undefined ? {} : { maxRequests }),
    ...(maxCostUsd === undefined ? {} : { maxCostUsd }),
    ...(orgName === undefined ? {} : { orgName }),
    ...(logging === undefined ? {} : { logging }),
    ...(shared === undefined ? {} : { cacheScope: shared }),
  };
}

/** What the token says of its rights. The record decides. */
function grants({ models, orgName, logging, maxRequests, maxCostUsd }: CredentialRecord) {
  const [only, ...more] = models ?? [];
  return {
    ...(only !== undefined && more.length === 0 ? { model: only } : {}),
    ...(more.length > 0 && models ? { models: [...models] } : {}),
    ...(orgName === undefined ? {} : { org_name: orgName }),
    ...(logging === undefined ? {} : { logging: { ...logging } }),
    ...(maxRequests === undefined ? {} : { max_requests: maxRequests }),
    ...(maxCostUsd === undefined ? {} : { max_cost_usd: maxCostUsd }),
  };
}
