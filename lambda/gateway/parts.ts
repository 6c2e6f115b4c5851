import type { GatewayConfig } from '../config.ts';
import type { Log } from '../log.ts';
import type { ProviderRegistry } from '../providers/index.ts';
import type { CredentialStore } from '../stores/credential-store.ts';
import type { KeyRing } from '../stores/key-ring.ts';
import type { RequestLog } from '../stores/request-log.ts';
import type { LeaseStore, ResponseCache } from '../stores/response-cache.ts';
import type { SigningSecret } from '../stores/signing-secret.ts';
import type { UsageStore } from '../stores/usage-store.ts';

/** The parts a gateway is put together from; each process makes them once. */
export interface GatewayParts {
  readonly config: GatewayConfig;
  /** For what belongs to no request. */
  readonly log: Log;
  /** Whether a bearer that is no key of ours is taken for the caller's own provider key. */
  readonly allowProviderKeys: boolean;
  readonly registry: ProviderRegistry;
  readonly keyRing: KeyRing;
  readonly credentials: CredentialStore;
  readonly signing: SigningSecret;
  readonly usage: UsageStore;
  readonly requestLogs: readonly RequestLog[];
  readonly cache: ResponseCache & LeaseStore;
}
