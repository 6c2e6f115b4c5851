import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../../lambda/config.ts';
import { familyOf } from '../../../lambda/providers/families.ts';
import { createRegistry, vendorOf } from '../../../lambda/providers/index.ts';
import type { ProviderKey } from '../../../lambda/providers/provider.ts';
import type { ProviderSettings } from '../../../lambda/providers/settings.ts';
import { environmentKeyRing } from '../../../lambda/stores/environment-key-ring.ts';

type Settings = Partial<ProviderSettings> & { kind: string };

function family(settings: Settings, model: string): string {
  const vendor = vendorOf(settings.kind, settings.kind);
  if (vendor === undefined) throw new Error(`no kind ${settings.kind}`);
  return familyOf(vendor, { name: settings.kind, ...settings }, model);
}

describe('which code speaks to a vendor about a model', () => {
  const converse = { kind: 'bedrock' };
  const messages = { kind: 'bedrock', api: 'messages' } as const;
  const openai = { kind: 'bedrock', api: 'openai' } as const;
  const vertex = { kind: 'vertex' };
  test.each<[Settings, string, string]>([
    [{ kind: 'openai' }, 'gpt-5', 'openai-compatible'],
    [{ kind: 'groq' }, 'claude-like', 'openai-compatible'],
    [{ kind: 'openai-compatible' }, 'gemini-clone', 'openai-compatible'],
    [{ kind: 'anthropic' }, 'claude-sonnet-4-5', 'anthropic'],
    [{ kind: 'anthropic' }, '', 'anthropic'],
    [{ kind: 'gemini' }, 'gemini-2.5-pro', 'gemini'],
    [vertex, 'gemini-2.5-pro', 'gemini-on-vertex'],
    [vertex, 'google/gemini-2.5-pro', 'gemini-on-vertex'],
    [vertex, 'publishers/google/models/gemini-2.5-pro', 'gemini-on-vertex'],
    [vertex, 'projects/p/locations/l/endpoints/1', 'gemini-on-vertex'],
    [vertex, 'gemini-embedding-001', 'gemini-on-vertex'],
    [vertex, '', 'gemini-on-vertex'],
    [vertex, 'claude-sonnet-4-5@20250929', 'anthropic-on-vertex'],
    [vertex, 'anthropic/claude-sonnet-4-5', 'anthropic-on-vertex'],
    [vertex, 'publishers/anthropic/models/claude-opus-4-1', 'anthropic-on-vertex'],
    [vertex, 'meta/llama-4-maverick', 'openai-on-vertex'],
    [vertex, 'deepseek-ai/deepseek-r1', 'openai-on-vertex'],
    [converse, 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'bedrock'],
    [converse, 'openai.gpt-oss-120b-1:0', 'bedrock'],
    [messages, 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'anthropic-on-bedrock'],
    [messages, '', 'anthropic-on-bedrock'],
    [messages, 'amazon.nova-pro-v1:0', 'bedrock'],
    [openai, 'openai.gpt-oss-120b-1:0', 'openai-on-bedrock'],
    [openai, '', 'openai-on-bedrock'],
    [openai, 'amazon.titan-embed-text-v2:0', 'bedrock'],
    [openai, 'us.cohere.embed-v4:0', 'bedrock'],
    [messages, 'amazon.nova-2-multimodal-embeddings-v1:0', 'bedrock'],
  ])('%j, %s: %s', (settings, model, expected) => {
    expect(family(settings, model)).toBe(expected);
  });
});

describe('keys of several parts, from the environment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const file = join(folder, 'account.json');
  writeFileSync(file, '{"type":"service_account"}');
  afterAll(() => rmSync(folder, { recursive: true }));
  const pair = { AWS_ACCESS_KEY_ID: 'access', AWS_SECRET_ACCESS_KEY: 'secret' };

  test.each<[string, string, Record<string, string>, ProviderKey[]]>([
    ['both halves are one key', 'bedrock', pair, [{ accessKeyId: 'access', secretAccessKey: 'secret' }]],
    [
      'a session’s token belongs to it',
      'bedrock',
      { ...pair, AWS_SESSION_TOKEN: 'session' },
      [{ accessKeyId: 'access', secretAccessKey: 'secret', sessionToken: 'session' }],
    ],
    ['half a key is none', 'bedrock', { AWS_ACCESS_KEY_ID: 'access' }, []],
    ['a blank half is none', 'bedrock', { ...pair, AWS_SECRET_ACCESS_KEY: ' ' }, []],
    ['a session without its key is none', 'bedrock', { AWS_SESSION_TOKEN: 'session' }, []],
    [
      'an API key comes before the pair',
      'bedrock',
      { ...pair, AWS_BEARER_TOKEN_BEDROCK: 'bearer' },
      [{ apiKey: 'bearer' }],
    ],
    [
      'a file is read',
      'vertex',
      { GOOGLE_APPLICATION_CREDENTIALS: file },
      [{ credentials: '{"type":"service_account"}' }],
    ],
    [
      'an API key comes before the file',
      'vertex',
      { VERTEX_API_KEY: 'key', GOOGLE_APPLICATION_CREDENTIALS: file },
      [{ apiKey: 'key' }],
    ],
    ['nothing set is no key', 'vertex', {}, []],
  ])('%s', async (_, vendor, environment, keys) => {
    const ring = environmentKeyRing(environment, createRegistry([]).values());
    expect(await ring.keys(vendor)).toEqual(keys);
    expect(await ring.providers()).toEqual(keys.length > 0 ? [vendor] : []);
  });

  test('a file that can’t be read is told by its variable, not by its place', () => {
    const missing = join(folder, 'nowhere.json');
    const read = () =>
      environmentKeyRing({ GOOGLE_APPLICATION_CREDENTIALS: missing }, createRegistry([]).values());
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^GOOGLE_APPLICATION_CREDENTIALS /);
    expect(read).not.toThrow(missing);
  });
});
