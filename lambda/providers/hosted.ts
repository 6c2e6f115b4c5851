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
    case 'anthropic-on-vertex':
      return createAnthropic(settings, vertexHost(settings, authorizeGoogle));
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
  const at = (key: ProviderKey): ProviderKey => ({ ...key, baseUrl: base(key) });
  return {
    ...provider,
    encodeRequest: (call, route) => provider.encodeRequest(call, { ...route, key: at(route.key) }),
    encodeRaw: (call, key) => provider.encodeRaw(call, at(key)),
    authorize,
  };
}

function bedrockBase(settings: ProviderSettings, key: ProviderKey, api: 'messages' | 'openai'): string {
  const stated = key.baseUrl ?? settings.baseUrl;
  if (stated !== undefined) return stated.replace(/\/+$/, '');
  const region = regionOf(settings, key);
  if (region === undefined) throw missing(settings, 'region');
  return endpointUrl(ENDPOINTS[api], region);
}

/** https://cloud.google.com/vertex-ai/generative-ai/docs/migrate/openai/overview */
function vertexOpenAIBase(settings: ProviderSettings, key: ProviderKey): string {
  const stated = key.baseUrl ?? settings.baseUrl;
  if (stated !== undefined) return stated.replace(/\/+$/, '');
  const project = key.project ?? settings.project ?? serviceAccountProject(key);
  if (project === undefined) throw missing(settings, 'project');
  const location = key.location ?? settings.location ?? 'global';
  const host =
    location === 'global'
      ? 'aiplatform.googleapis.com'
      : `${encodeURIComponent(location)}-aiplatform.googleapis.com`;
  return `https://${host}/v1/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}/endpoints/openapi`;
}

function missing(settings: ProviderSettings, setting: string): ModelNotFound {
  return new ModelNotFound(`The provider ${settings.name} has no ${setting}: the operator sets it.`, {
    code: 'provider_not_configured',
  });
}
