import type { GatewayConfig } from '../../config.ts';
import { PermissionDenied } from '../../errors.ts';
import { addUsage } from '../../openai/usage.ts';
import type { Usage } from '../../openai/wire.ts';
import type { ProviderRegistry } from '../../providers/index.ts';
import type { Call, Route } from '../../providers/provider.ts';
import type { Amounts, UsageStore } from '../../stores/usage-store.ts';
import type { Outcome } from '../answers/answer-stream.ts';
import type { End, FollowedRequest, Follower } from '../answers/follower.ts';
import type { Answer } from '../upstream/attempts.ts';
import { admit } from './admission.ts';
import { countersOf, type WindowCounter } from './counters.ts';
import { deliveredUsage, estimatedUsage } from './estimate.ts';
import { adjust } from './reservation.ts';
import { RoutePrices } from './route-prices.ts';

export interface AccountParts {
  readonly config: Pick<GatewayConfig, 'limits' | 'prices'>;
  readonly registry: ProviderRegistry;
  readonly usage: UsageStore;
}

/** An account of one request, and the routes that it may be served by. */
export interface OpenedAccount {
  readonly follower: Follower;
  readonly routes: readonly Route[];
}

/**
 * Reserves what the request may use, for each of its caller's limits; undefined where the caller has none. Throws RateLimit
 * (429), PermissionDenied (403, `price_unknown` or `usage_unknown`), KeyUnavailable (503). `call` and `routes` are absent on
 * the fallthrough. `now` in milliseconds.
 */
export async function openAccount(
  request: FollowedRequest,
  parts: AccountParts,
  call?: Call,
  routes: readonly Route[] = [],
  now: number = Date.now(),
): Promise<OpenedAccount | undefined> {
  const subjects = request.principal.limits ?? [];
  if (subjects.length === 0) return undefined;
  const counters = subjects.flatMap((subject) => countersOf(subject, now));
  const prices = new RoutePrices(parts);
  const costly = counters.some(({ counter }) => counter.limits.nanoUsd !== undefined);
  const usable = costly && call ? pricedRoutes(routes, prices) : routes;
  if (call === undefined) checkRaw(request, counters);
  const estimate = call ? estimatedUsage(call) : undefined;
  const dearest = estimate ? Math.max(0, ...usable.map((route) => prices.cost(route, estimate) ?? 0)) : 0;
  const wanted: Amounts = { requests: 1, tokens: estimate?.total_tokens ?? 0, nanoUsd: costly ? dearest : 0 };
  const held = await admit(request, counters, wanted, parts, now);
  const asked = call && { call, routes: usable };
  return {
    follower: new Account(request, held, wanted, prices, parts.usage, asked),
    routes: usable,
  };
}

/** A limit in dollars can't hold where nobody knows the price. */
function pricedRoutes(routes: readonly Route[], prices: RoutePrices): Route[] {
  const priced = routes.filter((route) => prices.of(route) !== undefined);
  if (priced.length > 0) return priced;
  const names = [...new Set(routes.map(({ provider, model }) => `${provider.name}/${model}`))].join(', ');
  throw new PermissionDenied(
    `This API key has a limit in dollars, and the price of ${names} is not known here. The operator sets it under "prices" in gateway.json.`,
    { param: 'model', code: 'price_unknown' },
  );
}

const WITHOUT_USAGE = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** What a raw call uses nobody reads: a caller whose tokens or dollars are limited may only look and delete there. */
function checkRaw({ path = '' }: FollowedRequest, counters: readonly WindowCounter[]): void {
  const [method = ''] = path.split(' ');
  const metered = counters.some(
    ({ counter: { limits } }) => limits.tokens !== undefined || limits.nanoUsd !== undefined,
  );
  if (!metered || WITHOUT_USAGE.has(method)) return;
  throw new PermissionDenied(
    'This API key has a limit of tokens or dollars, and what this path uses can not be counted: chat/completions, completions, ' +
      'embeddings and moderations can.',
    { code: 'usage_unknown' },
  );
}

/** A call to a model, and the routes that it may have gone. */
interface AskedCall {
  readonly call: Call;
  readonly routes: readonly Route[];
}

/** What one request reserved, and what it came to. */
class Account implements Follower {
  readonly wantsBody = false;
  readonly #request: FollowedRequest;
  readonly #held: readonly WindowCounter[];
  readonly #reserved: Amounts;
  readonly #prices: RoutePrices;
  readonly #store: UsageStore;
  readonly #asked: AskedCall | undefined;
  #usage: Usage | undefined;
  #nanoUsd = 0;
  /** An answer that broke off, or whose vendor did not tell its usage. */
  #unsure: { readonly route: Route; readonly usage: Usage | undefined } | undefined;
  #over = false;

  constructor(
    request: FollowedRequest,
    held: readonly WindowCounter[],
    reserved: Amounts,
    prices: RoutePrices,
    store: UsageStore,
    asked: AskedCall | undefined,
  ) {
    this.#request = request;
    this.#held = held;
    this.#reserved = reserved;
    this.#prices = prices;
    this.#store = store;
    this.#asked = asked;
  }

  settled({ route }: Answer, { usage, failure }: Outcome): void {
    if (usage !== undefined && failure === undefined) {
      this.#usage = addUsage(this.#usage, usage);
      this.#nanoUsd += this.#prices.cost(route, usage) ?? 0;
      return;
    }
    this.#unsure = { route, usage };
  }

  began(): void {}

  ended(end: End): void {
    if (this.#over) return;
    this.#over = true;
    const used = this.#used(end);
    const { context } = this.#request;
    const { tokens, nanoUsd } = this.#reserved;
    const by = ({ window }: WindowCounter): Amounts => ({
      // The minute's request was made, whatever became of it; a credential's own is given back with the rest.
      requests: window === 'life' && !used.answered ? -1 : 0,
      tokens: used.tokens - tokens,
      nanoUsd: nanoUsd === 0 ? 0 : used.nanoUsd - nanoUsd,
    });
    context.waitUntil(adjust(this.#held, by, this.#store, context.log));
  }

  #used({ status, cached, bytes = 0 }: End): { answered: boolean; tokens: number; nanoUsd: number } {
    // A provider bills whoever leaves before the answer: were that free, a limit would hold nobody who leaves each time.
    const left = status >= 400 && this.#request.context.signal.aborted;
    const answered = status < 400 || left;
    if (this.#asked === undefined || cached === true) return { answered, tokens: 0, nanoUsd: 0 };
    const { call, routes } = this.#asked;
    const dearest = left && this.#usage === undefined ? this.#prices.dearest(routes, call) : undefined;
    this.#unsure ??= dearest && { route: dearest, usage: undefined };
    if (this.#unsure) this.#guess(call, this.#unsure, bytes);
    // The caller left while others wait for the same answer: what it comes to is not known yet.
    const coming = answered && this.#usage === undefined;
    if (coming) return { answered, tokens: this.#reserved.tokens, nanoUsd: this.#reserved.nanoUsd };
    return {
      answered: answered || this.#usage !== undefined,
      tokens: this.#usage?.total_tokens ?? 0,
      nanoUsd: this.#nanoUsd,
    };
  }

  /** An answer that broke off, or whose usage nobody told: what was delivered of it, and at least what was told. */
  #guess(call: Call, { route, usage }: { route: Route; usage: Usage | undefined }, bytes: number): void {
    const guess = deliveredUsage(call, bytes);
    const prompt_tokens = usage?.prompt_tokens || guess.prompt_tokens;
    const completion_tokens = Math.max(usage?.completion_tokens ?? 0, guess.completion_tokens);
    const all = {
      ...usage,
      prompt_tokens,
      completion_tokens,
      total_tokens: prompt_tokens + completion_tokens,
    };
    this.#usage = addUsage(this.#usage, all);
    this.#nanoUsd += this.#prices.cost(route, all) ?? 0;
  }
}
