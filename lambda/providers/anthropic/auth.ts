import type { ProviderKey, UpstreamRequest } from '../provider.ts';

/** The key in `x-api-key`. Without one (a server of one's own) the request goes as it is. https://platform.claude.com/docs/en/api/overview#authentication */
export function authorize(request: UpstreamRequest, key: ProviderKey): UpstreamRequest {
  if (key.apiKey === undefined) return request;
  return { ...request, headers: { ...request.headers, 'x-api-key': key.apiKey } };
}
