import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, parseGatewayConfig } from '../lambda/config.ts';

export const PROJECT_ROOT = join(import.meta.dirname, '..');

/**
 * The absolute path of the gateway.json to deploy, checked, so that a mistake stops the deployment and not the
 * deployed gateway. `path` is the operator's choice: without it there need be no file. Throws ConfigError.
 */
export function findGatewayJson(path?: string, projectRoot = PROJECT_ROOT): string | undefined {
  const file = resolve(projectRoot, path ?? 'gateway.json');
  if (!existsSync(file)) {
    if (path === undefined) return undefined;
    throw new ConfigError(`The context key config names ${file}: there is no such file.`);
  }
  parseGatewayConfig(readFileSync(file, 'utf8'), path ?? 'gateway.json');
  return file;
}
