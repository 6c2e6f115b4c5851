import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { completion, type FakeUpstream, sendJson, startUpstream } from '../../../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../../../support/local-gateway.ts';
import { CHAT, errorOf } from '../../../support/stage.ts';

let upstream: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startUpstream((_request, response) => sendJson(response, completion('Hi')));
  const server = (name: string) => ({ kind: 'openai-compatible', baseUrl: `${upstream.origin}/${name}/v1` });
  gateway = await startGateway({
    environment: {
      OPENAI_API_KEY: 'openai-key-of-nobody',
      OPENAI_BASE_URL: `${upstream.origin}/openai/v1`,
      GROQ_API_KEY: 'groq-key-of-nobody',
      GROQ_BASE_URL: `${upstream.origin}/groq`,
    },
    config: {
      providers: { own: server('own'), 'own.two': server('two') },
      models: { listed: ['own/first', 'groq/second'], 'gpt-alias': 'own/renamed' },
    },
  });
});

beforeEach(() => {
  upstream.received.length = 0;
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const ask = (model: string, headers: Record<string, string> = {}) =>
  gateway.post('/chat/completions', { ...CHAT, model }, { headers });

/** Where the calls went, and the model's name there. */
const went = () =>
  upstream.received.map(
    ({ url, body }) => `${url} ${(JSON.parse(body.toString()) as { model: string }).model}`,
  );

describe('a model’s name leads', () => {
  test.each([
    ['gpt-test', '/openai/v1/chat/completions gpt-test'],
    ['anything-else', '/openai/v1/chat/completions anything-else'],
    ['openai/gpt-test', '/openai/v1/chat/completions gpt-test'],
    ['groq/meta/llama', '/groq/chat/completions meta/llama'],
    ['own/model', '/own/v1/chat/completions model'],
    ['own.two/model', '/two/v1/chat/completions model'],
    ['vendor-x/model', '/openai/v1/chat/completions vendor-x/model'],
    ['/model', '/openai/v1/chat/completions /model'],
    ['own/', '/openai/v1/chat/completions own/'],
    ['gpt-alias', '/own/v1/chat/completions renamed'],
    ['constructor', '/openai/v1/chat/completions constructor'],
    ['toString', '/openai/v1/chat/completions toString'],
    ['__proto__', '/openai/v1/chat/completions __proto__'],
  ])('%s to %s', async (model, expected) => {
    expect((await ask(model)).status).toBe(200);
    expect(went()).toEqual([expected]);
  });
});

describe('a provider without a key', () => {
  test.each([
    ['xai/grok-4', 'xai', 'XAI_API_KEY'],
    ['grok-4', 'xai', 'XAI_API_KEY'],
    ['mistral/mistral-large', 'mistral', 'MISTRAL_API_KEY'],
  ])('%s is a 404 whose message tells the operator what to set', async (model, provider, variable) => {
    const response = await ask(model);
    expect(response.status).toBe(404);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: 'provider_not_configured', param: 'model' });
    expect(error.message).toContain(provider);
    expect(error.message).toContain(variable);
    expect(error.message).toContain('secret');
    expect(upstream.received).toEqual([]);
  });
});

describe('x-bt-endpoint-name', () => {
  const to = (name: string) => ({ 'x-bt-endpoint-name': name });

  test('narrows a list to its provider', async () => {
    const response = await ask('listed', to('groq'));
    expect(response.headers.get('x-bt-used-endpoint')).toBe('groq');
    expect(went()).toEqual(['/groq/chat/completions second']);
  });

  test('takes a bare name to its provider', async () => {
    await (await ask('gpt-test', to('own'))).text();
    expect(went()).toEqual(['/own/v1/chat/completions gpt-test']);
  });

  test('takes a name with a prefix that is no provider’s along', async () => {
    await (await ask('meta/llama', to('own'))).text();
    expect(went()).toEqual(['/own/v1/chat/completions meta/llama']);
  });

  test('agrees with the prefix', async () => {
    await (await ask('own/model', to('own'))).text();
    expect(went()).toEqual(['/own/v1/chat/completions model']);
  });

  test.each([
    ['a provider that does not serve the model', 'own/model', 'groq', 'endpoint_without_model'],
    ['a provider that is not in the list', 'listed', 'openai', 'endpoint_without_model'],
    ['nobody', 'gpt-test', 'no-such-provider', 'unknown_endpoint'],
    ['what every object has', 'gpt-test', 'constructor', 'unknown_endpoint'],
  ])('is a 400 that names the header where it names %s', async (_, model, name, code) => {
    const response = await ask(model, to(name));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code, param: 'x-bt-endpoint-name' });
    expect(upstream.received).toEqual([]);
  });

  test('names a provider without a key: 404', async () => {
    const response = await ask('gpt-test', to('xai'));
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ code: 'provider_not_configured' });
  });

  test('that is empty is none', async () => {
    expect((await ask('gpt-test', to(''))).status).toBe(200);
  });
});
