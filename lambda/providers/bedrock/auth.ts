import { authorizeAws } from '../aws-sigv4.ts';
import type { ProviderKey, UpstreamRequest } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import { regionOfHost, serviceOfHost } from './endpoints.ts';
import { regionOf } from './url.ts';

/**
 * The request with its key. It is signed for the region that it goes to: an ARN may lead to another than the key's.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html
 */
export function authorize(
  request: UpstreamRequest,
  key: ProviderKey,
  settings: ProviderSettings,
): UpstreamRequest | Promise<UpstreamRequest> {
  const { hostname } = new URL(request.url);
  const region = regionOfHost(hostname) ?? regionOf(settings, key) ?? 'us-east-1';
  return authorizeAws(request, key, { region, service: serviceOfHost(hostname) });
}
