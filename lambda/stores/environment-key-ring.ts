import { readFileSync } from 'node:fs';
import { ConfigError, type Environment } from '../config.ts';
import type { ProviderHandle } from '../providers/index.ts';
import type { ProviderKey } from '../providers/provider.ts';
import type { Vendor } from '../providers/vendor.ts';
import { FixedKeyRing } from './fixed-key-ring.ts';
import type { KeyRing } from './key-ring.ts';

/**
 * The keys that the environment holds, by the names the vendors' SDKs use; several keys are separated by commas. Throws
 * ConfigError that names the variable of a file that can't be read.
 */
export function environmentKeyRing(environment: Environment, handles: Iterable<ProviderHandle>): KeyRing {
  return new FixedKeyRing(new Map([...handles].map((handle) => [handle.name, keysOf(handle, environment)])));
}

function keysOf({ vendor }: ProviderHandle, environment: Environment): ProviderKey[] {
  const value = vendor.keyVariables.map((name) => environment[name]?.trim()).find(Boolean);
  const keys = (value ?? '').split(',').map((key) => key.trim());
  const named = keys.filter((key) => key !== '').map((apiKey) => ({ apiKey }));
  return named.length > 0 ? named : compositeKey(vendor, environment);
}

/** A key that is made of several variables, or stands in a file. */
function compositeKey({ keyParts = {}, keyFiles = {} }: Vendor, environment: Environment): ProviderKey[] {
  const files = Object.entries(keyFiles).map(
    ([part, variable]) => [part, fileIn(variable, environment)] as const,
  );
  const parts = Object.entries(keyParts).map(([part, variable]) => {
    const value = environment[variable.replace(/\?$/, '')]?.trim() || undefined;
    return { part, value, needed: !variable.endsWith('?') };
  });
  const found = [...files, ...parts.map(({ part, value }) => [part, value] as const)].filter(
    ([, value]) => value !== undefined,
  );
  const complete = parts.every(({ value, needed }) => value !== undefined || !needed);
  return complete && found.length > 0 ? [Object.fromEntries(found) as ProviderKey] : [];
}

function fileIn(variable: string, environment: Environment): string | undefined {
  const path = environment[variable]?.trim();
  if (!path) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError(`${variable} names a file that can not be read.`);
  }
}
