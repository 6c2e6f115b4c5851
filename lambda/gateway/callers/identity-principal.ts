import { createHash } from 'node:crypto';
import { PermissionDenied } from '../../errors.ts';
import type { Limits } from '../../stores/credential-store.ts';
import type { Principal } from '../request/principal.ts';

/** Where an entry stands in gateway.json: an OIDC rule says nothing without its issuer. */
export interface Grant {
  readonly source: 'iam' | 'oidc';
  readonly issuer?: { readonly issuer: string; readonly audience: readonly string[] };
  readonly rights: IdentityRights;
}

/** A name for an entry as it is: another once anything of it is changed. 32 lower-case hex digits. */
export function grantName({ source, issuer, rights }: Grant): string {
  const said = JSON.stringify([source, issuer?.issuer, issuer?.audience, rights]);
  return createHash('sha256').update(said).digest('hex').slice(0, 32);
}

/** What an entry of gateway.json gives to the identities that it fits. */
export interface IdentityRights {
  readonly models?: readonly string[] | undefined;
  readonly rpm?: number | undefined;
  readonly tpm?: number | undefined;
  readonly budget?: Limits['budget'] | undefined;
}

/**
 * The principal of an identity that an entry fits. `name` is what the identity is told apart by; only its hash goes on, since a
 * name may be a person's. Each identity has counters of its own, also where one entry fits several. `expiresAt` in seconds.
 */
export function identityPrincipal(grant: Grant, name: string, expiresAt?: number): Principal {
  const id = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const subject = `${grant.source}#${id}`;
  return {
    kind: 'identity',
    id,
    cacheScope: subject,
    grant: grantName(grant),
    ...identityRights(subject, grant.rights),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** What an entry gives to the caller whose counters are `subject`'s. */
export function identityRights(
  subject: string,
  { models, rpm, tpm, budget }: IdentityRights,
): Pick<Principal, 'modelLists' | 'limits'> {
  const limits = {
    ...(rpm === undefined ? {} : { rpm }),
    ...(tpm === undefined ? {} : { tpm }),
    ...(budget === undefined ? {} : { budget }),
  };
  return {
    ...(models === undefined ? {} : { modelLists: [models] }),
    ...(Object.keys(limits).length === 0 ? {} : { limits: [{ subject, ...limits }] }),
  };
}

/** `section` of gateway.json is where the operator maps such an identity. */
export function notMapped(what: string, section: string): PermissionDenied {
  return new PermissionDenied(
    `${what} is valid, but ${section} of the gateway's configuration does not map it.`,
    {
      code: 'identity_not_mapped',
    },
  );
}
