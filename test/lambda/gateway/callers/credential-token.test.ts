import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { KeyUnavailable } from '../../../../lambda/errors.ts';
import {
  type CredentialClaims,
  isOurs,
  signCredential,
  verifyCredential,
} from '../../../../lambda/gateway/callers/credential-token.ts';
import type { SigningSecret } from '../../../../lambda/stores/signing-secret.ts';

const NOW = 1_800_000_000;
const secretOf = (text: string, next = text): SigningSecret & { reads: number } => ({
  reads: 0,
  async current() {
    return Buffer.from(text.padEnd(32, '.'));
  },
  async refresh() {
    this.reads++;
    return Buffer.from(next.padEnd(32, '.'));
  },
});
const secret = secretOf('ours');
const claims = (more: Partial<CredentialClaims> = {}): CredentialClaims => ({
  iss: 'sluice',
  aud: 'sluice',
  jti: 'bt_tmp:1',
  iat: NOW,
  exp: NOW + 600,
  bt: { model: 'm' },
  ...more,
});
const verify = (token: string, at = NOW, by = secret) => verifyCredential(token, by, at * 1000);
const unauthorized = { status: 401 };

/** A token of any header and payload, signed as it says with our secret. */
function forged(header: object, payload: object, key = 'ours'): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${createHmac('sha256', key.padEnd(32, '.')).update(signed).digest('base64url')}`;
}

describe('a credential’s token', () => {
  test('is what it was signed as', async () => {
    const token = await signCredential(claims(), secret);
    expect(await verify(token)).toEqual(claims());
    expect(isOurs(token)).toBe(true);
  });

  test('ends at the very second', async () => {
    const token = await signCredential(claims({ exp: NOW + 1 }), secret);
    await expect(verifyCredential(token, secret, NOW * 1000 + 999)).resolves.toBeDefined();
    await expect(verify(token, NOW + 1)).rejects.toMatchObject({ status: 401, code: 'credential_expired' });
  });

  test('may come from a machine whose clock is a minute ahead, and no more', async () => {
    await expect(verify(await signCredential(claims({ iat: NOW + 60 }), secret))).resolves.toBeDefined();
    await expect(verify(await signCredential(claims({ iat: NOW + 61 }), secret))).rejects.toMatchObject(
      unauthorized,
    );
  });

  test('cut anywhere is none', async () => {
    const token = await signCredential(claims(), secret);
    for (let end = 0; end < token.length; end++)
      await expect(verify(token.slice(0, end))).rejects.toMatchObject(unauthorized);
    await expect(verify(`${token}.x`)).rejects.toMatchObject(unauthorized);
    await expect(verify(`${token}=`)).rejects.toMatchObject(unauthorized);
  });

  test('with any of its characters changed is none', async () => {
    const token = await signCredential(claims(), secret);
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      await expect(verify(changed)).rejects.toMatchObject(unauthorized);
    }
  });

  test.each([
    ['no algorithm', { alg: 'none' }],
    ['another algorithm', { alg: 'HS512' }],
    ['an asymmetric one', { alg: 'RS256' }],
    ['something critical', { alg: 'HS256', crit: ['exp'] }],
    ['no object', []],
  ])('whose header says %s is none, however it is signed', async (_, header) => {
    await expect(verify(forged(header, claims()))).rejects.toMatchObject(unauthorized);
    await expect(verify(forged(header, claims()).replace(/[^.]+$/, ''))).rejects.toMatchObject(unauthorized);
  });

  test.each([
    ['another secret', forged({ alg: 'HS256' }, claims(), 'theirs')],
    ['another issuer', forged({ alg: 'HS256' }, { ...claims(), iss: 'other' })],
    ['another audience', forged({ alg: 'HS256' }, { ...claims(), aud: 'other' })],
    ['no expiry', forged({ alg: 'HS256' }, { ...claims(), exp: undefined })],
    ['an expiry that is a text', forged({ alg: 'HS256' }, { ...claims(), exp: '9999999999' })],
    ['no id', forged({ alg: 'HS256' }, { ...claims(), jti: '' })],
    ['a list as payload', forged({ alg: 'HS256' }, [])],
    ['too many bytes', forged({ alg: 'HS256' }, { ...claims(), more: 'x'.repeat(9_000) })],
  ])('of %s is none', async (_, token) => {
    await expect(verify(token)).rejects.toMatchObject(unauthorized);
  });

  test('of a secret that was changed meanwhile is taken, the old one’s is not', async () => {
    const changing = secretOf('old', 'new');
    const fresh = await signCredential(claims(), secretOf('new'));
    await expect(verify(fresh, NOW, changing)).resolves.toBeDefined();
    expect(changing.reads).toBe(1);
  });

  test('can’t be judged while the secret can’t be read', async () => {
    const down = {
      current: async () => Promise.reject(new KeyUnavailable('down')),
      refresh: async () => Buffer.alloc(32),
    };
    await expect(
      verifyCredential(await signCredential(claims(), secret), down, NOW * 1000),
    ).rejects.toMatchObject({
      status: 503,
    });
  });

  test.each(['', 'a', 'a.b', 'a.b.c', '..', 'é.é.é', `${'a'.repeat(9_000)}.b.c`, 'sk-sluice-x'])(
    '%j is no token, and nothing breaks on it',
    (bearer) => {
      expect(isOurs(bearer)).toBe(false);
    },
  );
});
