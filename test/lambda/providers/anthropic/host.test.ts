import { describe, expect, test } from '@jest/globals';
import { InvalidRequest, ModelNotFound } from '../../../../lambda/errors.ts';
import { bedrockHost } from '../../../../lambda/providers/anthropic/bedrock-host.ts';
import { createProvider } from '../../../../lambda/providers/anthropic/index.ts';
import { vertexHost } from '../../../../lambda/providers/anthropic/vertex-host.ts';
import type { ProviderKey, RawCall, UpstreamRequest } from '../../../../lambda/providers/provider.ts';
import type { ProviderSettings } from '../../../../lambda/providers/settings.ts';
import { bodyOf, callOf, encode, provider, routeOf } from './support.ts';

const key: ProviderKey = { apiKey: 'sk-ant-not-a-key' };
const get = (target: string, headers: Record<string, string> = {}): RawCall => ({
  method: 'GET',
  target,
  headers,
  body: null,
});
const signed = (request: UpstreamRequest) => ({
  ...request,
  headers: { ...request.headers, authorization: 'signed' },
});

describe('Anthropic itself', () => {
  test('a chat goes to its Messages API, with its version and without a key', () => {
    const request = encode({});
    expect(request).toMatchObject({ method: 'POST', url: 'https://api.anthropic.com/v1/messages' });
    expect(request.headers).toEqual({
      accept: 'application/json',
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
      'accept-encoding': 'identity',
    });
    expect(encode({ stream: true }).headers.accept).toBe('text/event-stream');
  });

  test('the key is added last, in the vendor’s header', async () => {
    const request = await provider.authorize(encode({}), key);
    expect(request.headers['x-api-key']).toBe('sk-ant-not-a-key');
    expect(request.headers).not.toHaveProperty('authorization');
  });

  test('the caller’s version and betas are kept, another vendor’s headers are not', () => {
    const headers = {
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'a-2025-01-01',
      'openai-organization': 'o',
      traceparent: 't',
    };
    const sent = provider.encodeRequest(callOf({ context_management: {} }, headers), routeOf()).headers;
    expect(sent).toMatchObject({
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'a-2025-01-01,context-management-2025-06-27',
      traceparent: 't',
    });
    expect(sent).not.toHaveProperty('openai-organization');
  });

  test('a beta that the caller names is not named again, of whatever date', () => {
    const headers = { 'anthropic-beta': 'context-management-2026-01-01' };
    const sent = provider.encodeRequest(callOf({ context_management: {} }, headers), routeOf()).headers;
    expect(sent['anthropic-beta']).toBe('context-management-2026-01-01');
  });

  test('the operator’s headers are added', () => {
    const own = createProvider({ name: 'a', kind: 'anthropic', headers: { 'x-team': 'red' } });
    expect(own.encodeRequest(callOf({}), routeOf()).headers['x-team']).toBe('red');
    expect(own.encodeRaw(get('/models'), key).headers['x-team']).toBe('red');
  });

  test.each([
    [
      'a base URL is without version',
      'https://proxy.example/anthropic',
      'https://proxy.example/anthropic/v1/messages',
    ],
    ['a slash at its end is none', 'https://proxy.example/', 'https://proxy.example/v1/messages'],
    [
      'a version at its end is not said twice',
      'https://proxy.example/v1',
      'https://proxy.example/v1/messages',
    ],
  ])('%s', (_name, baseUrl, url) => {
    const own = createProvider({ name: 'a', kind: 'anthropic', baseUrl });
    expect(own.encodeRequest(callOf({}), routeOf()).url).toBe(url);
  });

  test('a key’s own base URL comes before the entry’s', () => {
    const own = createProvider({ name: 'a', kind: 'anthropic', baseUrl: 'https://a.example' });
    expect(own.encodeRaw(get('/models'), { ...key, baseUrl: 'https://b.example' }).url).toBe(
      'https://b.example/v1/models',
    );
  });

  test('other calls are relayed as they are, with a version', () => {
    const body = Buffer.from('{"model":"x"}');
    const headers = { 'content-type': 'application/json', 'anthropic-beta': 'b' };
    const call = { method: 'POST', target: '/messages/count_tokens?beta=true', headers, body };
    expect(provider.encodeRaw(call, key)).toEqual({
      method: 'POST',
      url: 'https://api.anthropic.com/v1/messages/count_tokens?beta=true',
      headers: { 'anthropic-version': '2023-06-01', ...headers },
      body,
    });
    expect(provider.encodeRaw(get('/models', { 'anthropic-version': 'x' }), key).headers).toEqual({
      'anthropic-version': 'x',
    });
  });

  test('a path that leads out of the vendor is refused', () => {
    expect(() => provider.encodeRaw(get('/../../other'), key)).toThrow(InvalidRequest);
  });

  test('its list of models is read', () => {
    const answer = {
      data: [
        { type: 'model', id: 'claude-a', display_name: 'A', created_at: '2026-02-04T00:00:00Z' },
        { id: 'claude-b', created_at: 'unknown' },
        { display_name: 'no id' },
        null,
      ],
      has_more: false,
    };
    expect(provider.modelsOf?.(answer)).toEqual([
      { id: 'claude-a', created: 1_770_163_200 },
      { id: 'claude-b' },
    ]);
    expect(provider.modelsOf?.('nothing')).toEqual([]);
  });
});

describe('Vertex AI', () => {
  const settings: ProviderSettings = {
    name: 'vertex',
    kind: 'vertex',
    project: 'p1',
    location: 'europe-west1',
  };
  const vertex = createProvider(settings, vertexHost(settings, signed));
  const url = (body: object, model = 'claude-sonnet-4-5@20250929', by = vertex) =>
    by.encodeRequest(callOf(body as never), routeOf(model, by)).url;
  const base =
    'https://europe-west1-aiplatform.googleapis.com/v1/projects/p1/locations/europe-west1/publishers/anthropic/models';

  test('the model is in the URL, and whether it streams', () => {
    expect(url({})).toBe(`${base}/claude-sonnet-4-5@20250929:rawPredict`);
    expect(url({ stream: true })).toBe(`${base}/claude-sonnet-4-5@20250929:streamRawPredict`);
  });

  test('a model’s name can’t lead to another path', () => {
    expect(url({}, '../x')).toBe(`${base}/..%2Fx:rawPredict`);
  });

  test('the version is in the body, the model is not', () => {
    const request = vertex.encodeRequest(
      callOf({ stream: true }),
      routeOf('claude-sonnet-4-5@20250929', vertex),
    );
    expect(bodyOf(request)).toMatchObject({
      anthropic_version: 'vertex-2023-10-16',
      max_tokens: 64_000,
      stream: true,
    });
    expect(bodyOf(request)).not.toHaveProperty('model');
    expect(request.headers).not.toHaveProperty('anthropic-version');
  });

  test.each([
    ['global', 'https://aiplatform.googleapis.com/v1/projects/p1/locations/global/'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com/v1/projects/p1/locations/eu/'],
    ['us-east5', 'https://us-east5-aiplatform.googleapis.com/v1/projects/p1/locations/us-east5/'],
  ])('the location %s has its own host', (location, expected) => {
    const here = { ...settings, location };
    expect(url({}, 'claude', createProvider(here, vertexHost(here, signed)))).toContain(expected);
  });

  test('without a project there is nowhere to go', () => {
    const nowhere = { name: 'vertex', kind: 'vertex' };
    expect(() => url({}, 'claude', createProvider(nowhere, vertexHost(nowhere, signed)))).toThrow(
      ModelNotFound,
    );
  });

  test('the key is the injected function’s to add, and media is never fetched there', async () => {
    expect((await vertex.authorize(encode({}), key)).headers.authorization).toBe('signed');
    expect(vertex.needsInline?.('https://example.com/a.png', routeOf())).toBe(true);
  });

  test('files of the Files API are refused', () => {
    const part = { type: 'file', file: { file_id: 'file_1' } };
    expect(() => url({ messages: [{ role: 'user', content: [part] }] })).toThrow(InvalidRequest);
  });
});

describe('Bedrock’s Messages API', () => {
  const settings: ProviderSettings = { name: 'bedrock', kind: 'bedrock' };
  const base = ({ region = 'eu-west-1' }: ProviderKey) => `https://bedrock.${region}.example/anthropic`;
  const bedrock = createProvider(settings, bedrockHost(base, signed));

  test('it is Anthropic’s own form below AWS’s base URL', () => {
    const request = bedrock.encodeRequest(callOf({}), routeOf('anthropic.claude-opus-4-8', bedrock));
    expect(request.url).toBe('https://bedrock.eu-west-1.example/anthropic/v1/messages');
    expect(request.headers['anthropic-version']).toBe('2023-06-01');
    expect(bodyOf(request).model).toBe('anthropic.claude-opus-4-8');
  });

  test('other calls go below the base that the key leads to', () => {
    const { url } = bedrock.encodeRaw(get('/messages/count_tokens'), { ...key, region: 'us-east-1' });
    expect(url).toBe('https://bedrock.us-east-1.example/anthropic/v1/messages/count_tokens');
  });

  test('media is never fetched there', () => {
    expect(bedrock.needsInline?.('https://example.com/a.png', routeOf())).toBe(true);
    expect(bedrock.needsInline?.('data:image/png;base64,AAAA', routeOf())).toBe(false);
  });
});
