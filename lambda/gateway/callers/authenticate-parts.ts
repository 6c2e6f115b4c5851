import type { CredentialStore } from '../../stores/credential-store.ts';
import type { SigningSecret } from '../../stores/signing-secret.ts';
import type { Identities } from './identities.ts';

export interface AuthenticateParts {
  readonly credentials: CredentialStore;
  readonly signing: SigningSecret;
  readonly allowProviderKeys: boolean;
  /** Keys that share one cache, by the scope's name: names or ids. */
  readonly config: { readonly cacheScopes: Readonly<Record<string, readonly string[]>> };
  /** Undefined where gateway.json maps none. */
  readonly identities: Identities | undefined;
}
