import type { GatewayConfig } from '../../config.ts';
import { InvalidRequest, ModelNotFound } from '../../errors.ts';
import type { ProviderHandle, ProviderRegistry } from '../../providers/index.ts';
import type { ProviderKey, Route } from '../../providers/provider.ts';
import type { KeyRing } from '../../stores/key-ring.ts';
import type { Principal } from '../request/principal.ts';
import { type Candidate, candidatesFor, prefixed } from './candidates.ts';
import { requireAllowed } from './scope.ts';

export interface RouteParts {
  readonly config: Pick<GatewayConfig, 'models'>;
  readonly registry: ProviderRegistry;
  readonly keyRing: KeyRing;
}

/**
 * The ways to serve `model`, best first, with their keys. This is the one place where a caller's scope is checked.
 * Throws PermissionDenied (403), ModelNotFound (404), InvalidRequest (400), KeyUnavailable (503).
 */
export async function resolveRoutes(
  model: string,
  principal: Principal,
  endpointName: string | undefined,
  parts: RouteParts,
): Promise<Route[]> {
  const found = requireAllowed(narrowed(model, endpointName, parts), principal, parts);
  // A caller's own key is one vendor's: no other provider of an alias may see it.
  const candidates = principal.apiKey !== undefined ? found.slice(0, 1) : found;
  const routes = await Promise.all(
    candidates.map((candidate) => withKeys(candidate, principal, parts.keyRing)),
  );
  const usable = routes.flat();
  if (usable.length === 0) throw notConfigured(candidates);
  return usable;
}

/** The provider that `x-bt-endpoint-name` names. Throws InvalidRequest for a name that no entry has. */
export function endpoint(name: string, registry: ProviderRegistry): ProviderHandle {
  const handle = registry.get(name);
  if (handle) return handle;
  throw new InvalidRequest('The header x-bt-endpoint-name names no provider of this gateway.', {
    param: 'x-bt-endpoint-name',
    code: 'unknown_endpoint',
  });
}

function narrowed(model: string, endpointName: string | undefined, parts: RouteParts): Candidate[] {
  const candidates = candidatesFor(model, parts);
  if (endpointName === undefined) return candidates;
  const handle = endpoint(endpointName, parts.registry);
  const alias = Object.hasOwn(parts.config.models, model);
  // A bare name says nothing of a provider but by custom, so the header decides.
  if (!alias && prefixed(model, parts.registry) === undefined) return [{ handle, model }];
  const kept = candidates.filter((candidate) => candidate.handle === handle);
  if (kept.length > 0) return kept;
  throw new InvalidRequest('The header x-bt-endpoint-name names a provider that does not serve this model.', {
    param: 'x-bt-endpoint-name',
    code: 'endpoint_without_model',
  });
}

/** One route per key, beginning with another key each time so that the load is spread. */
async function withKeys({ handle, model }: Candidate, principal: Principal, ring: KeyRing): Promise<Route[]> {
  const keys = await keysFor(handle, principal, ring);
  if (keys.length === 0) return [];
  const provider = await handle.load(model);
  return keys.map((key) => ({ provider, model, key }));
}

let turn = 0;

export async function keysFor(
  handle: ProviderHandle,
  principal: Principal,
  ring: KeyRing,
): Promise<readonly ProviderKey[]> {
  if (principal.apiKey !== undefined) return [handle.keyOptional ? {} : { apiKey: principal.apiKey }];
  const keys = await ring.keys(handle.name);
  if (keys.length === 0) return handle.keyOptional ? [{}] : [];
  const first = turn++ % keys.length;
  return [...keys.slice(first), ...keys.slice(0, first)];
}

export function notConfigured(candidates: readonly Candidate[]): ModelNotFound {
  const names = [...new Set(candidates.map(({ handle }) => handle.name))].join(', ');
  const variables = [...new Set(candidates.map(({ handle }) => handle.vendor.keyVariables[0]))].join(', ');
  return new ModelNotFound(
    `No key is configured for ${names}. The operator sets ${variables} locally, or "${names}" in the provider-keys secret on AWS.`,
    { code: 'provider_not_configured' },
  );
}
