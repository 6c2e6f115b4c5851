import { describe, expect, test } from '@jest/globals';
import { VENDORS, vendorNamed } from '../../../lambda/providers/catalog.ts';
import { isCompletionModel, MODEL_PATTERNS } from '../../../lambda/providers/model-names.ts';
import type { CompatibleVendor } from '../../../lambda/providers/vendor.ts';

const everyVendor = VENDORS.map((vendor) => [vendor.name, vendor] as const);
const firstMatch = (model: string) => MODEL_PATTERNS.find(({ pattern }) => pattern.test(model))?.provider;
const addresses = (vendor: CompatibleVendor) =>
  [vendor.baseUrl, vendor.baseUrlTemplate].filter((url) => url !== undefined);

describe('VENDORS', () => {
  test('holds each name once', () => {
    const names = VENDORS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test('holds every vendor that the gateway promises', () => {
    expect(VENDORS.map(({ name }) => name).sort()).toEqual([
      'azure',
      'baseten',
      'cerebras',
      'cloudflare',
      'cohere',
      'databricks',
      'deepseek',
      'fireworks',
      'groq',
      'huggingface',
      'mistral',
      'moonshot',
      'nvidia',
      'ollama',
      'openai',
      'openrouter',
      'perplexity',
      'sambanova',
      'together',
      'xai',
    ]);
  });

  test.each(everyVendor)('%s has a name that can be a prefix', (name) => {
    expect(name).toMatch(/^[a-z][a-z0-9]*$/);
  });

  test.each(everyVendor)('%s has base URLs that a path can be appended to', (_, vendor) => {
    for (const url of addresses(vendor)) expect(url).not.toMatch(/\/$|\?|\s|\/chat\/completions/);
  });

  test.each(everyVendor.filter(([name]) => name !== 'ollama'))('%s is reached over TLS', (_, { baseUrl }) => {
    if (baseUrl !== undefined) expect(new URL(baseUrl).protocol).toBe('https:');
  });

  test('only Ollama works without a key, and on loopback', () => {
    expect(VENDORS.filter(({ keyOptional }) => keyOptional).map(({ name }) => name)).toEqual(['ollama']);
    expect(vendorNamed('ollama')?.baseUrl).toBe('http://127.0.0.1:11434/v1');
  });

  test('only those whose accounts have their own address lack a base URL', () => {
    const lacking = VENDORS.filter(({ baseUrl }) => baseUrl === undefined).map(({ name }) => name);
    expect(lacking).toEqual(['azure', 'databricks', 'cloudflare']);
  });

  test.each(everyVendor)('%s has a setting for each place in its template', (_, vendor) => {
    const places = [...(vendor.baseUrlTemplate ?? '').matchAll(/\{(\w+)\}/g)].map(([, place]) => place);
    if (vendor.baseUrlTemplate !== undefined) expect(places).toEqual(Object.keys(vendor.settings ?? {}));
  });

  test.each(everyVendor)('%s names environment variables', (name, vendor) => {
    const variables = [
      ...vendor.keyVariables,
      ...vendor.baseUrlVariables,
      ...Object.values(vendor.settings ?? {}),
    ];
    expect(vendor.keyVariables).not.toHaveLength(0);
    expect(vendor.baseUrlVariables.at(-1)).toBe(`${name.toUpperCase()}_BASE_URL`);
    for (const variable of variables) expect(variable).toMatch(/^[A-Z][A-Z0-9_]+$/);
  });

  test('no two vendors read the same variable', () => {
    const variables = VENDORS.flatMap((vendor) => [
      ...vendor.keyVariables,
      ...vendor.baseUrlVariables,
      ...Object.values(vendor.settings ?? {}),
    ]);
    expect(new Set(variables).size).toBe(variables.length);
  });

  test.each(everyVendor)('%s rests on a page', (_, { page }) => {
    expect(new URL(page).protocol).toBe('https:');
  });

  test.each(everyVendor)('%s is not asked for usage where it refuses the question', (_, vendor) => {
    if (vendor.refusedFields?.includes('stream_options')) expect(vendor.includeUsage).toBe(false);
  });

  test.each(everyVendor)('%s keeps what the answer depends on', (_, { refusedFields = [] }) => {
    const needed = [
      'model',
      'messages',
      'prompt',
      'input',
      'stream',
      'n',
      'logprobs',
      'tools',
      'response_format',
    ];
    expect(refusedFields.filter((field) => needed.includes(field))).toEqual([]);
  });

  test.each(everyVendor)(
    '%s renames no field that it leaves out',
    (_, { renamedFields = {}, refusedFields = [] }) => {
      const touched = [...Object.keys(renamedFields), ...Object.values(renamedFields)];
      expect(touched.filter((field) => refusedFields.includes(field))).toEqual([]);
    },
  );
});

describe('vendorNamed', () => {
  test.each(everyVendor)('finds %s', (name, vendor) => {
    expect(vendorNamed(name)).toBe(vendor);
  });

  test.each(['anthropic', 'Groq', '', 'constructor', '__proto__'])('knows no %p', (name) => {
    expect(vendorNamed(name)).toBeUndefined();
  });
});

describe('MODEL_PATTERNS', () => {
  test.each([
    ['claude-sonnet-4-5', 'anthropic'],
    ['claude-3-5-haiku-20241022', 'anthropic'],
    ['gemini-2.5-pro', 'gemini'],
    ['gemini-embedding-001', 'gemini'],
    ['gpt-4o-mini', 'openai'],
    ['gpt-3.5-turbo-instruct', 'openai'],
    ['o1', 'openai'],
    ['o3-mini', 'openai'],
    ['o4-mini-2025-04-16', 'openai'],
    ['chatgpt-4o-latest', 'openai'],
    ['ft:gpt-4o-mini-2024-07-18:org::id', 'openai'],
    ['text-embedding-3-small', 'openai'],
    ['davinci-002', 'openai'],
    ['mistral-large-latest', 'mistral'],
    ['open-mistral-nemo', 'mistral'],
    ['codestral-latest', 'mistral'],
    ['ministral-8b-latest', 'mistral'],
    ['magistral-medium-latest', 'mistral'],
    ['labs-devstral-small-2512', 'mistral'],
    ['pixtral-12b', 'mistral'],
    ['grok-4', 'xai'],
    ['deepseek-chat', 'deepseek'],
    ['command-a-03-2025', 'cohere'],
    ['embed-v4.0', 'cohere'],
    ['sonar-pro', 'perplexity'],
    ['kimi-k2.6', 'moonshot'],
    ['moonshot-v1-8k', 'moonshot'],
    ['anthropic.claude-3-5-sonnet-20241022-v2:0', 'bedrock'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'bedrock'],
    ['us-gov.amazon.nova-pro-v1:0', 'bedrock'],
    ['mistral.mistral-large-2407-v1:0', 'bedrock'],
    ['deepseek.r1-v1:0', 'bedrock'],
    ['openai.gpt-oss-120b-1:0', 'bedrock'],
    ['arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0', 'bedrock'],
  ])('%s goes to %s', (model, provider) => {
    expect(firstMatch(model)).toBe(provider);
  });

  test.each([
    'a-model-of-tomorrow',
    'ollama-thing',
    'my-gpt-4o',
    'deepseek-ai/DeepSeek-V3',
    'mistralai/Mixtral-8x7B-Instruct-v0.1',
    'moonshotai/Kimi-K2-Instruct',
    'command-line/tool',
    'openai.example/model',
    '',
  ])('%p is left to the default', (model) => {
    expect(firstMatch(model)).toBeUndefined();
  });

  test('leads to vendors of the catalog and to those with a format of their own', () => {
    const known = [...VENDORS.map(({ name }) => name), 'anthropic', 'gemini', 'bedrock'];
    expect(MODEL_PATTERNS.filter(({ provider }) => !known.includes(provider))).toEqual([]);
  });

  test('keeps no state between two names', () => {
    expect(MODEL_PATTERNS.filter(({ pattern }) => /[gy]/.test(pattern.flags))).toEqual([]);
  });
});

describe('isCompletionModel', () => {
  test.each([
    'gpt-3.5-turbo-instruct',
    'gpt-3.5-turbo-instruct-0914',
    'gpt-35-turbo-instruct',
    'davinci-002',
    'babbage-002',
    'ft:davinci-002:org::id',
    'ft:babbage-002:org:suffix:id',
    'text-davinci-003',
  ])('%s completes', (model) => {
    expect(isCompletionModel(model)).toBe(true);
  });

  test.each([
    'gpt-3.5-turbo',
    'gpt-4o',
    'o3',
    'ft:gpt-3.5-turbo-0125:org::id',
    'davinci-0021',
    'my-davinci-002',
    '',
  ])('%p chats', (model) => {
    expect(isCompletionModel(model)).toBe(false);
  });
});
