import { describe, expect, test } from '@jest/globals';
import { createProvider } from '../../../../lambda/providers/gemini/index.ts';
import type { ProviderKey } from '../../../../lambda/providers/provider.ts';
import { callOf, encoded, routeOf } from './call.ts';

const messages = [{ role: 'user', content: 'Hi' }];

function urlOf(settings: object, key: ProviderKey, model: string, stream = false): string {
  const kind = 'kind' in settings ? String(settings.kind) : 'gemini';
  const provider = createProvider({ name: kind, kind, ...settings });
  return provider.encodeRequest(callOf({ messages, stream }), { provider, model, key }).url;
}

const STUDIO = 'https://generativelanguage.googleapis.com/v1beta/models';

describe('The URL on AI Studio', () => {
  test.each([
    ['gemini-2.5-pro', `${STUDIO}/gemini-2.5-pro:generateContent`],
    ['models/gemini-2.5-pro', `${STUDIO}/gemini-2.5-pro:generateContent`],
    ['tunedModels/mine', 'https://generativelanguage.googleapis.com/v1beta/tunedModels/mine:generateContent'],
    ['a b?c', `${STUDIO}/a%20b%3Fc:generateContent`],
  ])('of %s is %s', (model, url) => {
    expect(urlOf({}, { apiKey: 'not-a-key' }, model)).toBe(url);
  });

  test('of a stream asks for events', () => {
    expect(urlOf({}, {}, 'gemini-x', true)).toBe(`${STUDIO}/gemini-x:streamGenerateContent?alt=sse`);
  });

  test('follows the base URL, which has no version, the key’s own first', () => {
    const settings = { baseUrl: 'http://127.0.0.1:1/a/' };
    expect(urlOf(settings, {}, 'm')).toBe('http://127.0.0.1:1/a/v1beta/models/m:generateContent');
    expect(urlOf(settings, { baseUrl: 'http://127.0.0.1:2' }, 'm')).toBe(
      'http://127.0.0.1:2/v1beta/models/m:generateContent',
    );
    expect(urlOf({ baseUrl: 'http://127.0.0.1:1/v1alpha' }, {}, 'm')).toContain('/v1alpha/models/m:');
  });

  test.each([['..'], ['a/../../x'], ['models/./x'], ['models//x'], ['']])(
    'never leaves the models for %j',
    (model) => {
      expect(() => urlOf({}, {}, model)).toThrow(expect.objectContaining({ status: 400, param: 'model' }));
    },
  );
});

describe('The URL on Vertex', () => {
  const kind = 'vertex';
  test.each([
    [
      { project: 'p', location: 'us-central1' },
      { accessToken: 'not-a-token' },
      'gemini-x',
      'https://us-central1-aiplatform.googleapis.com/v1beta1/projects/p/locations/us-central1/publishers/google/models/gemini-x:generateContent',
    ],
    [
      { project: 'p' },
      { accessToken: 'not-a-token' },
      'google/gemini-x',
      'https://aiplatform.googleapis.com/v1beta1/projects/p/locations/global/publishers/google/models/gemini-x:generateContent',
    ],
    [
      { project: 'p', location: 'eu' },
      { accessToken: 'not-a-token', project: 'q' },
      'publishers/google/models/gemini-x',
      'https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/q/locations/eu/publishers/google/models/gemini-x:generateContent',
    ],
    [
      {},
      { apiKey: 'not-a-key' },
      'gemini-x',
      'https://aiplatform.googleapis.com/v1beta1/publishers/google/models/gemini-x:generateContent',
    ],
    [
      { location: 'us-central1' },
      { credentials: '{"project_id":"own"}' },
      'endpoints/7',
      'https://us-central1-aiplatform.googleapis.com/v1beta1/projects/own/locations/us-central1/endpoints/7:generateContent',
    ],
  ])('with %j and the key %j, of %s', (settings, key, model, url) => {
    expect(urlOf({ kind, ...settings }, key, model)).toBe(url);
  });

  test('needs a project where there is no API key, and says so', () => {
    expect(() => urlOf({ kind }, { accessToken: 'not-a-token' }, 'gemini-x')).toThrow(
      expect.objectContaining({ status: 404, code: 'provider_not_configured' }),
    );
  });
});

describe('A request to the vendor', () => {
  test('has the key in a header and never in the URL', async () => {
    const route = routeOf();
    const request = route.provider.encodeRequest(callOf({ messages }), route);
    const authorized = await route.provider.authorize(request, route.key);
    expect(authorized.headers['x-goog-api-key']).toBe('not-a-key');
    expect(authorized.url).not.toContain('not-a-key');
    expect(request.headers).not.toHaveProperty('x-goog-api-key');
  });

  test('has a bearer on Vertex', async () => {
    const route = routeOf('m', 'vertex');
    const request = route.provider.encodeRequest(callOf({ messages }), route);
    expect((await route.provider.authorize(request, route.key)).headers.authorization).toBe(
      'Bearer not-a-token',
    );
  });

  test('goes without a key where there is none', async () => {
    const route = routeOf('m', 'gemini', {});
    const request = route.provider.encodeRequest(callOf({ messages }), route);
    expect((await route.provider.authorize(request, {})).headers).toEqual(request.headers);
  });

  test('carries no headers that are meant for other vendors', () => {
    const route = routeOf();
    const headers = { 'openai-beta': 'x', 'anthropic-beta': 'y', 'x-stainless-os': 'z', traceparent: 't' };
    const request = route.provider.encodeRequest({ ...callOf({ messages }), headers }, route);
    expect(request.headers).toEqual({
      traceparent: 't',
      accept: 'application/json',
      'content-type': 'application/json',
      'accept-encoding': 'identity',
    });
  });

  test('leaves the call as it was', () => {
    const body = {
      messages: [{ role: 'user', content: 'Hi' }],
      tools: [{ googleSearch: {} }],
      temperature: 9,
    };
    const before = structuredClone(body);
    encoded(body);
    expect(body).toEqual(before);
  });
});

describe('Relayed requests', () => {
  test('go below the base URL with its version', () => {
    const provider = createProvider({ name: 'gemini', kind: 'gemini' });
    const raw = { method: 'GET', target: '/models?pageSize=5', headers: { accept: '*/*' }, body: null };
    expect(provider.encodeRaw(raw, {})).toEqual({
      method: 'GET',
      url: 'https://generativelanguage.googleapis.com/v1beta/models?pageSize=5',
      headers: { accept: '*/*' },
      body: null,
    });
    expect(() => provider.encodeRaw({ ...raw, target: '/../x' }, {})).toThrow(
      expect.objectContaining({ status: 400 }),
    );
  });
});

describe('The list of models', () => {
  test('has bare names', () => {
    const { modelsOf } = createProvider({ name: 'gemini', kind: 'gemini' });
    expect(modelsOf?.({ models: [{ name: 'models/gemini-x' }, { name: 7 }, null] })).toEqual([
      { id: 'gemini-x' },
    ]);
    expect(modelsOf?.({ publisherModels: [{ name: 'publishers/google/models/gemini-x' }] })).toEqual([
      { id: 'gemini-x' },
    ]);
    expect(modelsOf?.(null)).toEqual([]);
    expect(modelsOf?.({ models: 'x' })).toEqual([]);
  });
});
