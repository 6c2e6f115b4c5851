import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { APICallError, embed, generateText, jsonSchema, streamText, tool } from 'ai';
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

function sluice(apiKey = LOCAL_KEY) {
  return createOpenAICompatible({ name: 'sluice', baseURL: gateway.url, apiKey });
}

const weather = tool({
  description: 'The weather of a city',
  inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
  execute: ({ city }) => `rain in ${city}`,
});

test('generateText answers with text and usage', async () => {
  const { text, usage, finishReason } = await generateText({
    model: sluice()('gpt-test'),
    prompt: 'Hello',
    maxRetries: 0,
  });
  expect({ text, finishReason }).toEqual({ text: 'Hi there', finishReason: 'stop' });
  expect(usage).toMatchObject({ inputTokens: 5, outputTokens: 7 });
});

test('streamText gives the text in pieces, without a usage that nobody asked for', async () => {
  const { textStream, usage } = streamText({ model: sluice()('gpt-test'), prompt: 'Hello', maxRetries: 0 });
  expect(await collect(textStream)).toEqual(['Hi ', 'there']);
  expect((await usage).inputTokens).toBeUndefined();
  expect(lastReceived(upstream).url).toBe('/v1/chat/completions');
});

test('streamText with tools gives the tool call with its input, and the tool runs', async () => {
  const { toolCalls, toolResults, finishReason } = streamText({
    model: sluice()('gpt-test'),
    prompt: 'Weather in Oslo?',
    tools: { weather },
    maxRetries: 0,
  });
  expect(await toolCalls).toMatchObject([
    { toolCallId: 'call_1', toolName: 'weather', input: { city: 'Oslo' } },
  ]);
  expect(await toolResults).toMatchObject([{ output: 'rain in Oslo' }]);
  expect(await finishReason).toBe('tool-calls');
  expect(lastBody(upstream).tools).toMatchObject([{ function: { name: 'weather' } }]);
});

test('embed gives the numbers as they are', async () => {
  const model = sluice().embeddingModel('embedding-test');
  const { embedding, usage } = await embed({ model, value: 'a', maxRetries: 0 });
  expect(embedding).toEqual(VECTOR);
  expect(usage.tokens).toBe(2);
});

test('a wrong key is an APICallError with the gateway’s message', async () => {
  const failure: unknown = await generateText({
    model: sluice('sk-sluice-not-a-key')('gpt-test'),
    prompt: 'Hello',
    maxRetries: 0,
  }).catch((error: unknown) => error);
  expect(APICallError.isInstance(failure)).toBe(true);
  expect(failure).toMatchObject({ statusCode: 401, message: expect.stringContaining('not valid') });
});
