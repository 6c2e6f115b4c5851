import { createRegistry } from '../../../lambda/providers/index.ts';
import type { Call, ProviderKey, UpstreamRequest } from '../../../lambda/providers/provider.ts';
import type { ProviderSettings } from '../../../lambda/providers/settings.ts';

type Settings = Partial<ProviderSettings> & { kind: string };

const CALL: Call = {
  operation: 'chat',
  body: { model: 'x', messages: [{ role: 'user', content: 'Hello' }] },
  bytes: Buffer.from('{"model":"x","messages":[{"role":"user","content":"Hello"}]}'),
  stream: false,
  headers: {},
};
const STREAM: Call = { ...CALL, stream: true, body: { ...CALL.body, stream: true } };
const AWS = { accessKeyId: 'access-key-of-nobody', secretAccessKey: 'secret-key-of-nobody' };
const TOKEN = { accessToken: 'token-of-nobody', project: 'p' };

async function asked(settings: Settings, model: string, key: ProviderKey, call = CALL) {
  const handle = createRegistry([{ name: 'entry', ...settings }]).get('entry');
  const provider = await handle?.load(model);
  if (provider === undefined) throw new Error('no provider');
  const request = await provider.authorize(provider.encodeRequest(call, { provider, model, key }), key);
  return { ...request, json: JSON.parse(Buffer.from(request.body as Uint8Array).toString()) };
}
const scopeOf = ({ headers }: UpstreamRequest) =>
  /Credential=[^/]+\/\d{8}\/([^,]+)/.exec(headers.authorization ?? '')?.[1];

describe('one family’s format on another’s platform', () => {
  test.each<[string, Settings, string]>(
    [
      ['no location', {}, 'https://aiplatform.googleapis.com/v1/projects/p/locations/global'],
      [
        'a region',
        { location: 'us-east5' },
        'https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5',
      ],
      [
        'a continent',
        { location: 'eu' },
        'https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu',
      ],
      [
        'a base URL without a version',
        { baseUrl: 'https://proxy.example/x' },
        'https://proxy.example/x/v1/projects/p/locations/global',
      ],
      [
        'a base URL with one',
        { baseUrl: 'https://proxy.example/v1beta1/' },
        'https://proxy.example/v1beta1/projects/p/locations/global',
      ],
    ].map(
      ([name, more, base]) =>
        [name, { kind: 'vertex', ...(more as object) }, base] as [string, Settings, string],
    ),
  )('on Vertex, with %s, Claude and others stand below the same place', async (_, settings, base) => {
    const claude = await asked(settings, 'claude-sonnet-4-5@20250929', TOKEN);
    expect(claude.url).toBe(`${base}/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict`);
    const llama = await asked(settings, 'meta/llama-4', TOKEN);
    expect(llama.url).toBe(`${base}/endpoints/openapi/chat/completions`);
    expect(llama.json.model).toBe('meta/llama-4');
    for (const { headers } of [claude, llama]) expect(headers.authorization).toBe('Bearer token-of-nobody');
  });

  test.each([
    'anthropic/claude-opus-4-1',
    'publishers/anthropic/models/claude-opus-4-1',
    'models/claude-opus-4-1',
  ])('on Vertex %s is Claude’s bare name, the version in the body and no model', async (model) => {
    const { url, json, headers } = await asked({ kind: 'vertex' }, model, TOKEN, STREAM);
    expect(url).toMatch(/\/publishers\/anthropic\/models\/claude-opus-4-1:streamRawPredict$/);
    expect(json).toMatchObject({ anthropic_version: 'vertex-2023-10-16', stream: true });
    expect(json).not.toHaveProperty('model');
    expect(headers).not.toHaveProperty('anthropic-version');
  });

  test('on Vertex the project is the service account’s where nobody names one', async () => {
    const handle = createRegistry([{ name: 'entry', kind: 'vertex' }]).get('entry');
    const key = { credentials: JSON.stringify({ type: 'service_account', project_id: 'of-the-account' }) };
    for (const model of ['gemini-2.5-pro', 'claude-sonnet-4-5', 'meta/llama-4']) {
      const provider = await handle?.load(model);
      const url = provider?.encodeRequest(CALL, { provider, model, key }).url;
      expect(url).toContain('/projects/of-the-account/locations/global/');
      expect(() => provider?.encodeRequest(CALL, { provider, model, key: {} })).toThrow(/project/);
    }
  });

  test.each<[string, Settings, string, string, string]>([
    [
      'Claude by the Messages API',
      { kind: 'bedrock', api: 'messages', region: 'eu-west-1' },
      'eu.anthropic.claude-x',
      'https://bedrock-runtime.eu-west-1.amazonaws.com/anthropic/v1/messages',
      'eu-west-1/bedrock/aws4_request',
    ],
    [
      'a model by OpenAI’s API',
      { kind: 'bedrock', api: 'openai', region: 'us-west-2' },
      'openai.gpt-oss-20b-1:0',
      'https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1/chat/completions',
      'us-west-2/bedrock/aws4_request',
    ],
    [
      'the other endpoint, for its own service',
      {
        kind: 'bedrock',
        api: 'openai',
        region: 'us-west-2',
        baseUrl: 'https://bedrock-mantle.us-east-2.api.aws/v1',
      },
      'openai.gpt-5',
      'https://bedrock-mantle.us-east-2.api.aws/v1/chat/completions',
      'us-east-2/bedrock-mantle/aws4_request',
    ],
    [
      'a VPC endpoint of the runtime',
      {
        kind: 'bedrock',
        api: 'messages',
        region: 'eu-west-1',
        baseUrl: 'https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com',
      },
      'anthropic.claude-x',
      'https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com/anthropic/v1/messages',
      'eu-west-1/bedrock/aws4_request',
    ],
    [
      'Converse',
      { kind: 'bedrock', region: 'eu-west-1' },
      'amazon.nova-pro-v1:0',
      'https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova-pro-v1%3A0/converse',
      'eu-west-1/bedrock/aws4_request',
    ],
  ])('on Bedrock %s is asked where it is, signed for it', async (_, settings, model, url, scope) => {
    const request = await asked(settings, model, AWS);
    expect(request.url).toBe(url);
    expect(scopeOf(request)).toBe(scope);
    expect(JSON.stringify(request.headers)).not.toContain(AWS.secretAccessKey);
    const bearer = await asked(settings, model, { apiKey: 'bedrock-api-key-of-nobody' });
    expect(bearer.headers.authorization).toBe('Bearer bedrock-api-key-of-nobody');
  });

  test('on Bedrock without a region a request is a 404 that says what is missing', async () => {
    for (const api of ['converse', 'messages', 'openai'] as const)
      await expect(asked({ kind: 'bedrock', api }, 'anthropic.claude-x', AWS)).rejects.toMatchObject({
        status: 404,
        code: 'provider_not_configured',
        message: expect.stringContaining('region'),
      });
  });
});
