import { resolve } from 'node:path';
import { ConfigError, type Environment } from '../lambda/config.ts';

/** What a local run needs beside gateway.json. */
export interface LocalSettings {
  /** 0: any free port. */
  readonly port: number;
  /** The folder that holds the run's state. */
  readonly dataFolder: string;
  /** The gateway key that the user chose. */
  readonly localKey: string | undefined;
}

/** Throws ConfigError that names the variable. */
export function localSettings(environment: Environment): LocalSettings {
  const port = environment.PORT || '8787';
  if (!/^\d+$/.test(port) || Number(port) > 65_535)
    throw new ConfigError('PORT must be a number from 0 to 65535.');
  const localKey = environment.SLUICE_LOCAL_KEY || undefined;
  if (localKey !== undefined && !/^[\x21-\x7e]{8,}$/.test(localKey)) {
    throw new ConfigError('SLUICE_LOCAL_KEY must be at least 8 visible ASCII characters, without spaces.');
  }
  return { port: Number(port), dataFolder: resolve(environment.SLUICE_DATA || '.sluice'), localKey };
}
