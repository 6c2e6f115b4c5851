import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SecretsManagerSigningSecret } from '../../../lambda/stores/secrets-manager-signing-secret.ts';
import { localSigningSecret } from '../../../local/signing-secret.ts';
import { type FakeSecretsManager, SECRET_ID, startSecretsManager } from '../../support/secrets-manager.ts';

describe('SecretsManagerSigningSecret', () => {
  let service: FakeSecretsManager;
  let now = 0;
  const secret = () => new SecretsManagerSigningSecret(service.client, SECRET_ID, () => now);

  beforeEach(async () => {
    service = await startSecretsManager();
    service.secret = 'a'.repeat(64);
  });
  afterEach(() => service.close());

  test('is read once, by many at once too', async () => {
    const signing = secret();
    const read = await Promise.all([signing.current(), signing.current(), signing.current()]);
    expect(read.map(String)).toEqual([...'aaa'].map(() => 'a'.repeat(64)));
    await signing.current();
    expect(service.reads).toBe(1);
  });

  test('is read anew on demand, but not for every signature that does not fit', async () => {
    const signing = secret();
    await signing.current();
    service.secret = 'b'.repeat(64);
    expect(String(await signing.refresh())).toBe('a'.repeat(64));
    now += 2_000;
    expect(String(await signing.refresh())).toBe('b'.repeat(64));
    expect(String(await signing.current())).toBe('b'.repeat(64));
  });

  test('a service that is down is a 503 where nothing was read, else what is known serves', async () => {
    service.secret = undefined;
    await expect(secret().current()).rejects.toMatchObject({ status: 503, code: 'store_unavailable' });
    service.secret = 'c'.repeat(64);
    const signing = secret();
    await signing.current();
    service.secret = undefined;
    now += 2_000;
    expect(String(await signing.refresh())).toBe('c'.repeat(64));
  });

  test('one that is too short to be a secret signs nothing', async () => {
    service.secret = 'short';
    await expect(secret().current()).rejects.toMatchObject({ status: 503 });
  });
});

describe('localSigningSecret', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-signing-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is made once, for this user alone, and is the same after a restart', async () => {
    const first = await localSigningSecret(folder).current();
    expect(first.byteLength).toBeGreaterThanOrEqual(32);
    expect(statSync(join(folder, 'signing-secret')).mode & 0o777).toBe(0o600);
    expect(await localSigningSecret(folder).current()).toEqual(first);
    expect(await localSigningSecret(mkdtempSync(join(folder, 'other-'))).current()).not.toEqual(first);
  });

  test('a damaged one is told, and what to do', () => {
    writeFileSync(join(folder, 'signing-secret'), 'short');
    expect(() => localSigningSecret(folder)).toThrow(/damaged: remove it/);
  });
});
