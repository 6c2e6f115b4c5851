import type { CompactVerifyGetKey } from 'jose';
import type { OidcIssuer } from '../../config.ts';
import { KeyUnavailable } from '../../errors.ts';
import { failureFields, type Log } from '../../log.ts';
import { discoverKeysUrl, IssuerFailure, readJson } from './issuer-documents.ts';

/** How long keys are used without a question: this long a key lives on that its issuer has withdrawn. */
const FRESH_MS = 10 * 60_000;
/** How old they may get while the issuer can't be asked. */
const MOST_AGE_MS = 60 * 60_000;
/** Tokens with invented keys cause one question in this time, and so does an issuer that fails while its keys are known. */
const COOLDOWN_MS = 30_000;
/** The same where no keys are known: every caller waits for them. */
const RETRY_MS = 2_000;
/** For the discovery document and the keys together. */
const TIMEOUT_MS = 5_000;
/** How long a discovery document holds. */
const DISCOVERED_MS = 60 * 60_000;

export interface IssuerOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Where an issuer that can't be asked is told of. */
  readonly log?: Log;
  readonly timeoutMs?: number;
}

type KeySet = CompactVerifyGetKey;

/** An issuer's keys, read when a token needs them. Callers share one read. */
export class IssuerKeys {
  readonly #issuer: Pick<OidcIssuer, 'issuer' | 'jwksUri'>;
  readonly #now: () => number;
  readonly #log: Log | undefined;
  readonly #timeoutMs: number;
  #set: KeySet | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  /** Why the last read failed; undefined where it did not. */
  #failure: unknown;
  #reading: Promise<void> | undefined;
  #discovered: { readonly url: string; readonly until: number } | undefined;

  constructor(issuer: Pick<OidcIssuer, 'issuer' | 'jwksUri'>, options: IssuerOptions = {}) {
    this.#issuer = issuer;
    this.#now = options.now ?? Date.now;
    this.#log = options.log;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  /** The key that a token's header names. Rejects with jose's errors, or KeyUnavailable where the issuer can't be asked. */
  readonly find: KeySet = async (header, token) => {
    const set = await this.#current();
    try {
      return await set(header, token);
    } catch (error) {
      if (!isUnknownKey(error)) throw error;
      if (this.#triedWithin(COOLDOWN_MS)) throw this.#failure === undefined ? error : this.#unavailable();
      await this.#read();
      if (this.#failure !== undefined) throw this.#unavailable();
      return (this.#set ?? set)(header, token);
    }
  };

  async #current(): Promise<KeySet> {
    const age = this.#now() - this.#readAt;
    const cooldown = age < MOST_AGE_MS ? COOLDOWN_MS : RETRY_MS;
    if (age >= FRESH_MS && !this.#triedWithin(cooldown)) await this.#read();
    if (this.#set === undefined || this.#now() - this.#readAt >= MOST_AGE_MS) throw this.#unavailable();
    return this.#set;
  }

  /** Whether the issuer was asked lately, and answered or failed: who comes while it is being asked waits for that. */
  #triedWithin(milliseconds: number): boolean {
    return this.#reading === undefined && this.#now() - this.#triedAt < milliseconds;
  }

  #unavailable(): KeyUnavailable {
    return new KeyUnavailable("The keys of the token's issuer can not be read at the moment.", {
      code: 'issuer_unavailable',
      cause: this.#failure,
    });
  }

  /** Never rejects: a failure is kept for those who need to know. */
  #read(): Promise<void> {
    this.#reading ??= this.#ask().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #ask(): Promise<void> {
    const asked = this.#now();
    this.#triedAt = asked;
    try {
      const { createLocalJWKSet } = await import('jose/jwks/local');
      const signal = AbortSignal.timeout(this.#timeoutMs);
      const document = await readJson(await this.#url(signal), signal);
      this.#set = keySet(createLocalJWKSet, document);
      this.#readAt = asked;
      this.#failure = undefined;
    } catch (error) {
      // The keys may have moved.
      this.#discovered = undefined;
      this.#failure = error;
      this.#log?.warn('issuer keys not read', { issuer: this.#issuer.issuer, ...failureFields(error) });
    }
  }

  async #url(signal: AbortSignal): Promise<string> {
    if (this.#issuer.jwksUri !== undefined) return this.#issuer.jwksUri;
    const now = this.#now();
    if (this.#discovered === undefined || this.#discovered.until <= now) {
      const url = await discoverKeysUrl(this.#issuer.issuer, signal);
      this.#discovered = { url, until: now + DISCOVERED_MS };
    }
    return this.#discovered.url;
  }
}

function keySet(create: typeof import('jose').createLocalJWKSet, document: unknown): KeySet {
  try {
    return create(document as Parameters<typeof create>[0]);
  } catch (error) {
    throw new IssuerFailure('no_key_set', error);
  }
}

function isUnknownKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_JWKS_NO_MATCHING_KEY';
}
