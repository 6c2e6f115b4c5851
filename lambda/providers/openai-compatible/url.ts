import { ModelNotFound } from '../../errors.ts';
import type { ProviderKey } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import { joinUrl } from '../url.ts';
import type { CompatibleVendor } from '../vendor.ts';

/**
 * The URL for `path` (with its query). A key's own `baseUrl` (the secret's object form) comes before the entry's.
 * `model` is given where the call names one.
 */
export function upstreamUrl(
  vendor: CompatibleVendor,
  settings: ProviderSettings,
  key: ProviderKey,
  path: string,
  model?: string,
): string {
  const base =
    key.baseUrl?.replace(/\/+$/, '') ??
    settings.baseUrl ??
    fromTemplate(vendor, settings, key) ??
    vendor.baseUrl;
  if (base === undefined || !URL.canParse(base)) {
    throw new ModelNotFound(`The provider ${settings.name} has no valid base URL: the operator sets it.`, {
      code: 'provider_not_configured',
    });
  }
  return vendor.name === 'azure' ? azureUrl(base, settings, key, path, model) : joinUrl(base, path);
}

function fromTemplate(
  vendor: CompatibleVendor,
  settings: ProviderSettings,
  key: ProviderKey,
): string | undefined {
  const values = Object.keys(vendor.settings ?? {}).map(
    (name) => [name, key[name] ?? settings[name]] as const,
  );
  if (vendor.baseUrlTemplate === undefined || values.some(([, value]) => typeof value !== 'string'))
    return undefined;
  return values.reduce(
    (url, [name, value]) => url.replace(`{${name}}`, trimmed(String(value))),
    vendor.baseUrlTemplate,
  );
}

/** `DATABRICKS_HOST` is written with and without a scheme, with and without a slash at its end. */
function trimmed(value: string): string {
  const bare = value.replace(/\/+$/, '');
  return bare.includes('.') && !/^https?:/.test(bare) ? `https://${bare}` : bare;
}

/**
 * Azure has two APIs: a dated one, with the deployment in the path, and v1, which is OpenAI's own below `/openai/v1`.
 * An entry with a dated `apiVersion` uses the first. The model's name is the deployment's to both.
 * https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
 */
function azureUrl(
  base: string,
  settings: ProviderSettings,
  key: ProviderKey,
  path: string,
  model?: string,
): string {
  const endpoint = base.replace(/\/openai(\/v1)?$/, '');
  const version = key.apiVersion ?? settings.apiVersion;
  if (version === undefined || !/^\d{4}-\d{2}-\d{2}/.test(version))
    return joinUrl(`${endpoint}/openai/v1`, path);
  const deployment = model === undefined ? '' : `/deployments/${encodeURIComponent(model)}`;
  const versioned = /[?&]api-version=/.test(path)
    ? path
    : `${path}${path.includes('?') ? '&' : '?'}api-version=${version}`;
  return joinUrl(`${endpoint}/openai${deployment}`, versioned);
}
