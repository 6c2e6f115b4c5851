import { ConfigError, type Environment, type GatewayConfig } from '../config.ts';
import { VENDORS, type Vendor } from './catalog.ts';
import { vendorOf } from './index.ts';
import type { ProviderSettings } from './settings.ts';

/**
 * The operator's provider entries: those of gateway.json, each with what its environment variables say, and the known
 * vendors that have such variables. A variable comes before the file. Throws ConfigError that names the variable.
 */
export function providerEntries(
  config: Pick<GatewayConfig, 'providers'>,
  environment: Environment,
): ProviderSettings[] {
  const listed = Object.entries(config.providers).map(([name, entry]) => ({ name, ...entry }));
  const names = new Set(listed.map(({ name }) => name));
  const unlisted = VENDORS.filter(({ name }) => !names.has(name)).map(({ name }) => ({ name, kind: name }));
  return [...listed, ...unlisted].flatMap((entry: ProviderSettings) => {
    const found = fromVariables(vendorOf(entry.name, entry.kind), environment);
    return names.has(entry.name) || Object.keys(found).length > 0 ? [{ ...entry, ...found }] : [];
  });
}

function fromVariables(vendor: Vendor | undefined, environment: Environment): Partial<ProviderSettings> {
  if (vendor === undefined) return {};
  const found: Record<string, string> = {};
  for (const [setting, variable] of Object.entries(vendor.settings ?? {})) {
    const value = environment[variable]?.trim();
    if (value) found[setting] = value;
  }
  const variable = vendor.baseUrlVariables.find((name) => environment[name]?.trim());
  const baseUrl = variable === undefined ? undefined : environment[variable]?.trim();
  if (variable === undefined || baseUrl === undefined) return found;
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
    throw new ConfigError(`${variable} must be an http or https URL.`);
  }
  return { ...found, baseUrl: baseUrl.replace(/\/+$/, '') };
}
