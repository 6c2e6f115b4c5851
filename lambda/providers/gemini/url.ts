import { InvalidRequest, ModelNotFound } from '../../errors.ts';
import { serviceAccountProject } from '../google-auth.ts';
import type { ProviderKey } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import { joinUrl } from '../url.ts';
import type { Platform } from './encoding.ts';

const STUDIO = 'https://generativelanguage.googleapis.com';
const API_VERSION: Readonly<Record<Platform, string>> = { gemini: 'v1beta', vertex: 'v1beta1' };

/** The base URL with the API's version: `GOOGLE_GEMINI_BASE_URL` has none, but one that has is taken as it is. */
export function baseUrl(platform: Platform, settings: ProviderSettings, key: ProviderKey): string {
  const stated = (key.baseUrl ?? settings.baseUrl)?.replace(/\/+$/, '');
  const base = stated ?? (platform === 'vertex' ? vertexOrigin(locationOf(settings, key), key) : STUDIO);
  if (/\/v\d+[a-z0-9]*$/.test(base)) return base;
  return `${base}/${settings.apiVersion ?? API_VERSION[platform]}`;
}

/**
 * `…/models/gemini-2.5-pro:generateContent`. Vertex has the project and the location in the path, unless it is asked with an
 * API key (express mode).
 * https://ai.google.dev/api/generate-content,
 * https://cloud.google.com/vertex-ai/generative-ai/docs/start/express-mode/vertex-ai-express-mode-api-reference
 */
export function modelUrl(
  platform: Platform,
  settings: ProviderSettings,
  key: ProviderKey,
  model: string,
  method: string,
): string {
  const path = platform === 'vertex' ? vertexPath(settings, key, model) : `/${studioModel(model)}`;
  return joinUrl(baseUrl(platform, settings, key), `${path}:${method}`);
}

function studioModel(model: string): string {
  const name = /^(models|tunedModels|dynamic)\//.test(model) ? model : `models/${model}`;
  return escaped(name);
}

function vertexPath(settings: ProviderSettings, key: ProviderKey, model: string): string {
  const bare = model.replace(/^(google|models)\//, '');
  const resource = bare.includes('/') ? bare : `publishers/google/models/${bare}`;
  if (resource.startsWith('projects/')) return `/${escaped(resource)}`;
  const project = key.project ?? settings.project ?? serviceAccountProject(key);
  if (project === undefined) {
    if (key.apiKey !== undefined) return `/${escaped(resource)}`;
    throw new ModelNotFound(
      `The provider ${settings.name} has no Google Cloud project: the operator sets it.`,
      {
        code: 'provider_not_configured',
      },
    );
  }
  const location = locationOf(settings, key);
  return `/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}/${escaped(resource)}`;
}

/** The newest models are served globally only. */
function locationOf(settings: ProviderSettings, key: ProviderKey): string {
  return key.location ?? settings.location ?? 'global';
}

/** https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations */
function vertexOrigin(location: string, key: ProviderKey): string {
  const express = key.apiKey !== undefined && key.project === undefined && key.credentials === undefined;
  if (location === 'global' || express) return 'https://aiplatform.googleapis.com';
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${encodeURIComponent(location)}-aiplatform.googleapis.com`;
}

/** A dot segment would name something other than a model. */
function escaped(path: string): string {
  const segments = path.split('/');
  if (segments.some((segment) => /^\.*$/.test(segment)))
    throw new InvalidRequest('The model is no name of one.', { param: 'model', code: 'invalid_value' });
  return segments.map(encodeURIComponent).join('/');
}
