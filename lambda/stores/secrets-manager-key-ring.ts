import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { KeyUnavailable } from '../errors.ts';
import { failureFields, type Log } from '../log.ts';
import type { ProviderKey } from '../providers/provider.ts';
import type { KeyRing } from './key-ring.ts';

type Keys = ReadonlyMap<string, readonly ProviderKey[]>;

const KEPT_MS = 60_000;
/** A secret that can't be read is not asked for at every request. */
const RETRY_MS = 1_000;
/** Many requests that find their key refused at once ask for the secret once. */
const REFRESH_MS = 2_000;

/**
 * The keys of one Secrets Manager secret, JSON by provider: `"sk-…"`, `["k1", "k2"]`, `{"apiKey", "baseUrl", …}` or a
 * list of such objects. Kept in memory for a minute; while the service is down the last known keys serve on.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 */
export class SecretsManagerKeyRing implements KeyRing {
  readonly #client: Pick<SecretsManagerClient, 'send'>;
  readonly #secretId: string;
  readonly #log: Log;
  readonly #now: () => number;
  #known: Keys | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<Keys> | undefined;

  constructor(
    client: Pick<SecretsManagerClient, 'send'>,
    secretId: string,
    log: Log,
    now: () => number = Date.now,
  ) {
    this.#client = client;
    this.#secretId = secretId;
    this.#log = log;
    this.#now = now;
  }

  async keys(provider: string): Promise<readonly ProviderKey[]> {
    return (await this.#current(KEPT_MS)).get(provider) ?? [];
  }

  async refresh(provider: string): Promise<readonly ProviderKey[]> {
    return (await this.#current(REFRESH_MS)).get(provider) ?? [];
  }

  async providers(): Promise<readonly string[]> {
    return [...(await this.#current(KEPT_MS)).keys()];
  }

  async #current(maxAgeMs: number): Promise<Keys> {
    const now = this.#now();
    if (this.#known && (now - this.#readAt < maxAgeMs || (now - this.#askedAt < RETRY_MS && !this.#reading)))
      return this.#known;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<Keys> {
    this.#askedAt = this.#now();
    try {
      const { SecretString } = await this.#client.send(
        new GetSecretValueCommand({ SecretId: this.#secretId }),
      );
      this.#known = parseKeys(SecretString ?? '');
      this.#readAt = this.#now();
      return this.#known;
    } catch (error) {
      this.#log.error('provider keys not read', failureFields(error));
      if (this.#known) return this.#known;
      throw new KeyUnavailable('The provider keys can not be read at the moment.', { cause: error });
    }
  }
}

/** Throws an error without the secret's text: a JSON parser's own message would quote it. */
function parseKeys(text: string): Keys {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new KeyUnavailable('The provider-keys secret is not JSON.', { code: 'provider_keys_invalid' });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new KeyUnavailable('The provider-keys secret is not a JSON object.', {
      code: 'provider_keys_invalid',
    });
  }
  const keys = Object.entries(json)
    // Names that begin with an underscore are the template's, not a provider's.
    .filter(([name]) => !name.startsWith('_'))
    .map(([name, value]) => [name, (Array.isArray(value) ? value : [value]).flatMap(toKey)] as const);
  return new Map(keys.filter(([, list]) => list.length > 0));
}

function toKey(value: unknown): ProviderKey[] {
  if (typeof value === 'string') return toKey({ apiKey: value });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const entries = Object.entries(value)
    .filter(([, part]) => part !== null)
    // A service account may stand in the secret as an object of its own.
    .map(([name, part]) => [name, typeof part === 'string' ? part.trim() : JSON.stringify(part)])
    .filter(([, part]) => part !== '');
  return entries.length === 0 ? [] : [Object.fromEntries(entries) as ProviderKey];
}
