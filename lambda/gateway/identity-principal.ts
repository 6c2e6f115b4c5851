import { createHash } from 'node:crypto';
import { PermissionDenied } from '../errors.ts';
import type { Limits } from '../stores/credential-store.ts';
import type { Principal } from './principal.ts';

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
export function identityPrincipal(
  source: 'iam' | 'oidc',
  name: string,
  { models, rpm, tpm, budget }: IdentityRights,
  expiresAt?: number,
): Principal {
  const id = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const limits = {
    ...(rpm === undefined ? {} : { rpm }),
    ...(tpm === undefined ? {} : { tpm }),
    ...(budget === undefined ? {} : { budget }),
  };
  return {
    kind: 'identity',
    id,
    cacheScope: `${source}#${id}`,
    ...(models === undefined ? {} : { modelLists: [models] }),
    ...(Object.keys(limits).length === 0 ? {} : { limits: [{ subject: `${source}#${id}`, ...limits }] }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
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
