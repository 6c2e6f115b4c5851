import type { GatewayConfig, Price } from '../config.ts';
import type { Usage } from '../openai/wire.ts';
import { PRICE_TABLE } from './price-table.ts';

/** Where a model is asked: the provider entry's name, its vendor's name, and the model's name there. */
export interface PricedModel {
  readonly provider: string;
  readonly vendor: string;
  readonly model: string;
}

/**
 * What a model costs; undefined where nobody knows. The operator's prices come first, by `provider/model`, then by the
 * model's name alone; then the table's.
 */
export function priceOf(where: PricedModel, overrides: GatewayConfig['prices']): Price | undefined {
  const { provider, vendor, model } = where;
  const own = [`${provider}/${model}`, model].find((name) => Object.hasOwn(overrides, name));
  if (own !== undefined) return overrides[own];
  return tablePrice(vendor, model);
}

/** Vendors that sell others' models at their prices. */
const SOLD_AS: Readonly<Record<string, readonly string[]>> = {
  azure: ['openai'],
  bedrock: ['anthropic'],
  vertex: ['gemini', 'anthropic'],
};

function tablePrice(vendor: string, model: string): Price | undefined {
  const sold = Object.hasOwn(SOLD_AS, vendor) ? SOLD_AS[vendor] : undefined;
  const vendors = [vendor, ...(sold ?? [])];
  const names = namesOf(model);
  for (const seller of vendors) {
    const prices = Object.hasOwn(PRICE_TABLE, seller) ? PRICE_TABLE[seller] : undefined;
    const name = prices && names.find((each) => Object.hasOwn(prices, each));
    if (prices && name !== undefined) return prices[name];
  }
  return undefined;
}

/** Dates and versions that vendors write behind a model's name, without a change of its price. */
const VERSION =
  /(?:[-@](?:20\d\d-?\d\d-?\d\d|latest|\d{2}-20\d{2}|\d{4})|-v\d+:\d+|:\d+|-preview(?:-\d{2}-\d{2,4})?|-exp(?:-\d{2}-\d{2})?|-00\d)$/;

/** The model's own name, then what is left of it without prefixes and versions, the most exact first. */
function namesOf(model: string): string[] {
  const bare = model
    .replace(/^arn:aws[\w-]*:bedrock:[^/]*\/(?:[^/]+\/)*/, '')
    .replace(/^(?:models\/|publishers\/[^/]+\/models\/)/, '')
    .replace(/^(?:us-gov|us|eu|apac|ap|jp|au|ca|sa|global)\.(?=[a-z0-9]+\.)/, '');
  const names = [model, bare, bare.replace(/^anthropic\./, '')];
  for (let name = bare.replace(/^anthropic\./, ''); VERSION.test(name); ) {
    name = name.replace(VERSION, '');
    names.push(name);
  }
  return [...new Set(names)];
}

/** A count as vendors may send it: missing, below zero, no number. */
function count(value: unknown): number {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0;
}

/** What a usage costs in whole nano-dollars, rounded up. Cached prompt tokens and reasoning are parts of their totals. */
export function costOf(usage: Usage, price: Price): number {
  const prompt = count(usage.prompt_tokens);
  const { longPrompt } = price;
  const { input, output, ...special } = longPrompt && prompt > longPrompt.over ? longPrompt : price;
  const cached = Math.min(count(usage.prompt_tokens_details?.cached_tokens), prompt);
  const written = Math.min(count(usage.prompt_tokens_details?.cache_creation_tokens), prompt - cached);
  const completion = count(usage.completion_tokens);
  const reasoning = Math.min(count(usage.completion_tokens_details?.reasoning_tokens), completion);
  const millionths =
    (prompt - cached - written) * input +
    cached * (special.cached ?? input) +
    written * (special.cacheWrite ?? input) +
    (completion - reasoning) * output +
    reasoning * (special.reasoning ?? output);
  // Dollars per million tokens are thousands of nano-dollars per token; the sum's last bits are noise of its fractions.
  return Math.ceil(Math.round(millionths * 1e6) / 1e3);
}
