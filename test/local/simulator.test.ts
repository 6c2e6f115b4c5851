import OpenAI from 'openai';
import { collect } from '../support/collect.ts';
import { LOCAL_KEY, startGateway, type TestGateway } from '../support/local-gateway.ts';
import { errorOf } from '../support/stage.ts';

const NAMES = ['openai', 'anthropic', 'gemini', 'bedrock'];
const messages = [{ role: 'user' as const, content: 'Hello' }];

let gateway: TestGateway;
let client: OpenAI;
beforeAll(async () => {
  gateway = await startGateway();
  client = new OpenAI({ baseURL: gateway.url, apiKey: LOCAL_KEY, maxRetries: 0 });
});
afterAll(() => gateway.stop());

describe.each(NAMES)('simulated/%s', (name) => {
  const model = `simulated/${name}`;

  test('answers without an account, and says that it is simulated', async () => {
    const { data, response } = await client.chat.completions.create({ model, messages }).withResponse();
    expect(data).toMatchObject({ object: 'chat.completion', choices: [{ finish_reason: 'stop' }] });
    expect(data.choices[0]?.message.content).toMatch(/simulated answer: no model was asked/);
    expect(data.usage?.total_tokens).toBe(
      (data.usage?.prompt_tokens ?? 0) + (data.usage?.completion_tokens ?? 0),
    );
    expect(data.usage?.prompt_tokens).toBeGreaterThan(0);
    expect(response.headers.get('x-bt-used-endpoint')).toBe(`simulated-${name}`);
  });

  test('streams the same word by word, with the usage that was asked for', async () => {
    const whole = await client.chat.completions.create({ model, messages });
    const stream_options = { include_usage: true };
    const chunks = await collect(
      client.chat.completions.create({ model, messages, stream: true, stream_options }),
    );
    const pieces = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').filter(Boolean);
    expect(pieces.length).toBeGreaterThan(10);
    expect(pieces.join('')).toBe(whole.choices[0]?.message.content);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { ...whole.usage } });
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop']);
  });

  test('a caller who leaves does it no harm', async () => {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    const again = await client.chat.completions.create({ model, messages });
    expect(again.choices[0]?.message.content).toContain('simulated');
  });

  test('embeds nothing', async () => {
    const response = await gateway.post('/embeddings', { model, input: 'x' });
    expect([400, 404]).toContain(response.status);
    expect((await errorOf(response)).message).not.toBe('');
  });
});

test('the four answer in four vendors’ names', async () => {
  const said = await Promise.all(
    NAMES.map(async (name) => {
      const answer = await client.chat.completions.create({ model: `simulated/${name}`, messages });
      return /Sluice in (\w+)'s own wire format/.exec(answer.choices[0]?.message.content ?? '')?.[1];
    }),
  );
  expect(said).toEqual(['OpenAI', 'Anthropic', 'Gemini', 'Bedrock']);
});

test.each(['simulated/cohere', 'simulated/', 'simulated', 'gpt-4o', 'claude-sonnet-4-5', 'bedrock/x'])(
  '%s is no simulated model: a 404, since nobody set a key',
  async (model) => {
    const failure = client.chat.completions.create({ model, messages });
    await expect(failure).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(failure).rejects.toMatchObject({ code: 'provider_not_configured' });
  },
);

test.each([
  ['openai', '/chat/completions'],
  ['anthropic', '/messages'],
  ['gemini', '/models/x:generateContent'],
  ['bedrock', '/model/x/converse'],
])('simulated-%s goes on after a request that it can’t read', async (name, path) => {
  const headers = { 'x-bt-endpoint-name': `simulated-${name}` };
  const bad = await gateway.fetch(path, { method: 'PUT', headers, body: '{"half' });
  expect(bad.status).toBe(400);
  const answer = await client.chat.completions.create({ model: `simulated/${name}`, messages });
  expect(answer.choices).toHaveLength(1);
});

test('the four need a gateway key like any other', async () => {
  const body = { model: 'simulated/openai', messages };
  const response = await gateway.post('/chat/completions', body, {
    headers: { authorization: 'Bearer sk-sluice-not-a-key' },
  });
  expect(response.status).toBe(401);
});
