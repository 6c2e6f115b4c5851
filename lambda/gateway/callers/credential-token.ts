import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { Authentication } from '../../errors.ts';
import type { SigningSecret } from '../../stores/signing-secret.ts';

export const ISSUER = 'sluice';

const word = v.pipe(v.string(), v.minLength(1));

const claims = v.looseObject({
  iss: v.literal(ISSUER),
  aud: v.literal(ISSUER),
  /** The record's id: `bt_tmp:` and a UUID. */
  jti: word,
  /** Seconds since the epoch. */
  iat: v.pipe(v.number(), v.integer()),
  exp: v.pipe(v.number(), v.integer()),
  bt: v.looseObject({
    model: v.optional(word),
    models: v.optional(v.array(word)),
    org_name: v.optional(word),
    logging: v.optional(v.looseObject({})),
    /** Opens the provider key that the record keeps: base64url of 32 bytes. */
    secret: v.optional(word),
  }),
});

/** What a temporary credential's token says; names as in the Braintrust proxy's. https://www.rfc-editor.org/rfc/rfc7519 */
export type CredentialClaims = v.InferOutput<typeof claims>;

const HEADER = base64url({ alg: 'HS256', typ: 'JWT' });
/** How every payload begins that is made here: up to the issuer, without the closing brace. */
const PAYLOAD_BEGINNING = base64url({ iss: ISSUER }).slice(0, -2);
export const MAX_TOKEN = 8_192;
/** Machines' clocks differ: a token may have been made a little in the future. It never lives longer for that. */
const SKEW_SECONDS = 60;

export async function signCredential(payload: CredentialClaims, signing: SigningSecret): Promise<string> {
  const signed = `${HEADER}.${base64url(payload)}`;
  return `${signed}.${signature(signed, await signing.current()).toString('base64url')}`;
}

/**
 * Whether a bearer says that it is a token of ours, whatever else is wrong with it: to see who is to judge it, and for nothing
 * else. What was cut or spelt otherwise on its way must not go to a provider as if it were a key.
 */
export function isOurs(bearer: string): boolean {
  const parts = bearer.split('.');
  if (parts.length === 1) return false;
  return parts.some((part) => part.startsWith(PAYLOAD_BEGINNING) || issuerIn(part) === ISSUER);
}

function issuerIn(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))?.iss;
  } catch {
    return undefined;
  }
}

/** Throws Authentication (401), KeyUnavailable (503). `now` in milliseconds. */
export async function verifyCredential(
  token: string,
  signing: SigningSecret,
  now: number,
): Promise<CredentialClaims> {
  const [header = '', payload = '', given = '', ...rest] = token.split('.');
  if (token.length > MAX_TOKEN || rest.length > 0 || !isOurHeader(header)) throw invalid();
  const signed = `${header}.${payload}`;
  // The secret may have been changed since this process read it.
  const fits =
    isSignature(given, signed, await signing.current()) ||
    isSignature(given, signed, await signing.refresh());
  if (!fits) throw invalid();
  const result = v.safeParse(claims, parsed(payload));
  if (!result.success || result.output.iat > now / 1000 + SKEW_SECONDS) throw invalid();
  if (result.output.exp * 1000 <= now) {
    throw new Authentication('The temporary credential has expired.', { code: 'credential_expired' });
  }
  return result.output;
}

function invalid(): Authentication {
  return new Authentication('The temporary credential is not valid.');
}

/** One algorithm, and nothing critical that we do not know. RFC 8725, section 3.1. */
function isOurHeader(header: string): boolean {
  const object = parsed(header) as { alg?: unknown; crit?: unknown } | null | undefined;
  return typeof object === 'object' && object?.alg === 'HS256' && object.crit === undefined;
}

function signature(signed: string, secret: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(signed).digest();
}

function isSignature(given: string, signed: string, secret: Uint8Array): boolean {
  const bytes = decoded(given);
  const expected = signature(signed, secret);
  return bytes?.byteLength === expected.byteLength && timingSafeEqual(bytes, expected);
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Only the one canonical spelling: Node's decoder skips what it does not know. */
function decoded(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function parsed(part: string): unknown {
  try {
    return JSON.parse(decoded(part)?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
}
