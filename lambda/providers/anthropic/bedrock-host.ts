import type { ProviderKey } from '../provider.ts';
import { joinUrl } from '../url.ts';
import type { Authorize, Host } from './host.ts';

/**
 * Claude on Bedrock in Anthropic's format, plain SSE. `base` is where `/v1/messages` is appended. Model names as AWS has
 * them there: `anthropic.claude-…`.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html
 */
export function bedrockHost(base: (key: ProviderKey) => string, authorizeBedrock: Authorize): Host {
  const rawUrl = (target: string, key: ProviderKey) => joinUrl(base(key), `/v1${target}`);
  return {
    url: (_call, route) => rawUrl('/messages', route.key),
    rawUrl,
    body: (request) => request,
    versionHeader: true,
    fetchesMedia: false,
    hasFiles: false,
    nativeSchema: true,
    authorize: authorizeBedrock,
  };
}
