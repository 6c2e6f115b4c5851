import type { GatewayConfig } from '../../config.ts';
import { failureFields } from '../../log.ts';
import type { ProviderRegistry } from '../../providers/index.ts';
import type { Call, Route } from '../../providers/provider.ts';
import type { LeaseStore, ResponseCache } from '../../stores/response-cache.ts';
import type { SigningSecret } from '../../stores/signing-secret.ts';
import type { CallerOptions } from '../request/caller-options.ts';
import type { RequestContext } from '../request/context.ts';
import type { Principal } from '../request/principal.ts';
import type { ServerTiming } from '../request/server-timing.ts';
import { isDrawn } from '../routing/candidates.ts';
import { CacheCounter } from './cache-counter.ts';
import { cacheKey } from './cache-key.ts';
import { cachePolicy } from './cache-policy.ts';
import type { Shelf } from './cache-slot.ts';
import { CachedCall } from './cached-call.ts';
import type { Flight } from './flight.ts';
import { HotEntries } from './hot-entries.ts';
import { within } from './within.ts';

export interface AnswerCacheParts {
  readonly config: Pick<GatewayConfig, 'cache' | 'models' | 'timeouts'>;
  readonly registry: ProviderRegistry;
  readonly signing: SigningSecret;
  readonly cache: ResponseCache & LeaseStore;
}

/** A request that may be answered from the cache, its caller's rights to its routes checked. */
export interface CacheableRequest {
  readonly call: Call;
  readonly routes: readonly Route[];
  readonly principal: Principal;
  readonly options: CallerOptions;
  readonly context: RequestContext;
  readonly timing: ServerTiming;
}

/** The response cache of one process. */
export class AnswerCache {
  readonly #parts: AnswerCacheParts;
  readonly #shelf: Shelf;

  constructor(parts: AnswerCacheParts) {
    this.#parts = parts;
    const { cache, config } = parts;
    this.#shelf = {
      store: cache,
      hot: new HotEntries(),
      flights: new Map<string, Flight>(),
      counter: new CacheCounter(cache),
      maxEntryBytes: config.cache.maxEntryBytes,
      budgetMs: config.timeouts.cacheMs,
    };
  }

  /**
   * The request's place in the cache, its lookup begun; undefined where rule, caller or a failing store leave it out. Only
   * after authentication and scope. Never throws.
   */
  async open(request: CacheableRequest): Promise<CachedCall | undefined> {
    const { call, routes, principal, options, context, timing } = request;
    const policy = cachePolicy(call.operation, call.body, options);
    if (!policy.read && !policy.write) {
      this.#count('skip', context);
      return undefined;
    }
    try {
      const secret = await within(this.#shelf.budgetMs, this.#parts.signing.current());
      const { operation, body, bytes, headers } = call;
      const { endpointName, orgName } = options;
      const scope = principal.cacheScope ?? principal.id;
      const drawn = isDrawn(String(body.model), this.#parts);
      const meaning = { operation, body, routes, drawn, headers, endpointName, orgName, scope };
      const key = cacheKey(meaning, (name) => this.#parts.registry.get(name), bytes, secret);
      return new CachedCall({ key, policy, scope, call, context, timing }, this.#shelf);
    } catch (error) {
      context.log.warn('cache left out', failureFields(error));
      this.#count('failed', context);
      return undefined;
    }
  }

  /** Writes what was counted and not yet written. */
  flush(log: RequestContext['log']): Promise<void> {
    return this.#shelf.counter.flush(log);
  }

  #count(what: 'skip' | 'failed', { log, waitUntil }: RequestContext): void {
    const work = this.#shelf.counter.add(what, log);
    if (work) waitUntil(work);
  }
}
