import { createHash, hkdfSync } from 'node:crypto';
import { canonicalJson } from '../../openai/canonical-json.ts';
import type { JsonObject, Operation } from '../../openai/wire.ts';
import type { ProviderHandle } from '../../providers/index.ts';
import type { ProviderKey, Route } from '../../providers/provider.ts';

/** Where an entry stands and what opens it. Both can be made from the request alone, and only with the gateway's secret. */
export interface CacheKey {
  /** 64 lower-case hex digits. */
  readonly id: string;
  /** 32 bytes, for AES-256-GCM. */
  readonly secret: Uint8Array;
}

/** What makes two requests the same. */
export interface CachedRequest {
  readonly operation: Operation;
  readonly body: JsonObject;
  /** Those that may answer, the preferred first. */
  readonly routes: readonly Route[];
  /** Weights chose which one is first: their order says nothing. */
  readonly drawn: boolean;
  /** The caller's headers that go upstream, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly endpointName?: string | undefined;
  readonly orgName?: string | undefined;
  /** Callers of one scope share their entries. */
  readonly scope: string;
}

/** The form of an answer, and whom it is for: they change how it is sent, not what it says. */
const FORM = new Set(['stream', 'stream_options', 'user', 'model', 'use_cache']);

/** Forwarded headers that change answers; the others tell the vendor about the client or about tracing. */
const CHANGES_ANSWERS = /^(?:anthropic-|openai-beta$|openai-organization$|openai-project$)/;

/** What of a key says where it leads, and is no secret. */
const PLACES = ['baseUrl', 'apiVersion', 'region', 'project', 'location', 'accountId', 'host'] as const;

/**
 * `bytes` is the body as the caller sent it: numbers too large for JavaScript are told apart by their digits. `secret` is
 * the gateway's own, so that nobody can find out from the table alone that a request was made.
 * https://www.rfc-editor.org/rfc/rfc5869
 */
export function cacheKey(
  request: CachedRequest,
  handleOf: (provider: string) => ProviderHandle | undefined,
  bytes: Uint8Array,
  secret: Uint8Array,
): CacheKey {
  const { operation, body, headers, endpointName, orgName, scope } = request;
  const kept = Object.entries(headers).filter(([name]) => CHANGES_ANSWERS.test(name));
  const meaning = {
    version: 1,
    operation,
    routes: placesOf(request, handleOf),
    headers: kept.sort(([a], [b]) => (a < b ? -1 : 1)),
    endpointName: endpointName ?? null,
    orgName: orgName ?? null,
    scope,
  };
  const digest = createHash('sha256')
    .update(JSON.stringify(meaning))
    .update('\n')
    .update(canonicalJson(body, bytes, FORM))
    .digest();
  const derived = Buffer.from(hkdfSync('sha256', digest, secret, 'sluice response cache', 64));
  return { id: derived.subarray(0, 32).toString('hex'), secret: derived.subarray(32) };
}

/** The places that may answer: model by model, and for each wherever one of its keys leads, since they take turns. */
function placesOf(
  { routes, drawn }: CachedRequest,
  handleOf: (provider: string) => ProviderHandle | undefined,
): string[][] {
  const models = new Map<string, Set<string>>();
  for (const route of routes) {
    const model = JSON.stringify([route.provider.name, route.model]);
    const places = models.get(model) ?? new Set();
    models.set(model, places.add(placeOf(route, handleOf)));
  }
  const ordered = drawn ? [...models].sort(([a], [b]) => (a < b ? -1 : 1)) : [...models];
  return ordered.map(([, places]) => [...places].sort());
}

/** One of the places that may answer, whichever of its keys is used. */
function placeOf(
  { provider, model, key }: Route,
  handleOf: (provider: string) => ProviderHandle | undefined,
): string {
  return JSON.stringify([provider.name, model, handleOf(provider.name)?.fingerprint ?? '', settingsOf(key)]);
}

function settingsOf(key: ProviderKey): (string | null)[] {
  return PLACES.map((name) => key[name] ?? null);
}
