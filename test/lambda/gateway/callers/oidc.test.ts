import { createPublicKey } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { parseGatewayConfig } from '../../../../lambda/config.ts';
import { GatewayError } from '../../../../lambda/errors.ts';
import { createIdentities, type Identities } from '../../../../lambda/gateway/callers/identities.ts';
import {
  hmacToken,
  type IssuerKey,
  issuerKey,
  jwkOf,
  signToken,
  startIssuer,
  type TestIssuer,
  unsignedToken,
} from '../../../support/oidc-issuer.ts';

const rsa = issuerKey('RS256', 'rsa-1');
const pss = issuerKey('PS256', 'pss-1');
const ec = issuerKey('ES256', 'ec-1');
const ed = issuerKey('EdDSA', 'ed-1');
const stranger = issuerKey('RS256', 'rsa-1');

const NOW = 1_800_000_000;
let now = NOW;
let issuer: TestIssuer;
let other: TestIssuer;
let identities: Identities;

beforeAll(async () => {
  issuer = await startIssuer([rsa, pss, ec, ed]);
  // The same kid as the first issuer's, another key.
  other = await startIssuer([{ ...stranger, kid: rsa.kid }]);
});

beforeEach(() => {
  now = NOW;
  const config = {
    oidc: [
      { issuer: issuer.issuer, audience: ['sluice', 'sluice-eu'], rules: [{ models: ['fast'], rpm: 5 }] },
      { issuer: other.issuer, audience: 'elsewhere', rules: [{ models: ['other'] }] },
    ],
  };
  const parsed = parseGatewayConfig(JSON.stringify({ identities: config }), 'gateway.json');
  identities = createIdentities(parsed.identities, { now: () => now * 1000 });
});

afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => Promise.all([issuer.close(), other.close()]));

/** Claims that are good, with these in their place; undefined takes one away. */
function claims(more: object = {}): object {
  return { iss: issuer.issuer, aud: 'sluice', sub: 'ann@example.com', iat: NOW, exp: NOW + 300, ...more };
}

/** How a token was refused: status and message. Fails where it was taken. */
async function refusalOf(token: string): Promise<{ status: number; message: string; code: string | null }> {
  const result = await identities.oidc(token).catch((error: unknown) => error);
  if (!(result instanceof GatewayError)) throw new Error(`taken: ${JSON.stringify(result)}`);
  const { status, message, code } = result;
  // Neither the token's parts nor what it claims may come back.
  for (const secret of [...token.split('.'), 'ann@example.com', issuer.issuer])
    if (secret.length > 3) expect(JSON.stringify(result.toBody())).not.toContain(secret);
  return { status, message, code };
}

const BAD_SIGNATURE = "The token's signature is not valid.";
const BAD_ALGORITHM = 'The token is signed by an algorithm that is not accepted here.';
const UNKNOWN_KEY = 'The token is signed with a key that its issuer does not publish.';
const NO_JWT = 'The token is no JWT that can be verified here.';
const NO_ISSUER = 'The token is of no issuer that is configured here.';
const EXPIRED = 'The token has expired.';
const EARLY = 'The token is not valid yet.';
const badClaim = (name: string) => `The token's claim "${name}" is missing or no valid one.`;

describe('A token of a configured issuer', () => {
  test.each([
    ['RS256', rsa],
    ['PS256', pss],
    ['ES256', ec],
    ['EdDSA', ed],
  ] as const)('signed with %s is a principal', async (_, key) => {
    const principal = await identities.oidc(signToken(key, claims()));
    expect(principal).toEqual({
      kind: 'identity',
      grant: expect.stringMatching(/^[0-9a-f]{32}$/),
      cacheScope: expect.stringMatching(/^(oidc|iam)#[0-9a-f]{16}$/),
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      modelLists: [['fast']],
      limits: [{ subject: `oidc#${principal.id}`, rpm: 5 }],
      expiresAt: NOW + 300,
    });
  });

  test.each<[string, object, object]>([
    ['several audiences, ours among them', { aud: ['x', 'sluice-eu'] }, {}],
    ['the type of an access token', {}, { typ: 'at+jwt' }],
    ['no type', {}, { typ: undefined }],
    ['no time of issue', { iat: undefined }, {}],
    ['an issuer whose clock is a minute ahead', { iat: NOW + 60, nbf: NOW + 60 }, {}],
    ['a second left', { exp: NOW + 1 }, {}],
    ['an end between two seconds', { exp: NOW + 0.5 }, {}],
  ])('is taken with %s', async (_, more, header) => {
    const principal = await identities.oidc(signToken(rsa, claims(more), header));
    expect(principal.kind).toBe('identity');
    expect(Number.isInteger(principal.expiresAt)).toBe(true);
  });

  test('without a kid is taken where one key fits its algorithm', async () => {
    expect((await identities.oidc(signToken(ec, claims(), { kid: undefined }))).kind).toBe('identity');
  });

  test('is the same caller with each token of its subject, and another at another issuer', async () => {
    const ids = await Promise.all([
      identities.oidc(signToken(rsa, claims())),
      identities.oidc(signToken(ed, claims({ iat: NOW - 5, aud: ['sluice-eu'], jti: 'x' }))),
      identities.oidc(signToken(rsa, claims({ sub: 'bob@example.com' }))),
      identities.oidc(signToken(stranger, claims({ iss: other.issuer, aud: 'elsewhere' }))),
    ]);
    expect(ids[0]?.id).toBe(ids[1]?.id);
    expect(new Set(ids.map(({ id }) => id)).size).toBe(3);
    expect(JSON.stringify(ids)).not.toContain('example.com');
  });
});

describe('Refused with 401 is a token', () => {
  const forged = (token: string, part: number, change: (text: string) => string) =>
    token
      .split('.')
      .map((text, index) => (index === part ? change(text) : text))
      .join('.');
  const rewritten = (value: object) => () => Buffer.from(JSON.stringify(value)).toString('base64url');
  const pem = (key: IssuerKey) => key.publicKey.export({ type: 'spki', format: 'pem' }).toString();

  test.each<[string, () => string, string]>([
    ['that has expired', () => signToken(rsa, claims({ exp: NOW })), EXPIRED],
    ['that expired within the skew of a clock', () => signToken(rsa, claims({ exp: NOW - 30 })), EXPIRED],
    ['that expired long ago', () => signToken(rsa, claims({ exp: 1 })), EXPIRED],
    ['that begins later', () => signToken(rsa, claims({ nbf: NOW + 61 })), EARLY],
    ['that was issued later', () => signToken(rsa, claims({ iat: NOW + 61 })), EARLY],
    ['without an end', () => signToken(rsa, claims({ exp: undefined })), badClaim('exp')],
    ['with an end in words', () => signToken(rsa, claims({ exp: `${NOW + 300}` })), badClaim('exp')],
    ['without a subject', () => signToken(rsa, claims({ sub: undefined })), badClaim('sub')],
    ['with an empty subject', () => signToken(rsa, claims({ sub: '' })), badClaim('sub')],
    ['with a subject that is a list', () => signToken(rsa, claims({ sub: ['a'] })), badClaim('sub')],
    ['without an audience', () => signToken(rsa, claims({ aud: undefined })), badClaim('aud')],
    [
      'for another audience',
      () => signToken(rsa, claims({ aud: 'elsewhere' })),
      'The token is for another audience.',
    ],
    [
      'for ours in another case',
      () => signToken(rsa, claims({ aud: 'Sluice' })),
      'The token is for another audience.',
    ],
    [
      'for a part of ours',
      () => signToken(rsa, claims({ aud: ['slu', 'ice'] })),
      'The token is for another audience.',
    ],
    ['of an unknown issuer', () => signToken(rsa, claims({ iss: 'https://evil.example' })), NO_ISSUER],
    [
      'of our issuer with a slash more',
      () => signToken(rsa, claims({ iss: `${issuer.issuer}/` })),
      NO_ISSUER,
    ],
    ['of two issuers', () => signToken(rsa, claims({ iss: [issuer.issuer] })), NO_ISSUER],
    ['without an issuer', () => signToken(rsa, claims({ iss: undefined })), NO_ISSUER],
    ['of a stranger with a known kid', () => signToken(stranger, claims()), BAD_SIGNATURE],
    [
      'of another issuer with the same kid',
      () => signToken(rsa, claims({ iss: other.issuer, aud: 'elsewhere' })),
      BAD_SIGNATURE,
    ],
    [
      'whose claims were rewritten',
      () => forged(signToken(rsa, claims()), 1, rewritten(claims({ sub: 'root' }))),
      BAD_SIGNATURE,
    ],
    [
      'whose signature is another’s',
      () =>
        forged(signToken(rsa, claims()), 2, () => signToken(rsa, claims({ sub: 'x' })).split('.')[2] ?? ''),
      BAD_SIGNATURE,
    ],
    ['whose signature is cut', () => signToken(rsa, claims()).slice(0, -8), BAD_SIGNATURE],
    ['whose signature is empty', () => forged(signToken(rsa, claims()), 2, () => ''), BAD_SIGNATURE],
    [
      'signed by an ECDSA signature of zeros',
      () => forged(signToken(ec, claims()), 2, () => Buffer.alloc(64).toString('base64url')),
      BAD_SIGNATURE,
    ],
    ['that is not signed', () => unsignedToken(claims()), BAD_ALGORITHM],
    [
      'that is not signed, in odd case',
      () => unsignedToken(claims(), { alg: 'nOnE', kid: rsa.kid }),
      BAD_ALGORITHM,
    ],
    [
      'signed with the public key as a secret',
      () => hmacToken(pem(rsa), claims(), { kid: rsa.kid }),
      BAD_ALGORITHM,
    ],
    [
      'signed with the JWK as a secret',
      () => hmacToken(JSON.stringify(jwkOf(rsa)), claims(), { kid: rsa.kid }),
      BAD_ALGORITHM,
    ],
    [
      'signed with the key in DER as a secret',
      () =>
        hmacToken(createPublicKey(pem(rsa)).export({ type: 'spki', format: 'der' }), claims(), {
          kid: rsa.kid,
        }),
      BAD_ALGORITHM,
    ],
    ['with the algorithm of another key', () => signToken(rsa, claims(), { alg: 'PS256' }), UNKNOWN_KEY],
    ['with another key’s kid', () => signToken(rsa, claims(), { kid: ec.kid }), UNKNOWN_KEY],
    ['with no algorithm', () => signToken(rsa, claims(), { alg: undefined }), NO_JWT],
    [
      'with an extension that must be understood',
      () => signToken(rsa, claims(), { crit: ['exp'], exp: 1 }),
      NO_JWT,
    ],
    ['whose payload is not encoded', () => signToken(rsa, claims(), { crit: ['b64'], b64: false }), NO_JWT],
    ['with an unknown kid', () => signToken(rsa, claims(), { kid: 'nobody' }), UNKNOWN_KEY],
    ['whose kid is a path', () => signToken(stranger, claims(), { kid: '../../../dev/null' }), UNKNOWN_KEY],
    ['whose kid is no text', () => signToken(rsa, claims(), { kid: [rsa.kid] }), UNKNOWN_KEY],
    ['whose kid is a name of Object’s', () => signToken(rsa, claims(), { kid: '__proto__' }), UNKNOWN_KEY],
    ['that is huge', () => signToken(rsa, claims({ filling: 'x'.repeat(20_000) })), 'The token is too long.'],
    ['that is none', () => 'sk-of-nobody', NO_ISSUER],
    ['that has four parts', () => `${signToken(rsa, claims())}.x`, NO_ISSUER],
    ['that has two parts', () => signToken(rsa, claims()).split('.').slice(0, 2).join('.'), NO_JWT],
    ['whose claims are a list', () => forged(signToken(rsa, claims()), 1, rewritten([claims()])), NO_ISSUER],
  ])('%s', async (_, make, message) => {
    expect(await refusalOf(make())).toEqual({ status: 401, message, code: 'invalid_api_key' });
  });

  test('whose end is beyond all numbers', async () => {
    const [head] = signToken(rsa, claims()).split('.');
    const payload = JSON.stringify(claims()).replace(String(NOW + 300), '1e999');
    const { sign } = await import('node:crypto');
    const signed = `${head}.${Buffer.from(payload).toString('base64url')}`;
    const token = `${signed}.${sign('sha256', Buffer.from(signed), rsa.privateKey).toString('base64url')}`;
    expect(await refusalOf(token)).toMatchObject({ status: 401, message: badClaim('exp') });
  });

  test('that brings its own key, or says where it lies: nobody goes there', async () => {
    const trap = await startIssuer([stranger]);
    try {
      const urls = { jku: trap.keysUrl, x5u: trap.keysUrl };
      const own = { kid: 'own', jwk: jwkOf(stranger) };
      for (const header of [
        { ...urls, ...own },
        { ...urls, jwk: jwkOf(stranger) },
        { ...urls, kid: trap.keysUrl },
      ])
        expect((await refusalOf(signToken(stranger, claims(), header))).status).toBe(401);
      expect(trap.received).toEqual([]);
    } finally {
      await trap.close();
    }
  });

  test('after its end, though it was good a moment ago: no token is remembered', async () => {
    const token = signToken(rsa, claims());
    await identities.oidc(token);
    // A neighbour of it, alike in its first 1000 letters, is not let in by it either.
    const [head = '', payload = '', signature = ''] = token.split('.');
    expect((await refusalOf(`${head}.${payload}.${signature.slice(0, -4)}AAAA`)).message).toBe(BAD_SIGNATURE);
    now = NOW + 300;
    expect((await refusalOf(token)).message).toBe(EXPIRED);
  });

  test('where several keys fit and it names none', async () => {
    const many = await startIssuer([rsa, { ...stranger, kid: 'rsa-2' }]);
    try {
      const entry = { issuer: many.issuer, audience: 'sluice', rules: [{}] };
      const { identities: config } = parseGatewayConfig(
        JSON.stringify({ identities: { oidc: [entry] } }),
        'gateway.json',
      );
      const token = signToken(rsa, claims({ iss: many.issuer }), { kid: undefined });
      await expect(createIdentities(config, { now: () => NOW * 1000 }).oidc(token)).rejects.toMatchObject({
        status: 401,
        message: "The token does not tell which of its issuer's keys signed it.",
      });
    } finally {
      await many.close();
    }
  });
});

describe('Whose token a bearer is', () => {
  test.each<[string, () => string]>([
    ['a good token', () => signToken(rsa, claims())],
    ['an expired one', () => signToken(rsa, claims({ exp: 1 }))],
    ['a forged one', () => unsignedToken(claims())],
    ['a cut one', () => signToken(rsa, claims()).split('.').slice(0, 2).join('.')],
    ['a huge one', () => signToken(rsa, claims({ filling: 'x'.repeat(20_000) }))],
    ['one of the other issuer', () => signToken(rsa, claims({ iss: other.issuer }))],
  ])('%s is of a configured issuer: no provider sees it', (_, make) => {
    expect(identities.knowsIssuer(make())).toBe(true);
  });

  test.each<[string, () => string]>([
    ['a token of a stranger', () => signToken(rsa, claims({ iss: 'https://evil.example' }))],
    ['a token of none', () => signToken(rsa, claims({ iss: undefined }))],
    ['claims in five parts', () => `a.${signToken(rsa, claims())}.b`],
    ['a key', () => 'sk-of-nobody'],
    ['nothing', () => ''],
    ['dots', () => '..'],
    ['no base64', () => 'a.\u0000€.c'],
    ['no JSON', () => `a.${Buffer.from('{"iss":').toString('base64url')}.c`],
    ['JSON that is no object', () => `a.${Buffer.from('null').toString('base64url')}.c`],
    ['nested without end', () => `a.${Buffer.from('['.repeat(200_000)).toString('base64url')}.c`],
    [
      'an issuer by inheritance',
      () => `a.${Buffer.from(`{"__proto__":{"iss":"${issuer.issuer}"}}`).toString('base64url')}.c`,
    ],
  ])('%s is not, and nothing is thrown', (_, make) => {
    expect(identities.knowsIssuer(make())).toBe(false);
  });

  test('and nobody is asked for it', () => {
    const fetched = jest.spyOn(globalThis, 'fetch');
    identities.knowsIssuer(signToken(rsa, claims()));
    expect(fetched).not.toHaveBeenCalled();
  });
});
