import { authorizeGoogle } from '../google-auth.ts';
import type { ProviderKey, UpstreamRequest } from '../provider.ts';
import type { Platform } from './encoding.ts';

/** AI Studio reads a key from a header, never from the URL: URLs are logged. https://ai.google.dev/api#authentication */
export function authorize(
  request: UpstreamRequest,
  key: ProviderKey,
  platform: Platform,
): UpstreamRequest | Promise<UpstreamRequest> {
  if (platform === 'vertex' || key.accessToken !== undefined || key.credentials !== undefined)
    return authorizeGoogle(request, key);
  if (key.apiKey === undefined) return request;
  return { ...request, headers: { ...request.headers, 'x-goog-api-key': key.apiKey } };
}
