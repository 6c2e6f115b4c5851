import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Answer, type Received, sendJson, startUpstream } from './fake-upstream.ts';

/** A key pair of an issuer. */
export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function issuerKey(alg: 'RS256' | 'PS256' | 'ES256' | 'EdDSA', kid: string): IssuerKey {
  return { kid, alg, ...pair(alg) };
}

function pair(alg: string): { publicKey: KeyObject; privateKey: KeyObject } {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** The public half as a JWKS has it. https://www.rfc-editor.org/rfc/rfc7517 */
export function jwkOf({ kid, alg, publicKey }: IssuerKey): object {
  return { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token by node:crypto, with these claims and no others. `header` is put over alg, kid and typ. */
export function signToken(key: IssuerKey, claims: object, header: object = {}): string {
  const head = { alg: key.alg, kid: key.kid, typ: 'JWT', ...header };
  const signed = `${encoded(head)}.${encoded(claims)}`;
  const hash = key.alg === 'EdDSA' ? null : 'sha256';
  const pss = key.alg === 'PS256' ? { padding: 6, saltLength: 32 } : {};
  const options = { key: key.privateKey, dsaEncoding: 'ieee-p1363', ...pss } as const;
  return `${signed}.${sign(hash, Buffer.from(signed), options).toString('base64url')}`;
}

/** A token that is signed with a shared secret. */
export function hmacToken(secret: string | Buffer, claims: object, header: object = {}): string {
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT', ...header })}.${encoded(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** A token that is not signed at all. */
export function unsignedToken(claims: object, header: object = {}): string {
  return `${encoded({ alg: 'none', typ: 'JWT', ...header })}.${encoded(claims)}.`;
}

export interface TestIssuer {
  /** What tokens have as `iss`. */
  readonly issuer: string;
  readonly keysUrl: string;
  readonly received: Received[];
  /** The requests that asked for keys. */
  keyRequests(): number;
  /** What the issuer publishes from now on. */
  publish(...keys: IssuerKey[]): void;
  /** Answers as this says, in place of the issuer's documents; undefined: as before. */
  answer: Answer | undefined;
  close(): Promise<void>;
}

/** An OpenID issuer on 127.0.0.1: discovery document and keys. `document` is put over what discovery says. */
export async function startIssuer(keys: IssuerKey[], document: object = {}): Promise<TestIssuer> {
  let published = keys;
  const upstream = await startUpstream((request, response, message) => {
    if (issuer.answer) return issuer.answer(request, response, message);
    if (request.url === '/.well-known/openid-configuration')
      return sendJson(response, { issuer: issuer.issuer, jwks_uri: issuer.keysUrl, ...document });
    if (request.url === '/keys') return sendJson(response, { keys: published.map(jwkOf) });
    return sendJson(response, { error: 'no such page' }, 404);
  });
  const issuer: TestIssuer = {
    issuer: upstream.origin,
    keysUrl: `${upstream.origin}/keys`,
    received: upstream.received,
    keyRequests: () => upstream.received.filter(({ url }) => url === '/keys').length,
    publish: (...next) => {
      published = next;
    },
    answer: undefined,
    close: upstream.close,
  };
  return issuer;
}
