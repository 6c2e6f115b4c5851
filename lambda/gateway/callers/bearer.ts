import { createHash } from 'node:crypto';
import { Authentication } from '../../errors.ts';

/** What every gateway key begins with. */
export const GATEWAY_KEY_PREFIX = 'sk-sluice-';

/** Whether a bearer is a gateway key, or one with quotes or a "Bearer" around it: it is never taken for a provider's key. */
export function looksLikeKey(bearer: string): boolean {
  return bearer.toLowerCase().includes(GATEWAY_KEY_PREFIX);
}

/** SHA-256, lower-case hex: how a gateway key is stored. It is 256 random bits, so no slow hash is needed. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** How a request that AWS's signature authenticates begins its header. */
const AWS_SIGNATURE = /^AWS4-/;

/**
 * The caller's key: `Authorization: Bearer`, else `x-api-key`, else `x-goog-api-key`. Undefined where there is none, beside a
 * signature of AWS's too. Throws Authentication where the header is neither.
 */
export function bearerOf(headers: Headers): string | undefined {
  const authorization = headers.get('authorization');
  if (authorization !== null && !AWS_SIGNATURE.test(authorization)) {
    const match = /^Bearer +(\S+) *$/i.exec(authorization);
    if (match?.[1] !== undefined) return match[1];
    throw new Authentication('The Authorization header must be "Bearer" and a key, with one space between.');
  }
  return headers.get('x-api-key')?.trim() || headers.get('x-goog-api-key')?.trim() || undefined;
}
