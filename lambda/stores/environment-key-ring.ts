import type { Environment } from '../config.ts';
import type { ProviderHandle, ProviderRegistry } from '../providers/index.ts';
import type { ProviderKey } from '../providers/provider.ts';
import type { KeyRing } from './key-ring.ts';

/** The keys that the environment holds, by the names the vendors' SDKs use; several keys are separated by commas. */
export class EnvironmentKeyRing implements KeyRing {
  readonly #keys: ReadonlyMap<string, readonly ProviderKey[]>;

  constructor(environment: Environment, registry: ProviderRegistry) {
    const entries = [...registry.values()].map(
      (handle) => [handle.name, keysOf(handle, environment)] as const,
    );
    this.#keys = new Map(entries.filter(([, keys]) => keys.length > 0));
  }

  async keys(provider: string): Promise<readonly ProviderKey[]> {
    return this.#keys.get(provider) ?? [];
  }

  /** The environment of a running process does not change. */
  refresh(provider: string): Promise<readonly ProviderKey[]> {
    return this.keys(provider);
  }

  async providers(): Promise<readonly string[]> {
    return [...this.#keys.keys()];
  }
}

function keysOf({ vendor }: ProviderHandle, environment: Environment): ProviderKey[] {
  const value = vendor.keyVariables.map((name) => environment[name]?.trim()).find(Boolean);
  const keys = (value ?? '').split(',').map((key) => key.trim());
  return keys.filter((key) => key !== '').map((apiKey) => ({ apiKey }));
}
