import type { GatewayConfig } from '../../config.ts';
import { failureFields } from '../../log.ts';
import type { ProviderHandle, ProviderRegistry } from '../../providers/index.ts';
import type { ListedModel } from '../../providers/provider.ts';
import type { KeyRing } from '../../stores/key-ring.ts';
import { BodyReader, readAll } from '../../streams/body-reader.ts';
import type { RequestContext } from '../request/context.ts';
import type { Principal } from '../request/principal.ts';
import { decompressed } from '../upstream/decompress.ts';
import { exchange } from '../upstream/exchange.ts';
import { allCandidates, candidate, DEFAULT_PROVIDER } from './candidates.ts';
import { keysFor } from './routes.ts';
import { allowed } from './scope.ts';

/** https://platform.openai.com/docs/api-reference/models/object */
export interface Model {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

export interface ModelsParts {
  readonly config: Pick<GatewayConfig, 'models' | 'timeouts'>;
  readonly registry: ProviderRegistry;
  readonly keyRing: KeyRing;
}

const KEPT_MS = 5 * 60_000;
/** A vendor that is slow to list its models must not hold up the others' lists. */
const LIST_MS = 5_000;
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/** The models that callers may use: the operator's aliases, and what each provider with a key lists. */
export class ModelCatalog {
  readonly #parts: ModelsParts;
  readonly #kept = new Map<string, { models: Model[]; until: number }>();

  constructor(parts: ModelsParts) {
    this.#parts = parts;
  }

  /** A provider whose list can't be had is left out of it, and named in the log. */
  async list(principal: Principal, context: RequestContext): Promise<Model[]> {
    const aliases = Object.keys(this.#parts.config.models).map((id) => model(id, 0, 'sluice'));
    const handles = await this.#listing(principal);
    const lists = await Promise.all(handles.map((handle) => this.#ofProvider(handle, principal, context)));
    const models = [...aliases, ...lists.flat()];
    const unique = [...new Map(models.toReversed().map((entry) => [entry.id, entry])).values()].toReversed();
    return this.#restricted(unique, principal);
  }

  /** What the caller may use; names that its key was given are there also where no list has them: lists lag behind. */
  #restricted(models: Model[], { modelLists = [] }: Principal): Model[] {
    if (modelLists.length === 0) return models;
    const listed = new Set(models.map(({ id }) => id));
    const given = modelLists.flat().filter((id) => !listed.has(id));
    const all = [...models, ...[...new Set(given)].map((id) => model(id, 0, 'sluice'))];
    return all.filter(
      ({ id }) => allowed(allCandidates(id, this.#parts), { modelLists }, this.#parts).length > 0,
    );
  }

  async #listing(principal: Principal): Promise<ProviderHandle[]> {
    const { registry, keyRing } = this.#parts;
    // A caller's own key belongs to one vendor, and nothing says to which: OpenAI's is the API it speaks.
    const keyed = principal.apiKey !== undefined ? [DEFAULT_PROVIDER] : await keyRing.providers();
    const names = new Set(keyed);
    return [...registry.values()].filter(
      ({ name, keyOptional, vendor }) => vendor.listsModels && (keyOptional || names.has(name)),
    );
  }

  async #ofProvider(handle: ProviderHandle, principal: Principal, context: RequestContext): Promise<Model[]> {
    const owner = principal.apiKey !== undefined ? `${handle.name} ${principal.id}` : handle.name;
    const kept = this.#kept.get(owner);
    if (kept && kept.until > Date.now()) return kept.models;
    try {
      const models = await this.#ask(handle, principal, context);
      if (this.#kept.size > 1000) this.#kept.clear();
      this.#kept.set(owner, { models, until: Date.now() + KEPT_MS });
      return models;
    } catch (error) {
      context.log.warn('models not listed', { provider: handle.name, ...failureFields(error) });
      return kept?.models ?? [];
    }
  }

  async #ask(handle: ProviderHandle, principal: Principal, context: RequestContext): Promise<Model[]> {
    const { registry, keyRing, config } = this.#parts;
    const [key] = await keysFor(handle, principal, keyRing);
    if (key === undefined) return [];
    const provider = await handle.load('');
    const call = { method: 'GET', target: '/models', headers: { accept: 'application/json' }, body: null };
    const request = await provider.authorize(provider.encodeRaw(call, key), key);
    const by = Date.now() + LIST_MS;
    const response = await exchange(request, {
      ...config.timeouts,
      firstByteMs: LIST_MS,
      signal: context.signal,
    });
    const reader = new BodyReader(decompressed(response), () => by - Date.now());
    const body = await readAll(reader, MAX_LIST_BYTES);
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    const list = provider.modelsOf ?? wireModels;
    return list(JSON.parse(body.toString('utf8'))).map(({ id, created = 0, owned_by = handle.name }) =>
      model(publicId(id, handle, registry), created, owned_by),
    );
  }
}

function model(id: string, created: number, ownedBy: string): Model {
  return { id, object: 'model', created, owned_by: ownedBy };
}

/** A bare name where that leads to this provider anyway, else the name that does. */
function publicId(id: string, handle: ProviderHandle, registry: ProviderRegistry): string {
  const found = candidate(id, registry);
  return found.handle === handle && found.model === id ? id : `${handle.name}/${id}`;
}

function wireModels(json: unknown): ListedModel[] {
  const data = Array.isArray(json) ? json : (json as { data?: unknown } | null)?.data;
  if (!Array.isArray(data)) return [];
  return data.flatMap((item: { id?: unknown; created?: unknown; owned_by?: unknown } | null) =>
    typeof item?.id === 'string'
      ? [
          {
            id: item.id,
            ...(typeof item.created === 'number' ? { created: item.created } : {}),
            ...(typeof item.owned_by === 'string' ? { owned_by: item.owned_by } : {}),
          },
        ]
      : [],
  );
}
