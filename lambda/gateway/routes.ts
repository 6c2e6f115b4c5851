import type { GatewayConfig, ModelTarget } from '../config.ts';
import { InvalidRequest, ModelNotFound, PermissionDenied } from '../errors.ts';
import type { ProviderHandle, ProviderRegistry } from '../providers/index.ts';
import { MODEL_PATTERNS } from '../providers/model-names.ts';
import type { ProviderKey, Route } from '../providers/provider.ts';
import type { KeyRing } from '../stores/key-ring.ts';
import type { Principal } from './authenticate.ts';

export interface RouteParts {
  readonly config: Pick<GatewayConfig, 'models'>;
  readonly registry: ProviderRegistry;
  readonly keyRing: KeyRing;
}

/** A provider and the model's name there, before keys are looked at. */
export interface Candidate {
  readonly handle: ProviderHandle;
  readonly model: string;
}

/** Where a name goes that no table knows, and every path that is not the gateway's own. */
export const DEFAULT_PROVIDER = 'openai';

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
  checkScope(model, principal);
  const found = narrowed(model, endpointName, parts);
  // A caller's own key is one vendor's: no other provider of an alias may see it.
  const candidates = principal.kind === 'provider-key' ? found.slice(0, 1) : found;
  const routes = await Promise.all(
    candidates.map((candidate) => withKeys(candidate, principal, parts.keyRing)),
  );
  const usable = routes.flat();
  if (usable.length === 0) throw notConfigured(candidates);
  return usable;
}

export function checkScope(model: string, principal: Principal): void {
  if (principal.models === undefined || principal.models.includes(model)) return;
  throw new PermissionDenied('This API key may not use this model.', {
    param: 'model',
    code: 'model_not_allowed',
  });
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

/** An alias first, then `provider/model`, then the table of names, then OpenAI. */
export function candidatesFor(model: string, parts: Pick<RouteParts, 'config' | 'registry'>): Candidate[] {
  const targets = Object.hasOwn(parts.config.models, model) ? parts.config.models[model] : undefined;
  if (targets === undefined) return [candidate(model, parts.registry)];
  return ordered(targets).map((target) => candidate(target.model, parts.registry));
}

export function candidate(model: string, registry: ProviderRegistry): Candidate {
  const explicit = prefixed(model, registry);
  if (explicit) return explicit;
  const name = MODEL_PATTERNS.find(({ pattern }) => pattern.test(model))?.provider ?? DEFAULT_PROVIDER;
  const handle = registry.get(name) ?? registry.get(DEFAULT_PROVIDER);
  if (handle) return { handle, model };
  throw new ModelNotFound('No provider serves this model here.');
}

function prefixed(model: string, registry: ProviderRegistry): Candidate | undefined {
  const slash = model.indexOf('/');
  const handle = slash > 0 && slash < model.length - 1 ? registry.get(model.slice(0, slash)) : undefined;
  return handle && { handle, model: model.slice(slash + 1) };
}

/** Weights choose the first; the others stay in order behind it. */
function ordered(targets: readonly ModelTarget[]): ModelTarget[] {
  if (targets.every((target) => target.weight === undefined)) return [...targets];
  const weights = targets.map((target) => target.weight ?? 1);
  let draw = Math.random() * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => {
    draw -= weight;
    return draw < 0;
  });
  const chosen = targets[index] ?? targets[0];
  const rest = targets.filter((target) => target !== chosen && target.weight !== 0);
  return chosen ? [chosen, ...rest] : rest;
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
  if (principal.kind === 'provider-key') return [handle.keyOptional ? {} : { apiKey: principal.apiKey }];
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
