import type { ProviderKey } from '../providers/provider.ts';
import type { KeyRing } from './key-ring.ts';

/** Keys that are known when the process starts. */
export class FixedKeyRing implements KeyRing {
  readonly #keys: ReadonlyMap<string, readonly ProviderKey[]>;

  constructor(keys: ReadonlyMap<string, readonly ProviderKey[]>) {
    this.#keys = new Map([...keys].filter(([, list]) => list.length > 0));
  }

  async keys(provider: string): Promise<readonly ProviderKey[]> {
    return this.#keys.get(provider) ?? [];
  }

  /** What a running process was started with does not change. */
  refresh(provider: string): Promise<readonly ProviderKey[]> {
    return this.keys(provider);
  }

  async providers(): Promise<readonly string[]> {
    return [...this.#keys.keys()];
  }
}
