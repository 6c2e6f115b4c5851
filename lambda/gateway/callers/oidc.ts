import type { JWTPayload } from 'jose';
import type { OidcIssuer } from '../../config.ts';
import { Authentication, GatewayError } from '../../errors.ts';
import { isObject } from '../../openai/json.ts';
import type { Principal } from '../request/principal.ts';
import { fitsClaims } from './claims.ts';
import { identityPrincipal, notMapped } from './identity-principal.ts';
import { IssuerKeys, type IssuerOptions } from './issuer-keys.ts';

/** Signatures that only the issuer can make: with a shared secret (HS256) whoever checks them can forge them. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** How much an issuer's clock may be ahead. A token's end is exact. */
const CLOCK_SKEW_SECONDS = 60;
const MOST_CHARACTERS = 16_384;

/** Bearer tokens of the configured issuers: OpenID Connect's ID tokens, and access tokens that are JWTs. */
export class OidcTokens {
  readonly #issuers: ReadonlyMap<string, { readonly config: OidcIssuer; readonly keys: IssuerKeys }>;
  readonly #now: () => number;

  constructor(issuers: readonly OidcIssuer[], options: IssuerOptions = {}) {
    this.#issuers = new Map(
      issuers.map((config) => [config.issuer, { config, keys: new IssuerKeys(config, options) }]),
    );
    this.#now = options.now ?? Date.now;
  }

  /** Whether a token says that it is of a configured issuer. Nothing is verified, and nothing thrown. */
  knows(token: string): boolean {
    return this.#issuers.size > 0 && this.#issuers.has(issuerIn(token) ?? '');
  }

  /**
   * The principal of a token, with the rights of the first rule that its claims fit. Nothing is remembered of a token: each is
   * verified as a whole each time. Throws Authentication (401), PermissionDenied (403, `identity_not_mapped`), KeyUnavailable (503).
   */
  async principal(token: string): Promise<Principal> {
    if (token.length > MOST_CHARACTERS) throw new Authentication('The token is too long.');
    const issuer = this.#issuers.get(issuerIn(token) ?? '');
    if (issuer === undefined) throw new Authentication('The token is of no issuer that is configured here.');
    const claims = await this.#verified(token, issuer.config, issuer.keys);
    const rule = issuer.config.rules.find((each) => fitsClaims(each.claims, claims));
    if (rule === undefined) throw notMapped('The token', 'identities.oidc');
    const name = JSON.stringify([issuer.config.issuer, claims.sub]);
    return identityPrincipal({ source: 'oidc', issuer: issuer.config, rights: rule }, name, claims.exp);
  }

  async #verified(token: string, { issuer, audience }: OidcIssuer, keys: IssuerKeys) {
    const { jwtVerify } = await import('jose/jwt/verify');
    const now = this.#now();
    const options = {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: new Date(now),
    };
    let claims: JWTPayload;
    try {
      claims = (await jwtVerify(token, keys.find, options)).payload;
    } catch (error) {
      throw refusal(error);
    }
    return timely(claims, now / 1000);
  }
}

/** What jose leaves to its caller: an end without tolerance, a beginning that is not to come, a subject that is one. */
function timely(
  claims: JWTPayload,
  now: number,
): JWTPayload & { readonly sub: string; readonly exp: number } {
  const { exp, iat, sub } = claims;
  if (typeof sub !== 'string' || sub === '') throw new Authentication(badClaim('sub'));
  if (exp === undefined || !Number.isFinite(exp)) throw new Authentication(badClaim('exp'));
  if (exp <= now) throw new Authentication(EXPIRED);
  if (iat !== undefined && iat > now + CLOCK_SKEW_SECONDS) throw new Authentication(EARLY);
  return { ...claims, sub, exp: Math.floor(exp) };
}

const EXPIRED = 'The token has expired.';
const EARLY = 'The token is not valid yet.';
const badClaim = (name: string) => `The token's claim "${name}" is missing or no valid one.`;

/** By jose's codes. None quotes the token: who reads an error may not be who holds it. */
const REFUSALS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: EXPIRED,
  ERR_JOSE_ALG_NOT_ALLOWED: 'The token is signed by an algorithm that is not accepted here.',
  ERR_JWKS_NO_MATCHING_KEY: 'The token is signed with a key that its issuer does not publish.',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "The token does not tell which of its issuer's keys signed it.",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "The token's signature is not valid.",
};

function refusal(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const { code, claim, reason } = isObject(error) ? error : {};
  let message = REFUSALS[String(code)] ?? 'The token is no JWT that can be verified here.';
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') message = claimRefusal(String(claim), reason);
  return new Authentication(message, { cause: error });
}

function claimRefusal(claim: string, reason: unknown): string {
  if (claim === 'aud' && reason === 'check_failed') return 'The token is for another audience.';
  return claim === 'nbf' && reason === 'check_failed' ? EARLY : badClaim(claim);
}

/** The issuer that a token names, unverified; undefined where it is no JWT. */
function issuerIn(token: string): string | undefined {
  const [, payload, , more] = token.split('.', 4);
  if (payload === undefined || more !== undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return isObject(claims) && typeof claims.iss === 'string' ? claims.iss : undefined;
  } catch {
    return undefined;
  }
}
