import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { KeyUnavailable } from '../errors.ts';
import type { SigningSecret } from './signing-secret.ts';

/** Many signatures that do not fit ask for the secret once. */
const REFRESH_MS = 2_000;

/** The signing secret out of Secrets Manager: read at the first credential, and anew where a signature does not fit. */
export class SecretsManagerSigningSecret implements SigningSecret {
  readonly #client: Pick<SecretsManagerClient, 'send'>;
  readonly #secretId: string;
  readonly #now: () => number;
  #known: Uint8Array | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<Uint8Array> | undefined;

  constructor(client: Pick<SecretsManagerClient, 'send'>, secretId: string, now: () => number = Date.now) {
    this.#client = client;
    this.#secretId = secretId;
    this.#now = now;
  }

  async current(): Promise<Uint8Array> {
    return this.#known ?? this.#read();
  }

  async refresh(): Promise<Uint8Array> {
    if (this.#known && this.#now() - this.#readAt < REFRESH_MS) return this.#known;
    return this.#read();
  }

  #read(): Promise<Uint8Array> {
    this.#reading ??= this.#ask().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #ask(): Promise<Uint8Array> {
    this.#readAt = this.#now();
    try {
      const { SecretString } = await this.#client.send(
        new GetSecretValueCommand({ SecretId: this.#secretId }),
      );
      const secret = Buffer.from(SecretString ?? '');
      if (secret.byteLength < 32) throw new Error('the signing secret is shorter than 32 bytes');
      this.#known = secret;
      return secret;
    } catch (error) {
      if (this.#known) return this.#known;
      throw new KeyUnavailable('The signing secret can not be read at the moment.', { cause: error });
    }
  }
}
