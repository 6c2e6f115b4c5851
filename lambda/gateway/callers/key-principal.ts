import type { GatewayKeyRecord } from '../../stores/credential-store.ts';
import type { Principal } from '../request/principal.ts';
import type { AuthenticateParts } from './authenticate-parts.ts';

/** What a gateway key may do. */
export function keyPrincipal(
  record: GatewayKeyRecord,
  cacheScopes: AuthenticateParts['config']['cacheScopes'],
): Principal {
  const { hash, name, models, rpm, tpm, budget, expiresAt } = record;
  const id = hash.slice(0, 16);
  const limited = rpm !== undefined || tpm !== undefined || budget !== undefined;
  const limits = {
    subject: `key#${id}`,
    ...(rpm === undefined ? {} : { rpm }),
    ...(tpm === undefined ? {} : { tpm }),
    ...(budget === undefined ? {} : { budget }),
  };
  const shared = Object.entries(cacheScopes).find(([, keys]) => keys.includes(name) || keys.includes(id));
  return {
    kind: 'gateway-key',
    id,
    keyHash: hash,
    cacheScope: shared ? `scope#${shared[0]}` : `key#${hash}`,
    ...(models === undefined ? {} : { modelLists: [models] }),
    ...(limited ? { limits: [limits] } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
