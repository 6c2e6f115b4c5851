import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseGatewayConfig } from '../../../../lambda/config.ts';
import { createIdentities } from '../../../../lambda/gateway/callers/identities.ts';
import type { Principal } from '../../../../lambda/gateway/request/principal.ts';
import { issuerKey, signToken, startIssuer, type TestIssuer } from '../../../support/oidc-issuer.ts';

const key = issuerKey('EdDSA', 'ed-1');
let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await startIssuer([key]);
});

afterAll(() => issuer.close());

/** The principal of a token with these claims, under a gateway.json with these rules. */
function principalOf(claims: object, ...rules: object[]): Promise<Principal> {
  const oidc = [{ issuer: issuer.issuer, audience: 'sluice', rules }];
  const { identities } = parseGatewayConfig(JSON.stringify({ identities: { oidc } }), 'gateway.json');
  const own = { iss: issuer.issuer, aud: 'sluice', sub: 'ann', exp: 4_000_000_000 };
  return createIdentities(identities).oidc(signToken(key, { ...own, ...claims }));
}

const NOT_MAPPED = { status: 403, code: 'identity_not_mapped' };

describe('A rule fits', () => {
  test.each<[object, object]>([
    [{}, {}],
    [{ repository: 'acme/app' }, { repository: 'acme/app' }],
    [{ repository: ['acme/app', 'acme/site'] }, { repository: 'acme/site' }],
    [{ groups: 'a' }, { groups: ['b', 'a'] }],
    [{ groups: ['a', 'b'] }, { groups: ['c', 'b'] }],
    [
      { repository: 'acme/app', ref: 'refs/heads/main' },
      { repository: 'acme/app', ref: 'refs/heads/main' },
    ],
    [{ sub: 'ann' }, {}],
    [{ repository: 'acme/*' }, { repository: 'acme/app' }],
    [{ email: '*@example.com' }, { email: 'ann@example.com' }],
    [{ sub: 'repo:acme/*:ref:refs/heads/main' }, { sub: 'repo:acme/app:ref:refs/heads/main' }],
    [{ email: '*' }, { email: 'anything: at/all' }],
    [{ email: '*' }, { email: '' }],
    [{ team: '*' }, { team: ['a'] }],
    // as the JSON stands
    [{ email_verified: true }, { email_verified: true }],
    [{ email_verified: 'true' }, { email_verified: true }],
    [{ level: 7 }, { level: 7 }],
    [{ level: [7, 8] }, { level: 8.0 }],
    [{ level: '1.5' }, { level: 1.5 }],
    [{ flags: false }, { flags: [true, false] }],
    // by a path, and by a name that has dots
    [{ 'realm_access.roles': 'user' }, { realm_access: { roles: ['admin', 'user'] } }],
    [{ 'a.b.c': 'x' }, { a: { b: { c: 'x' } } }],
    [{ 'https://example.com/roles': 'user' }, { 'https://example.com/roles': ['user'] }],
    // a name before a path
    [{ 'a.b': 'x' }, { 'a.b': 'x', a: { b: 'y' } }],
  ])('%j: %j', async (claims, token) => {
    expect((await principalOf(token, { claims })).kind).toBe('identity');
  });
});

describe('A rule does not fit', () => {
  test.each<[object, object]>([
    [{ repository: 'acme/app' }, {}],
    [{ repository: 'acme/app' }, { repository: 'acme/app2' }],
    [{ repository: 'acme/app' }, { repository: 'Acme/app' }],
    [{ repository: 'acme/app' }, { repository: 'evil/acme/app' }],
    [
      { repository: 'acme/app', ref: 'refs/heads/main' },
      { repository: 'acme/app', ref: 'refs/heads/x' },
    ],
    [{ repository: 'acme/app', ref: 'refs/heads/main' }, { repository: 'acme/app' }],
    [{ groups: ['a', 'b'] }, { groups: ['c'] }],
    [{ groups: ['a', 'b'] }, { groups: [] }],
    [{ groups: ['a', 'b'] }, { groups: 'a,b' }],
    // * stays within its segment, and everything else stands for itself
    [{ repository: 'acme/*' }, { repository: 'acme/app/x' }],
    [{ repository: 'acme*' }, { repository: 'acme-evil/app' }],
    [{ repository: '*/app' }, { repository: 'evil/x/app' }],
    [{ sub: 'repo:acme/*:ref:refs/heads/main' }, { sub: 'repo:acme/x:environment:y:ref:refs/heads/main' }],
    [{ email: '*@example.com' }, { email: 'ann@example.com.evil.example' }],
    [{ email: '*@example.com' }, { email: 'ann@exampleXcom' }],
    [{ name: 'a.c' }, { name: 'abc' }],
    [{ name: 'a?c' }, { name: 'abc' }],
    [{ name: '(a|b)' }, { name: 'a' }],
    [{ name: '^a$' }, { name: 'a' }],
    [{ email: '*' }, {}],
    [{ team: '*' }, { team: [] }],
    // nothing, objects and lists within lists have no text
    [{ a: 'null' }, { a: null }],
    [{ a: '[object Object]' }, { a: {} }],
    [{ a: '*' }, { a: { b: 'c' } }],
    [{ a: 'x' }, { a: [['x']] }],
    [{ a: 'undefined' }, {}],
    [{ level: '9007199254740993' }, { level: 9007199254740992 }],
    [{ level: '9007199254740992' }, { level: 9007199254740992 }],
    // what every object inherits is no claim
    [{ toString: '*' }, {}],
    [{ 'a.length': '*' }, { a: 'text' }],
    [{ 'a.0': 'x' }, { a: ['x'] }],
    [{ 'a.toString.name': 'toString' }, { a: {} }],
    [{ 'a.constructor.name': 'Object' }, { a: {} }],
    [{ 'a.__proto__.b': '*' }, { a: {} }],
    [{ 'a.b': 'x' }, { a: { b: 'y' }, b: 'x' }],
    [{ 'a.b': 'x' }, { 'a.b': 'y', a: { b: 'x' } }],
    [{ 'a..b': 'x' }, { a: { b: 'x' } }],
  ])('%j: %j', async (claims, token) => {
    await expect(principalOf(token, { claims })).rejects.toMatchObject(NOT_MAPPED);
  });

  test.each([{ inherited: 'x' }, { 'a.inherited': 'x' }])(
    'what a token inherits is none of its claims: %j',
    async (claims) => {
      Object.defineProperty(Object.prototype, 'inherited', {
        value: 'x',
        configurable: true,
        writable: true,
      });
      try {
        await expect(principalOf({ a: {} }, { claims })).rejects.toMatchObject(NOT_MAPPED);
      } finally {
        Reflect.deleteProperty(Object.prototype, 'inherited');
      }
    },
  );

  test('and no message names what the token claims', async () => {
    const refused = await principalOf({ email: 'ann@example.com' }, { claims: { email: 'x' } }).catch(
      (e) => e,
    );
    expect(refused.message).toBe(
      "The token is valid, but identities.oidc of the gateway's configuration does not map it.",
    );
  });
});

describe('The first rule that fits', () => {
  const rules = [
    { claims: { groups: 'admins' } },
    {
      claims: { groups: 'devs' },
      models: ['fast', 'openai/gpt-4o'],
      rpm: 60,
      budget: { usd: 20, per: 'month' },
    },
    { models: ['fast'] },
  ];

  test('gives the rights, and no other adds to them', async () => {
    const admin = await principalOf({ groups: ['devs', 'admins'] }, ...rules);
    expect(admin).toEqual({
      kind: 'identity',
      grant: expect.stringMatching(/^[0-9a-f]{32}$/),
      cacheScope: `oidc#${admin.id}`,
      id: admin.id,
      expiresAt: 4_000_000_000,
    });
    const dev = await principalOf({ groups: ['devs'] }, ...rules);
    expect(dev).toEqual({
      kind: 'identity',
      grant: expect.stringMatching(/^[0-9a-f]{32}$/),
      cacheScope: expect.stringMatching(/^(oidc|iam)#[0-9a-f]{16}$/),
      id: admin.id,
      modelLists: [['fast', 'openai/gpt-4o']],
      limits: [{ subject: `oidc#${dev.id}`, rpm: 60, budget: { usd: 20, per: 'month' } }],
      expiresAt: 4_000_000_000,
    });
    expect(await principalOf({}, ...rules)).toMatchObject({ modelLists: [['fast']] });
  });
});

describe('Without identities', () => {
  const none = createIdentities({ iam: [], oidc: [] });

  test('no bearer is of an issuer', async () => {
    const token = signToken(key, { iss: issuer.issuer, sub: 'ann' });
    expect(none.knowsIssuer(token)).toBe(false);
    expect(none.knowsIssuer('')).toBe(false);
    await expect(none.oidc(token)).rejects.toMatchObject({ status: 401 });
  });

  test('no signer is mapped', () => {
    const userArn = 'arn:aws:iam::123456789012:root';
    expect(() => none.iam({ userArn, accountId: '123456789012' })).toThrow(
      expect.objectContaining(NOT_MAPPED),
    );
  });
});
