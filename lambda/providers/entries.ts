import { type Environment, type GatewayConfig, parseBaseUrl } from '../config.ts';
import { knownVendors, vendorOf } from './index.ts';
import type { ProviderSettings } from './settings.ts';
import type { Vendor } from './vendor.ts';

/**
 * The operator's provider entries: those of gateway.json, each with what its environment variables say, and the known
 * vendors that have such variables. A base URL's variable comes before the file. Throws ConfigError that names the variable.
 */
export function providerEntries(
  config: Pick<GatewayConfig, 'providers'>,
  environment: Environment,
): ProviderSettings[] {
  const listed = Object.entries(config.providers).map(([name, entry]) => ({ name, ...entry }));
  const names = new Set(listed.map(({ name }) => name));
  const unlisted = knownVendors()
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => ({ name, kind: name }));
  return [...listed, ...unlisted].flatMap((entry: ProviderSettings) => {
    const vendor = vendorOf(entry.name, entry.kind);
    if (vendor === undefined) return [entry];
    // What the file says of a region or an account is meant; a variable may stand there for something else.
    const found = { ...settingsIn(vendor, environment), ...entry, ...baseUrlIn(vendor, environment) };
    return names.has(entry.name) || Object.keys(found).length > Object.keys(entry).length ? [found] : [];
  });
}

function settingsIn(vendor: Vendor, environment: Environment): Partial<ProviderSettings> {
  const variables = Object.entries(vendor.settings ?? {});
  const found = variables.map(([setting, variable]) => [setting, environment[variable]?.trim()] as const);
  return Object.fromEntries(found.filter(([, value]) => value));
}

function baseUrlIn(vendor: Vendor, environment: Environment): { baseUrl?: string } {
  const variable = vendor.baseUrlVariables.find((name) => environment[name]?.trim());
  const baseUrl = variable === undefined ? undefined : environment[variable]?.trim();
  if (variable === undefined || baseUrl === undefined) return {};
  return { baseUrl: parseBaseUrl(baseUrl, variable) };
}
