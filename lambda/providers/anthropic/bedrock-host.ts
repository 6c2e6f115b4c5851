import type { ProviderKey } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import { joinUrl } from '../url.ts';
import { type Authorize, baseUrl, type Host, notConfigured } from './host.ts';

/**
 * AWS's own endpoint for the Messages API, plain SSE: where it is, and what SigV4 signs for.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html
 */
export const BEDROCK_MESSAGES = {
  baseUrl: 'https://bedrock-mantle.{region}.api.aws/anthropic',
  path: '/v1/messages',
  sigV4Service: 'bedrock-mantle',
} as const;

/** Claude on Bedrock in Anthropic's format. Model names as AWS has them there: `anthropic.claude-…`. */
export function bedrockHost(settings: ProviderSettings, authorizeBedrock: Authorize): Host {
  const rawUrl = (target: string, key: ProviderKey) => {
    const region = key.region ?? settings.region;
    const ownBase = key.baseUrl ?? settings.baseUrl;
    if (region === undefined && ownBase === undefined) throw notConfigured(settings, 'region');
    const base = baseUrl(settings, key, BEDROCK_MESSAGES.baseUrl.replace('{region}', region ?? ''));
    return joinUrl(base, target);
  };
  return {
    url: (_call, route) => rawUrl(BEDROCK_MESSAGES.path, route.key),
    rawUrl: (target, key) => rawUrl(`/v1${target}`, key),
    body: (request) => request,
    versionHeader: true,
    fetchesMedia: false,
    hasFiles: false,
    nativeSchema: true,
    authorize: authorizeBedrock,
  };
}
