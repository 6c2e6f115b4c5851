import type { ProviderKey } from '../providers/provider.ts';
import type { KeyRing } from './key-ring.ts';

/** Two sources of keys as one: a provider that the first has nothing for is looked up in the second. */
export class JoinedKeyRing implements KeyRing {
  readonly #first: KeyRing;
  readonly #second: KeyRing;

  constructor(first: KeyRing, second: KeyRing) {
    this.#first = first;
    this.#second = second;
  }

  async keys(provider: string): Promise<readonly ProviderKey[]> {
    const keys = await this.#first.keys(provider);
    return keys.length > 0 ? keys : this.#second.keys(provider);
  }

  async refresh(provider: string): Promise<readonly ProviderKey[]> {
    const keys = await this.#first.refresh(provider);
    return keys.length > 0 ? keys : this.#second.refresh(provider);
  }

  async providers(): Promise<readonly string[]> {
    return [...new Set([...(await this.#first.providers()), ...(await this.#second.providers())])];
  }
}
