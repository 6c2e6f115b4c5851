import type { GatewayConfig, Price } from '../../config.ts';
import type { Usage } from '../../openai/wire.ts';
import type { ProviderRegistry } from '../../providers/index.ts';
import { costOf, priceOf } from '../../providers/prices.ts';
import type { Call, Route } from '../../providers/provider.ts';
import { deliveredUsage } from './estimate.ts';

export interface PriceParts {
  readonly config: Pick<GatewayConfig, 'prices'>;
  readonly registry: ProviderRegistry;
}

/** Prices by route, each looked up once. */
export class RoutePrices {
  readonly #parts: PriceParts;

  constructor(parts: PriceParts) {
    this.#parts = parts;
  }

  of({ provider, model }: Route): Price | undefined {
    const { config, registry } = this.#parts;
    const vendor = registry.get(provider.name)?.vendor.name ?? provider.name;
    return priceOf({ provider: provider.name, vendor, model }, config.prices);
  }

  /** Nano-dollars. */
  cost(route: Route, usage: Usage): number | undefined {
    const price = this.of(route);
    return price && costOf(usage, price);
  }

  /** The route whose prompt costs most. */
  dearest(routes: readonly Route[], call: Call): Route | undefined {
    const usage = deliveredUsage(call, 0);
    const costs = routes.map((route) => ({ route, cost: this.cost(route, usage) ?? 0 }));
    return costs.toSorted((a, b) => b.cost - a.cost)[0]?.route;
  }
}
