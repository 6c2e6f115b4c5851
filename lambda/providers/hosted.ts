import { ModelNotFound } from '../errors.ts';
import { bedrockHost } from './anthropic/bedrock-host.ts';
import { createProvider as createAnthropic } from './anthropic/index.ts';
import { vertexHost } from './anthropic/vertex-host.ts';
import { authorize as authorizeBedrock } from './bedrock/auth.ts';
import { ENDPOINTS, endpointUrl } from './bedrock/endpoints.ts';
import { regionOf } from './bedrock/url.ts';
import { authorizeGoogle, serviceAccountProject } from './google-auth.ts';
import { createProvider as createOpenAICompatible } from './openai-compatible/index.ts';
import type { Provider, ProviderKey } from './provider.ts';
import type { ProviderSettings } from './settings.ts';
import type { CompatibleVendor } from './vendor.ts';

type HostedFamily = 'anthropic-on-vertex' | 'openai-on-vertex' | 'anthropic-on-bedrock' | 'openai-on-bedrock';

/** One family's format on another's platform: the format's code, the platform's URL and authorization. */
export function createHosted(family: HostedFamily, settings: ProviderSettings): Provider {
  switch (family) {
    case 'anthropic-on-vertex': {
      const provider = createAnthropic(settings, vertexHost(settings, authorizeGoogle));
      return placed(provider, (key) => vertexKey(settings, key), bareClaude);
    }
    case 'anthropic-on-bedrock': {
      const base = (key: ProviderKey) => bedrockBase(settings, key, 'messages');
      return createAnthropic(
        settings,
        bedrockHost(base, (request, key) => authorizeBedrock(request, key, settings)),
      );
    }
    case 'openai-on-vertex':
      return openAIOn(settings, (key) => vertexOpenAIBase(settings, key), authorizeGoogle);
    case 'openai-on-bedrock':
      return openAIOn(
        settings,
        (key) => bedrockBase(settings, key, 'openai'),
        (request, key) => authorizeBedrock(request, key, settings),
      );
    default:
      return family satisfies never;
  }
}

/** OpenAI's format at `base`, authorized by the platform's own means. */
function openAIOn(
  settings: ProviderSettings,
  base: (key: ProviderKey) => string,
  authorize: Provider['authorize'],
): Provider {
  const vendor: CompatibleVendor = {
    name: settings.name,
    keyVariables: [],
    baseUrlVariables: [],
    auth: 'bearer',
    includeUsage: true,
    listsModels: false,
    page: ENDPOINTS.openai.page,
  };
  const provider = createOpenAICompatible(vendor, settings);
  return { ...placed(provider, (key) => ({ ...key, baseUrl: base(key) })), authorize };
}

/** The provider with what the platform knows of a key and of a model's name. */
function placed(
  provider: Provider,
  at: (key: ProviderKey) => ProviderKey,
  named = (model: string) => model,
): Provider {
  return {
    ...provider,
    encodeRequest: (call, route) =>
      provider.encodeRequest(call, { ...route, model: named(route.model), key: at(route.key) }),
    encodeRaw: (call, key) => provider.encodeRaw(call, at(key)),
  };
}

/**
 * A stated URL without a path is the service's own host, as `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` names it: the API has its
 * place there. One with a path is where the API's own paths are appended.
 */
function bedrockBase(settings: ProviderSettings, key: ProviderKey, api: 'messages' | 'openai'): string {
  const region = regionOf(settings, key);
  const stated = statedUrl(settings, key);
  if (stated !== undefined) {
    const place = new URL(endpointUrl(ENDPOINTS[api], region ?? 'us-east-1')).pathname;
    return new URL(stated).pathname === '/' ? `${stated}${place}` : stated;
  }
  if (region === undefined) throw missing(settings, 'region');
  return endpointUrl(ENDPOINTS[api], region);
}

/** Claude's names are bare in Vertex's URLs, however a caller spells them. */
function bareClaude(model: string): string {
  return model.replace(/^(publishers\/)?(anthropic\/)?(models\/)?/, '');
}

/** A key with its project, and a base URL with the API's version: `GOOGLE_VERTEX_BASE_URL` has none. */
function vertexKey(settings: ProviderSettings, key: ProviderKey): ProviderKey {
  const stated = statedUrl(settings, key);
  const project = key.project ?? settings.project ?? serviceAccountProject(key);
  return {
    ...key,
    ...(project === undefined ? {} : { project }),
    ...(stated === undefined ? {} : { baseUrl: /\/v\d+[a-z0-9]*$/.test(stated) ? stated : `${stated}/v1` }),
  };
}

/** https://cloud.google.com/vertex-ai/generative-ai/docs/migrate/openai/overview */
function vertexOpenAIBase(settings: ProviderSettings, key: ProviderKey): string {
  const { project, baseUrl } = vertexKey(settings, key);
  if (baseUrl?.includes('/endpoints/')) return baseUrl.replace(/\/v1$/, '');
  if (project === undefined) throw missing(settings, 'project');
  const location = encodeURIComponent(key.location ?? settings.location ?? 'global');
  const base = baseUrl ?? `https://${vertexHostname(location)}/v1`;
  return `${base}/projects/${encodeURIComponent(project)}/locations/${location}/endpoints/openapi`;
}

/** https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations */
function vertexHostname(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com';
  const ofContinent = location === 'us' || location === 'eu';
  return ofContinent ? `aiplatform.${location}.rep.googleapis.com` : `${location}-aiplatform.googleapis.com`;
}

function statedUrl(settings: ProviderSettings, key: ProviderKey): string | undefined {
  return (key.baseUrl ?? settings.baseUrl)?.replace(/\/+$/, '');
}

function missing(settings: ProviderSettings, setting: string): ModelNotFound {
  return new ModelNotFound(`The provider ${settings.name} has no ${setting}: the operator sets it.`, {
    code: 'provider_not_configured',
  });
}
