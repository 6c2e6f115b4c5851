import { ConfigError } from '../config.ts';
import { VENDORS, vendorNamed } from './catalog.ts';
import { createProvider, type Family, familyOf } from './families.ts';
import { NATIVE_VENDORS } from './native-vendors.ts';
import type { Provider } from './provider.ts';
import type { ProviderSettings } from './settings.ts';
import type { CompatibleVendor, Vendor } from './vendor.ts';

/** A provider entry that can be routed to: what is known of it before its code is loaded. */
export interface ProviderHandle {
  readonly name: string;
  readonly vendor: Vendor;
  /** It is served without a key: a server of one's own. */
  readonly keyOptional: boolean;
  /** Tells entries apart that lead to different places under one name: their settings, no secrets. */
  readonly fingerprint: string;
  /** The provider for one of its models; an empty name stands for a call that is relayed as it is. */
  load(model: string): Promise<Provider>;
}

export type ProviderRegistry = ReadonlyMap<string, ProviderHandle>;

/** A server of one's own that speaks OpenAI's format: vLLM, LM Studio, llama.cpp, … */
function ownServer(name: string): CompatibleVendor {
  return {
    name,
    keyVariables: [`${variableName(name)}_API_KEY`],
    baseUrlVariables: [`${variableName(name)}_BASE_URL`],
    auth: 'bearer',
    keyOptional: true,
    includeUsage: true,
    listsModels: true,
    servesCompletions: true,
    page: 'https://platform.openai.com/docs/api-reference',
  };
}

/** `azure-eu` → `AZURE_EU`: how an entry's environment variables begin. */
export function variableName(entry: string): string {
  return entry.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}

/** Every vendor that needs no entry: its key's presence switches it on. */
export function knownVendors(): readonly Vendor[] {
  return [...VENDORS, ...NATIVE_VENDORS];
}

/** The kinds an entry of gateway.json may have. */
export function providerKinds(): string[] {
  return ['openai-compatible', ...knownVendors().map((vendor) => vendor.name)];
}

/** The vendor that an entry is of, its variables under the entry's own name. Undefined for an unknown kind. */
export function vendorOf(entry: string, kind: string): Vendor | undefined {
  if (kind === 'openai-compatible') return ownServer(entry);
  const vendor = vendorNamed(kind) ?? NATIVE_VENDORS.find(({ name }) => name === kind);
  if (vendor === undefined || entry === kind) return vendor;
  return {
    ...vendor,
    keyVariables: [`${variableName(entry)}_API_KEY`],
    baseUrlVariables: [`${variableName(entry)}_BASE_URL`],
  };
}

/**
 * Every provider that a model's name can begin with: all known vendors, and the operator's entries, which may take a
 * vendor's name. Throws Error that names the entry where its kind is unknown or its base URL is missing.
 */
export function createRegistry(entries: readonly ProviderSettings[]): ProviderRegistry {
  const registry = new Map<string, ProviderHandle>();
  for (const vendor of knownVendors())
    registry.set(vendor.name, handle(vendor, { name: vendor.name, kind: vendor.name }));
  for (const settings of entries) {
    const vendor = vendorOf(settings.name, settings.kind);
    if (vendor === undefined) {
      throw new ConfigError(
        `gateway.json: providers.${settings.name}.kind: "${settings.kind}" is unknown; known are ${providerKinds().join(', ')}`,
      );
    }
    if (settings.kind === 'openai-compatible' && settings.baseUrl === undefined) {
      throw new ConfigError(
        `gateway.json: providers.${settings.name}.baseUrl is needed for the kind openai-compatible`,
      );
    }
    registry.set(settings.name, handle(vendor, settings));
  }
  return registry;
}

function handle(vendor: Vendor, settings: ProviderSettings): ProviderHandle {
  const keyOptional = vendor.keyOptional === true && settings.baseUrl !== undefined;
  // One provider for each family, so that two routes to the same one can be told to be the same.
  const loaded = new Map<Family, Promise<Provider>>();
  const load = (model: string) => {
    const family = familyOf(vendor, settings, model);
    const provider = loaded.get(family) ?? createProvider(family, vendor, settings);
    loaded.set(family, provider);
    return provider;
  };
  const fingerprint = JSON.stringify(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { name: settings.name, vendor, keyOptional, fingerprint, load };
}
