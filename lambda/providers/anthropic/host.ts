import { ModelNotFound } from '../../errors.ts';
import type { Call, ProviderKey, Route, UpstreamRequest } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import { joinUrl } from '../url.ts';
import { authorize } from './auth.ts';
import type { MessagesRequest } from './wire.ts';

/** Adds the key to a finished request. */
export type Authorize = (
  request: UpstreamRequest,
  key: ProviderKey,
) => UpstreamRequest | Promise<UpstreamRequest>;

/** A place where the Messages API lives: what differs from one to another, and nothing else. */
export interface Host {
  /** Where a call goes. */
  url(call: Call, route: Route): string;
  /** Where a call that is relayed as it is goes: `target` below the place's base URL. */
  rawUrl(target: string, key: ProviderKey): string;
  /** The request as this place wants it. */
  body(request: MessagesRequest): Record<string, unknown>;
  /** It takes the API's version as a header, and betas. */
  readonly versionHeader: boolean;
  /** It fetches https media itself. No place fetches plain http. */
  readonly fetchesMedia: boolean;
  /** It takes `file_id`s of Anthropic's Files API. */
  readonly hasFiles: boolean;
  /** `output_config.format` and strict tools can be relied on. */
  readonly nativeSchema: boolean;
  readonly authorize: Authorize;
}

/** The API's version, the only one there is. https://platform.claude.com/docs/en/api/versioning */
export const VERSION = '2023-06-01';

const DIRECT_BASE_URL = 'https://api.anthropic.com';

/** Anthropic's own. A base URL is without version, as `ANTHROPIC_BASE_URL`. https://platform.claude.com/docs/en/api/overview */
export function anthropicHost(settings: ProviderSettings): Host {
  const rawUrl = (target: string, key: ProviderKey) =>
    joinUrl(`${baseUrl(settings, key, DIRECT_BASE_URL).replace(/\/v1$/, '')}/v1`, target);
  return {
    url: (_call, route) => rawUrl('/messages', route.key),
    rawUrl,
    body: (request) => request,
    versionHeader: true,
    // https://platform.claude.com/docs/en/build-with-claude/vision: images and PDFs by URL, https alone.
    fetchesMedia: true,
    hasFiles: true,
    nativeSchema: true,
    authorize,
  };
}

/** A key's own base URL (the secret's object form) comes before the entry's. */
export function baseUrl(settings: ProviderSettings, key: ProviderKey, otherwise: string): string {
  return (key.baseUrl ?? settings.baseUrl ?? otherwise).replace(/\/+$/, '');
}

export function notConfigured(settings: ProviderSettings, setting: string): ModelNotFound {
  return new ModelNotFound(`The provider ${settings.name} has no ${setting}: the operator sets it.`, {
    code: 'provider_not_configured',
  });
}
