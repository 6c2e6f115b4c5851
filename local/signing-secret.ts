import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../lambda/config.ts';
import type { SigningSecret } from '../lambda/stores/signing-secret.ts';

/** The signing secret of a local run: made at the first start, for this user's eyes only. Throws ConfigError. */
export function localSigningSecret(dataFolder: string): SigningSecret {
  const path = join(dataFolder, 'signing-secret');
  try {
    writeFileSync(path, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new ConfigError(`SLUICE_DATA: ${path} can not be written.`);
  }
  const secret = readFileSync(path);
  if (secret.byteLength < 32) {
    throw new ConfigError(
      `SLUICE_DATA: ${path} is damaged: remove it, which ends all temporary credentials.`,
    );
  }
  return { current: async () => secret, refresh: async () => secret };
}
