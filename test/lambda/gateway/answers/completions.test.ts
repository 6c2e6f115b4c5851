import {
  type Answer,
  chunk,
  completion,
  type FakeUpstream,
  SSE,
  sendJson,
  startUpstream,
} from '../../../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../../../support/local-gateway.ts';

interface Sent {
  model: string;
  messages?: { role: string; content: string }[];
  prompt?: unknown;
  stream?: boolean;
}

let upstream: FakeUpstream;
let gateway: TestGateway;
let answer: Answer;
const sent = (): Sent[] => upstream.received.map(({ body }) => JSON.parse(body.toString()) as Sent);
const events = (text: string) =>
  text
    .split('\n\n')
    .filter(Boolean)
    .map((frame) => frame.slice('data: '.length))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)));

/** A chat model that answers the last user message in capitals. */
const shouting: Answer = (received, response) => {
  const { messages, stream, stream_options: options } = JSON.parse(received.body.toString());
  const text = String(messages.at(-1).content).toUpperCase();
  if (!stream) return sendJson(response, completion(text));
  const usage = options?.include_usage
    ? chunk({}, null, { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } })
    : '';
  response
    .writeHead(200, SSE)
    .end(
      `${chunk({ role: 'assistant', content: '' })}${chunk({ content: text })}${chunk({}, 'stop')}${usage}data: [DONE]\n\n`,
    );
};

beforeAll(async () => {
  upstream = await startUpstream((...received) => answer(...received));
  const environment = {
    OPENAI_API_KEY: 'test',
    OPENAI_BASE_URL: `${upstream.origin}/v1`,
    FIREWORKS_API_KEY: 'test',
    FIREWORKS_BASE_URL: `${upstream.origin}/fireworks`,
  };
  gateway = await startGateway({ environment });
});
beforeEach(() => {
  upstream.received.length = 0;
  answer = shouting;
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

test('a completion model is relayed byte for byte', async () => {
  answer = (_, response) => sendJson(response, { object: 'text_completion', choices: [{ text: 'x' }] });
  const response = await gateway.post('/completions', { model: 'gpt-3.5-turbo-instruct', prompt: [[1, 2]] });
  expect(await response.json()).toEqual({ object: 'text_completion', choices: [{ text: 'x' }] });
  expect(upstream.received[0]?.url).toBe('/v1/completions');
  expect(sent()[0]?.prompt).toEqual([[1, 2]]);
});

test('a vendor that serves completions for every model is relayed too', async () => {
  answer = (_, response) => sendJson(response, { object: 'text_completion', choices: [] });
  await gateway.post('/completions', { model: 'fireworks/llama', prompt: 'x' });
  expect(upstream.received[0]?.url).toBe('/fireworks/completions');
});

test('for a chat model the prompt becomes a chat and the answer a completion', async () => {
  const response = await gateway.post('/completions', {
    model: 'gpt-4o',
    prompt: 'say hi',
    max_tokens: 5,
    echo: true,
  });
  expect(upstream.received[0]?.url).toBe('/v1/chat/completions');
  expect(sent()[0]).toEqual({
    model: 'gpt-4o',
    max_tokens: 5,
    messages: [{ role: 'user', content: 'say hi' }],
  });
  expect(await response.json()).toMatchObject({
    object: 'text_completion',
    choices: [{ text: 'say hiSAY HI', index: 0, logprobs: null, finish_reason: 'stop' }],
    usage: { total_tokens: 12 },
  });
});

test('a suffix is told to the model', async () => {
  await gateway.post('/completions', { model: 'gpt-4o', prompt: 'before', suffix: 'after' });
  expect(sent()[0]?.messages?.map(({ role }) => role)).toEqual(['system', 'user']);
  expect(sent()[0]?.messages?.[1]?.content).toMatch(/before[\s\S]*after/);
});

test('several prompts come back in order, their usage added up', async () => {
  const prompt = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
  const response = await gateway.post('/completions', { model: 'gpt-4o', prompt });
  const json = (await response.json()) as { choices: { text: string; index: number }[]; usage: object };
  expect(json.choices.map(({ text, index }) => [index, text])).toEqual(
    prompt.map((text, i) => [i, text.toUpperCase()]),
  );
  expect(json.usage).toMatchObject({ prompt_tokens: 50, total_tokens: 120 });
});

test('several prompts stream one after another, with one usage chunk and one end', async () => {
  const body = {
    model: 'gpt-4o',
    prompt: ['one', 'two'],
    stream: true,
    stream_options: { include_usage: true },
    echo: true,
  };
  const all = events(await (await gateway.post('/completions', body)).text());
  expect(all.at(-1)).toBe('[DONE]');
  const chunks = all.slice(0, -1);
  const texts = [0, 1].map((index) =>
    chunks
      .flatMap(({ choices }) => choices.filter((c: { index: number }) => c.index === index))
      .map(({ text }) => text)
      .join(''),
  );
  expect(texts).toEqual(['oneONE', 'twoTWO']);
  expect(chunks.filter(({ usage }) => usage)).toEqual([
    expect.objectContaining({
      choices: [],
      usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 },
    }),
  ]);
  expect(new Set(chunks.map(({ object }) => object))).toEqual(new Set(['text_completion']));
});

test('a failure in the second prompt ends the stream with an error and without an end mark', async () => {
  answer = (received, response, message) => {
    if (received.body.includes('two'))
      return sendJson(response, { error: { message: 'no', type: 'x' } }, 400);
    return shouting(received, response, message);
  };
  const text = await (
    await gateway.post('/completions', { model: 'gpt-4o', prompt: ['one', 'two'], stream: true })
  ).text();
  expect(text).toContain('ONE');
  expect(text).toMatch(/data: \{"error":[^\n]*\n\n$/);
  expect(text).not.toContain('[DONE]');
});

test.each([
  ['no prompt', undefined, 'missing_required_parameter'],
  ['token ids', [1, 2, 3], 'unsupported_value'],
  ['lists of token ids', [[1], [2]], 'unsupported_value'],
  ['an object', { text: 'x' }, 'invalid_type'],
])('for a chat model %s is a 400 that names the prompt', async (_, prompt, code) => {
  const response = await gateway.post('/completions', { model: 'gpt-4o', prompt });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: 'prompt', code } });
});

describe('/auto', () => {
  test.each([
    [
      { model: 'gpt-4o', messages: [{ role: 'user', content: 'x' }] },
      '/v1/chat/completions',
      'chat.completion',
    ],
    [{ model: 'gpt-4o', prompt: 'x' }, '/v1/chat/completions', 'text_completion'],
    [{ model: 'davinci-002', prompt: 'x' }, '/v1/completions', 'text_completion'],
  ])('%j goes to %s', async (body, path, object) => {
    if (path === '/v1/completions')
      answer = (_, response) => sendJson(response, { object: 'text_completion', choices: [] });
    const response = await gateway.post('/auto', body);
    expect(upstream.received[0]?.url).toBe(path);
    expect(await response.json()).toMatchObject({ object });
  });

  test('an embedding request is refused, and names its path', async () => {
    const response = await gateway.post('/auto', { model: 'text-embedding-3-small', input: 'x' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'input' } });
  });

  test('other methods are a 405', async () => {
    const response = await gateway.fetch('/auto');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });
});
