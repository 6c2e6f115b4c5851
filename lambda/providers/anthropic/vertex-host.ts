import type { ProviderKey } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import { joinUrl } from '../url.ts';
import { type Authorize, baseUrl, type Host, notConfigured } from './host.ts';

/**
 * Claude on Vertex AI: the model in the URL, the version in the body, base64 media alone. Structured outputs are off
 * there until an organisation's policy allows them, so a forced tool does their work.
 * https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai,
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/structured_outputs
 */
export function vertexHost(settings: ProviderSettings, authorizeVertex: Authorize): Host {
  const base = (key: ProviderKey) => baseUrl(settings, key, vertexBaseUrl(place(settings, key).location));
  return {
    url(call, route) {
      const { project, location } = place(settings, route.key);
      const method = call.stream ? 'streamRawPredict' : 'rawPredict';
      const model = `${encodeURIComponent(route.model).replaceAll('%40', '@')}:${method}`;
      const path = `/projects/${project}/locations/${location}/publishers/anthropic/models/${model}`;
      return joinUrl(base(route.key), path);
    },
    rawUrl: (target, key) => joinUrl(base(key), target),
    body({ model: _, ...request }) {
      return { anthropic_version: 'vertex-2023-10-16', ...request };
    },
    versionHeader: false,
    fetchesMedia: false,
    hasFiles: false,
    nativeSchema: false,
    authorize: authorizeVertex,
  };
}

function place(settings: ProviderSettings, key: ProviderKey): { project: string; location: string } {
  const project = key.project ?? settings.project;
  if (project === undefined) throw notConfigured(settings, 'project');
  return { project, location: key.location ?? settings.location ?? 'global' };
}

/** https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations */
function vertexBaseUrl(location: string): string {
  if (location === 'global') return 'https://aiplatform.googleapis.com/v1';
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com/v1`;
  return `https://${location}-aiplatform.googleapis.com/v1`;
}
