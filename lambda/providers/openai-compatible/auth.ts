import type { ProviderKey, UpstreamRequest } from '../provider.ts';
import type { CompatibleVendor } from '../vendor.ts';

/** The key in the header that the vendor reads. Without a key (a local server) the request goes as it is. */
export function authorize(
  request: UpstreamRequest,
  key: ProviderKey,
  vendor: CompatibleVendor,
): UpstreamRequest {
  if (key.apiKey === undefined) return request;
  const header: Record<string, string> =
    vendor.auth === 'api-key' ? { 'api-key': key.apiKey } : { authorization: `Bearer ${key.apiKey}` };
  return { ...request, headers: { ...request.headers, ...header } };
}
