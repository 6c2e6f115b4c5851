import type { ProviderKey } from '../providers/provider.ts';

/** Where provider keys come from: the environment locally, Secrets Manager on AWS. */
export interface KeyRing {
  /**
   * The keys of a provider entry in the operator's order; empty where it has none.
   * Throws KeyUnavailable where the source is down and nothing was read before.
   */
  keys(provider: string): Promise<readonly ProviderKey[]>;
  /** As `keys`, read anew: for the one retry after a provider refused a key. */
  refresh(provider: string): Promise<readonly ProviderKey[]>;
  /** The names of all providers that have a key. */
  providers(): Promise<readonly string[]>;
}
