import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { collect } from '../support/collect.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { LOCAL_KEY, startGateway, type TestGateway } from '../support/local-gateway.ts';
import { lastBody, lastReceived, startOpenAIUpstream, VECTOR } from '../support/openai-upstream.ts';

let upstream: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startOpenAIUpstream();
  gateway = await startGateway({
    environment: { OPENAI_API_KEY: 'upstream-key-of-nobody', OPENAI_BASE_URL: `${upstream.origin}/v1` },
  });
});

beforeEach(() => {
  upstream.received.length = 0;
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

function chat(apiKey = LOCAL_KEY): ChatOpenAI {
  return new ChatOpenAI({
    model: 'gpt-test',
    apiKey,
    maxRetries: 0,
    configuration: { baseURL: gateway.url },
  });
}

const weather = {
  type: 'function' as const,
  function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

test('invoke answers with text and usage', async () => {
  const message = await chat().invoke('Hello');
  expect(message.text).toBe('Hi there');
  expect(message.usage_metadata).toMatchObject({ input_tokens: 5, output_tokens: 7, total_tokens: 12 });
  expect(lastReceived(upstream).url).toBe('/v1/chat/completions');
});

test('stream gives the text in pieces and the usage once', async () => {
  const chunks = await collect(chat().stream('Hello'));
  expect(chunks.map(({ text }) => text).filter(Boolean)).toEqual(['Hi ', 'there']);
  const usages = chunks.flatMap(({ usage_metadata: usage }) => usage ?? []);
  expect(usages).toMatchObject([{ input_tokens: 5, output_tokens: 7 }]);
});

test('a stream with tools gives the tool call whole', async () => {
  const chunks = await collect(chat().bindTools([weather]).stream('Weather in Oslo?'));
  const joined = chunks.reduce((all, chunk) => all.concat(chunk));
  expect(joined.tool_calls).toMatchObject([{ id: 'call_1', name: 'weather', args: { city: 'Oslo' } }]);
  expect(lastBody(upstream).tools).toMatchObject([weather]);
});

test('embeddings arrive as the numbers they are, several at once', async () => {
  const embeddings = new OpenAIEmbeddings({ apiKey: LOCAL_KEY, configuration: { baseURL: gateway.url } });
  expect(await embeddings.embedDocuments(['a', 'b'])).toEqual([VECTOR, VECTOR]);
});

test('a wrong key is told as such, and nothing is asked upstream', async () => {
  await expect(chat('sk-sluice-not-a-key').invoke('Hello')).rejects.toMatchObject({ status: 401 });
  expect(upstream.received).toEqual([]);
});
