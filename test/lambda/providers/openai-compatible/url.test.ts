import { describe, expect, test } from '@jest/globals';
import { type GatewayError, InvalidRequest, ModelNotFound } from '../../../../lambda/errors.ts';
import { vendorNamed } from '../../../../lambda/providers/catalog.ts';
import { createProvider } from '../../../../lambda/providers/openai-compatible/index.ts';
import type { ProviderKey } from '../../../../lambda/providers/provider.ts';
import type { ProviderSettings } from '../../../../lambda/providers/settings.ts';
import { joinUrl } from '../../../../lambda/providers/url.ts';
import type { CompatibleVendor } from '../../../../lambda/providers/vendor.ts';

type Settings = Partial<ProviderSettings>;

function named(name: string): CompatibleVendor {
  const vendor = vendorNamed(name);
  if (vendor === undefined) throw new Error(`the catalog has no ${name}`);
  return vendor;
}

/** Where a chat goes, and the model's name in it. */
function chat(name: string, settings: Settings, key: ProviderKey = {}, model = 'm') {
  const provider = createProvider(named(name), { name, kind: name, ...settings });
  const call = { operation: 'chat', body: { model }, stream: false, headers: {} } as const;
  const bytes = Buffer.from(JSON.stringify(call.body));
  const { url, body } = provider.encodeRequest({ ...call, bytes }, { provider, model, key });
  const sent = JSON.parse(Buffer.from(body as Uint8Array).toString()) as { model: string };
  return { url, model: sent.model };
}

function raw(name: string, settings: Settings, target: string, key: ProviderKey = {}): string {
  const provider = createProvider(named(name), { name, kind: name, ...settings });
  return provider.encodeRaw({ method: 'GET', target, headers: {}, body: null }, key).url;
}

function errorOf(work: () => unknown): GatewayError {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidRequest || error instanceof ModelNotFound) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the base URL', () => {
  test('is the vendor’s own by default', () => {
    expect(chat('groq', {}).url).toBe('https://api.groq.com/openai/v1/chat/completions');
  });

  test('is the entry’s before the vendor’s, and the key’s before both', () => {
    const settings = { baseUrl: 'https://entry.test/v1' };
    expect(chat('groq', settings).url).toBe('https://entry.test/v1/chat/completions');
    expect(chat('groq', settings, { baseUrl: 'https://key.test/v2/' }).url).toBe(
      'https://key.test/v2/chat/completions',
    );
  });

  test('is made of the entry’s or the key’s settings where each account has its own', () => {
    const expected = 'https://api.cloudflare.com/client/v4/accounts/acc/ai/v1/chat/completions';
    expect(chat('cloudflare', { accountId: 'acc' }).url).toBe(expected);
    expect(chat('cloudflare', {}, { accountId: 'acc' }).url).toBe(expected);
  });

  test.each(['https://adb-1.test', 'https://adb-1.test/', 'adb-1.test'])(
    'takes Databricks’ host %s',
    (host) => {
      expect(chat('databricks', { host }).url).toBe('https://adb-1.test/serving-endpoints/chat/completions');
    },
  );

  test.each<[string, Settings, ProviderKey]>([
    ['cloudflare', {}, {}],
    ['azure', {}, { apiKey: 'k' }],
    ['groq', {}, { baseUrl: 'no url' }],
  ])('that is missing or none is the operator’s to mend: %s', (name, settings, key) => {
    const error = errorOf(() => chat(name, settings, key));
    expect(error).toMatchObject({ status: 404, code: 'provider_not_configured' });
    expect(error.message).toContain(name);
  });
});

describe('Azure', () => {
  const endpoint = 'https://NAME.openai.azure.com';
  const origin = 'https://name.openai.azure.com';

  test.each([endpoint, `${endpoint}/openai`, `${endpoint}/openai/v1`])(
    '%s leads to the v1 API',
    (baseUrl) => {
      expect(chat('azure', { baseUrl })).toEqual({ url: `${origin}/openai/v1/chat/completions`, model: 'm' });
    },
  );

  test.each(['v1', 'preview'])('the apiVersion %s is the v1 API too', (apiVersion) => {
    expect(chat('azure', { baseUrl: endpoint, apiVersion }).url).toBe(`${origin}/openai/v1/chat/completions`);
  });

  test.each(['2024-10-21', '2025-04-01-preview'])(
    'the apiVersion %s has the deployment in its path',
    (apiVersion) => {
      expect(chat('azure', { baseUrl: endpoint, apiVersion }, {}, 'my model').url).toBe(
        `${origin}/openai/deployments/my%20model/chat/completions?api-version=${apiVersion}`,
      );
    },
  );

  test('the key’s endpoint and version come before the entry’s', () => {
    const key = { baseUrl: 'https://other.test', apiVersion: '2024-10-21' };
    expect(chat('azure', { baseUrl: endpoint }, key).url).toBe(
      'https://other.test/openai/deployments/m/chat/completions?api-version=2024-10-21',
    );
  });

  test.each([
    [undefined, `${origin}/openai/v1/chat/completions`],
    ['2024-10-21', `${origin}/openai/deployments/prod-4o/chat/completions?api-version=2024-10-21`],
  ])('a deployment of another name stands for the model, apiVersion %s', (apiVersion, url) => {
    const settings = { baseUrl: endpoint, apiVersion, deployments: { 'gpt-4o': 'prod-4o' } };
    expect(chat('azure', settings, {}, 'gpt-4o')).toEqual({ url, model: 'prod-4o' });
    expect(chat('azure', settings, {}, 'toString').model).toBe('toString');
  });

  test.each([
    [undefined, '/files?limit=2', '/openai/v1/files?limit=2'],
    ['2024-10-21', '/files', '/openai/files?api-version=2024-10-21'],
    ['2024-10-21', '/files?limit=2', '/openai/files?limit=2&api-version=2024-10-21'],
    ['2024-10-21', '/files?api-version=2025-01-01', '/openai/files?api-version=2025-01-01'],
  ])('relays under apiVersion %s: %s → %s', (apiVersion, target, expected) => {
    expect(raw('azure', { baseUrl: endpoint, apiVersion }, target)).toBe(`${origin}${expected}`);
  });
});

describe('joinUrl', () => {
  test.each([
    ['https://a.test/v1', '/files?limit=2&a=%20', 'https://a.test/v1/files?limit=2&a=%20'],
    ['https://a.test', '/files', 'https://a.test/files'],
    ['https://a.test/v1', '/files/a%2Fb', 'https://a.test/v1/files/a%2Fb'],
    ['https://a.test/v1', '//b.test/x', 'https://a.test/v1//b.test/x'],
    ['https://a.test/v1', '/x?to=https://b.test/../..', 'https://a.test/v1/x?to=https://b.test/../..'],
    ['https://a.test/v1', '', 'https://a.test/v1'],
  ])('%s and %s are %s', (base, target, expected) => {
    expect(joinUrl(base, target)).toBe(expected);
  });

  test.each([
    ['https://a.test/v1', '/../secret'],
    ['https://a.test/v1', '/%2e%2e/secret'],
    ['https://a.test/v1', '/x/.%2E/../secret'],
    ['https://a.test/v1', '/..\\secret'],
    ['https://a.test/v1', '/.\t./secret'],
    ['https://a.test/v1', '0/files'],
    ['https://a.test/v1', '/..'],
    ['https://a.test', '.evil.test/x'],
    ['https://a.test', '@evil.test/x'],
    ['https://a.test', ':8443/x'],
  ])('%s keeps its key from %j', (base, target) => {
    expect(errorOf(() => joinUrl(base, target))).toMatchObject({ status: 400, code: 'invalid_path' });
  });
});
