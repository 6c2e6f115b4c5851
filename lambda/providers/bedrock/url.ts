import { ModelNotFound } from '../../errors.ts';
import type { ProviderKey } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import { joinUrl } from '../url.ts';
import { ENDPOINTS, endpointUrl, regionOfArn } from './endpoints.ts';

/** A region's name goes into a host's: anything else could lead the key to another host. */
const REGION = /^[a-z]{2,5}(-[a-z]+)+-\d+$/;

/**
 * The URL for `path` (with its query): a key's base URL, else the entry's, else AWS's in the region of the model's ARN, the
 * key or the entry. Throws ModelNotFound where there is none.
 */
export function upstreamUrl(settings: ProviderSettings, key: ProviderKey, path: string, model = ''): string {
  const configured = key.baseUrl?.replace(/\/+$/, '') ?? settings.baseUrl;
  if (configured !== undefined) return joinUrl(configured, path);
  const region = regionOfArn(model) ?? regionOf(settings, key);
  if (region === undefined || !REGION.test(region)) {
    throw new ModelNotFound(
      `The provider ${settings.name} has no valid region: the operator sets AWS_REGION.`,
      {
        code: 'provider_not_configured',
      },
    );
  }
  return joinUrl(endpointUrl(ENDPOINTS.converse, region), path);
}

export function regionOf(settings: ProviderSettings, key: ProviderKey): string | undefined {
  return key.region ?? settings.region;
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_RequestSyntax */
export function modelPath(model: string, action: 'converse' | 'converse-stream' | 'invoke'): string {
  return `/model/${encodeURIComponent(model)}/${action}`;
}
