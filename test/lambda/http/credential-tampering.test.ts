import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { authenticate } from '../../../lambda/gateway/callers/authenticate.ts';
import { localSigningSecret } from '../../../local/signing-secret.ts';
import { type CoreGateway, type CoreStage, startCore } from '../../support/core-stage.ts';
import { completion, sendJson } from '../../support/fake-upstream.ts';
import { hmacToken, issuerKey, signToken, unsignedToken } from '../../support/oidc-issuer.ts';
import { errorOf } from '../../support/stage.ts';

const OWN_KEY = 'own-provider-key-of-nobody';

let stage: CoreStage;
let gateway: CoreGateway;
/** Of a provider's key: its token holds what opens that key. */
let token: string;
let secret: string;
beforeAll(async () => {
  stage = await startCore();
  gateway = stage.gateway();
  token = await mint({ model: 'gpt-test' }, OWN_KEY);
  secret = readFileSync(join(stage.folder, 'signing-secret'), 'utf8');
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.lines.length = 0;
  stage.upstream.received.length = 0;
  stage.answer = (_, response) => sendJson(response, completion('ok'));
});

async function mint(body: object, key: string): Promise<string> {
  const made = await gateway.post('/credentials', body, key);
  return ((await made.json()) as { key: string }).key;
}

type Claims = Record<string, unknown> & { exp: number; jti: string };
const claimsOf = (of: string): Claims =>
  JSON.parse(Buffer.from(of.split('.')[1] ?? '', 'base64url').toString());
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What no tampering may do: reach a provider, as a credential or as a key, or be quoted to anyone. */
async function expectRefused(bearer: string): Promise<void> {
  const answers = [
    await gateway.chat(bearer),
    await gateway.fetch('/chat/completions', { method: 'POST', headers: { 'x-api-key': bearer } }),
    await gateway.fetch('/files', { headers: { 'x-goog-api-key': bearer } }),
    await gateway.post('/credentials', {}, bearer),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(401);
    const { message } = await errorOf(answer);
    expect(message).not.toContain(bearer.slice(0, 16));
  }
  expect(stage.upstream.received).toEqual([]);
  expect(stage.lines.join()).not.toContain(bearer.slice(-16));
}

test('the token that is tampered with here is a valid one', async () => {
  expect((await gateway.chat(token)).status).toBe(200);
  expect(stage.upstream.received[0]?.headers.authorization).toBe(`Bearer ${OWN_KEY}`);
});

describe('a token', () => {
  const rsa = issuerKey('RS256', 'k');
  const parts = () => token.split('.') as [string, string, string];
  const signed = (header: object, hash: string) => {
    const text = `${encoded(header)}.${parts()[1]}`;
    return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
  };
  const FORGED: [string, () => string][] = [
    ['without algorithm', () => unsignedToken(claimsOf(token))],
    ['without algorithm, its signature kept', () => unsignedToken(claimsOf(token)) + parts()[2]],
    ['with an algorithm in capitals', () => signed({ alg: 'hs256', typ: 'JWT' }, 'sha256')],
    ['of HS512 and our secret', () => signed({ alg: 'HS512', typ: 'JWT' }, 'sha512')],
    ['that says HS512, signed as HS256', () => signed({ alg: 'HS512', typ: 'JWT' }, 'sha256')],
    ['of RS256 and another’s key', () => signToken(rsa, claimsOf(token))],
    ['of RS256 and our secret', () => signed({ alg: 'RS256', typ: 'JWT' }, 'sha256')],
    [
      'that brings its key along',
      () => signToken(rsa, claimsOf(token), { alg: 'HS256', jwk: { kty: 'oct' } }),
    ],
    ['of another secret', () => hmacToken('another secret of nobody, of 32 bytes', claimsOf(token))],
    ['of an empty secret', () => hmacToken('', claimsOf(token))],
    ['of the provider’s key as secret', () => hmacToken(OWN_KEY, claimsOf(token))],
    ['with a longer life', () => changed({ exp: claimsOf(token).exp + 3_600 })],
    ['with a life without end', () => changed({ exp: Number.MAX_SAFE_INTEGER })],
    ['with no model', () => changed({ bt: {} })],
    ['with the issuer twice', () => `${parts()[0]}.${twice()}.${parts()[2]}`],
  ];
  const changed = (more: object) => `${parts()[0]}.${encoded({ ...claimsOf(token), ...more })}.${parts()[2]}`;
  const twice = () =>
    Buffer.from(JSON.stringify(claimsOf(token)).replace('{', '{"iss":"x","iss":"sluice",')).toString(
      'base64url',
    );

  test.each(FORGED)('%s is none', (_, forged) => expectRefused(forged()));

  const SPELT: [string, (of: string) => string][] = [
    ['a dot more', (of) => `${of}.`],
    ['a part more', (of) => `${of}.x`],
    ['a part in front', (of) => `x.${of}`],
    ['two parts', (of) => of.split('.').slice(0, 2).join('.')],
    ['its payload alone', (of) => `.${of.split('.')[1]}.`],
    ['a cut in its payload', (of) => of.slice(0, 80)],
    ['a cut in its signature', (of) => of.slice(0, -1)],
    ['padding', (of) => `${of}=`],
    ['padding in its payload', (of) => of.replace(/\.(.*)\./, '.$1=.')],
    ['the other alphabet', (of) => of.replaceAll('-', '+').replaceAll('_', '/').replace(/.$/, '/')],
    ['a letter that base64 skips', (of) => of.replace('.', '.!')],
    ['another last letter of the same bits', (of) => of.slice(0, -1) + nextLetter(of.at(-1) ?? 'A')],
    ['quotes', (of) => `"${of}"`],
    ['an escaped space', (of) => `${of}%20`],
    ['nine thousand letters', (of) => `${of}.${'x'.repeat(9_000)}`],
  ];

  test.each(SPELT)('with %s is none, and no provider’s key', (_, spelt) => expectRefused(spelt(token)));

  test('of another gateway is none', async () => {
    const other = await startCore();
    const theirs = await other.gateway().post('/credentials', {}, await other.addKey());
    await other.stop();
    await expectRefused(((await theirs.json()) as { key: string }).key);
  });

  test('with another’s id opens nothing, though it is signed by ours', async () => {
    const other = await mint({}, 'another-provider-key-of-nobody');
    const swapped = { ...claimsOf(token), jti: claimsOf(other).jti };
    const { exp } = claimsOf(other);
    await expectRefused(hmacToken(secret, { ...swapped, exp }));
    await expectRefused(hmacToken(secret, { ...swapped, exp: exp + 1 }));
    await expectRefused(hmacToken(secret, { ...claimsOf(token), jti: 'bt_tmp:nobody' }));
    const keys = claimsOf(await mint({}, await stage.addKey()));
    await expectRefused(hmacToken(secret, { ...keys, exp: keys.exp + 1 }));
  });

  test('may claim more than its record says, and has no more of it', async () => {
    const wide = hmacToken(secret, {
      ...claimsOf(token),
      bt: { ...(claimsOf(token).bt as object), model: 'all' },
    });
    expect((await gateway.chat(wide, { model: 'all' })).status).toBe(403);
    expect((await gateway.chat(wide)).status).toBe(200);
  });
});

/** The next letter of base64url's alphabet: of a last letter only the first bits count. */
function nextLetter(letter: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return letters[letters.indexOf(letter) ^ 1] ?? 'A';
}

describe('a gateway key', () => {
  test.each([
    ['in quotes', (key: string) => `"${key}"`],
    ['in capitals', (key: string) => key.toUpperCase()],
    ['with a letter more', (key: string) => `${key}x`],
    ['cut', (key: string) => key.slice(0, -1)],
    ['behind its variable’s name', (key: string) => `SLUICE_KEY=${key}`],
  ])('%s is no provider’s key', async (_, spelt) => {
    await expectRefused(spelt(await stage.addKey()));
  });

  test('behind a second "Bearer" is none either', async () => {
    const headers = { 'x-api-key': `Bearer ${await stage.addKey()}` };
    const answer = await gateway.fetch('/files', { headers });
    expect(answer.status).toBe(401);
    expect(stage.upstream.received).toEqual([]);
  });
});

describe('time', () => {
  const check = (of: string, at: number) => {
    const parts = {
      credentials: stage.dynamodb.credentials,
      signing: localSigningSecret(stage.folder),
      allowProviderKeys: true,
      config: { cacheScopes: {} },
      identities: undefined,
    };
    return authenticate(new Headers({ authorization: `Bearer ${of}` }), undefined, parts, at);
  };

  test.each([1, 600, 86_400])('of %d seconds is exact to the second', async (ttl) => {
    const of = await mint({ ttl_seconds: ttl }, await stage.addKey());
    const { exp, iat } = claimsOf(of) as Claims & { iat: number };
    expect(exp - iat).toBe(ttl);
    await expect(check(of, exp * 1000 - 1)).resolves.toBeDefined();
    await expect(check(of, exp * 1000)).rejects.toMatchObject({ code: 'credential_expired' });
  });

  test('by a clock a minute behind the one that minted is no reason to refuse, and adds no second', async () => {
    const of = await mint({ ttl_seconds: 60 }, await stage.addKey());
    const { exp, iat } = claimsOf(of) as Claims & { iat: number };
    await expect(check(of, iat * 1000 - 60_000)).resolves.toBeDefined();
    await expect(check(of, iat * 1000 - 61_000)).rejects.toMatchObject({ status: 401 });
    await expect(check(of, exp * 1000)).rejects.toMatchObject({ status: 401 });
  });
});

test('a credential that no header could hold is not made', async () => {
  const models = Array.from({ length: 32 }, (_, i) => `${i}`.padEnd(128, 'x'));
  const logging = { parent: `project_name:${'p'.repeat(2_000)}` };
  const refused = await gateway.post('/credentials', { models, logging }, await stage.addKey());
  expect(refused.status).toBe(400);
  expect(await errorOf(refused)).toMatchObject({ param: 'models', code: 'credential_too_long' });
  expect((await gateway.chat(await mint({ models }, await stage.addKey()))).status).toBe(403);
});
