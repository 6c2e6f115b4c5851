import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, type FakeUpstream, SSE, sendJson, startUpstream } from '../support/fake-upstream.ts';
import { LOCAL_KEY, startGateway, type TestGateway } from '../support/local-gateway.ts';

/** Other vendors' own clients, through the fallthrough: the header names the provider, the bytes go as they are. */
let upstream: FakeUpstream;
let gateway: TestGateway;
let answer: Answer;

beforeAll(async () => {
  upstream = await startUpstream((...received) => answer(...received));
  gateway = await startGateway({
    environment: {
      ANTHROPIC_API_KEY: 'anthropic-key-of-nobody',
      ANTHROPIC_BASE_URL: upstream.origin,
      GEMINI_API_KEY: 'gemini-key-of-nobody',
      GOOGLE_GEMINI_BASE_URL: upstream.origin,
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const origin = () => new URL(gateway.url).origin;

describe('Anthropic’s client', () => {
  const client = () =>
    new Anthropic({
      baseURL: origin(),
      apiKey: LOCAL_KEY,
      maxRetries: 0,
      defaultHeaders: { 'x-bt-endpoint-name': 'anthropic' },
    });
  const request = {
    model: 'claude-x',
    max_tokens: 10,
    messages: [{ role: 'user' as const, content: 'Hello' }],
  };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    content: [{ type: 'text', text: 'Hi' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
  };

  test('gets a message, with the gateway’s key upstream and not its own', async () => {
    answer = (_, response) => sendJson(response, message);
    expect(await client().messages.create(request)).toMatchObject({ content: [{ text: 'Hi' }] });
    const { url, headers } = upstream.received.at(-1) ?? {};
    expect(url).toBe('/v1/messages');
    expect(headers).toMatchObject({ 'x-api-key': 'anthropic-key-of-nobody' });
    expect(JSON.stringify(headers)).not.toContain(LOCAL_KEY);
  });

  test('gets a stream', async () => {
    const event = (type: string, fields: object) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
    answer = (_, response) =>
      void response
        .writeHead(200, SSE)
        .end(
          event('message_start', { message: { ...message, content: [] } }) +
            event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
            event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hi' } }) +
            event('content_block_stop', { index: 0 }) +
            event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }) +
            event('message_stop', {}),
        );
    expect(await client().messages.stream(request).finalText()).toBe('Hi');
  });

  test('gets the vendor’s errors as its own classes', async () => {
    answer = (_, response) =>
      sendJson(response, { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } }, 429);
    await expect(client().messages.create(request)).rejects.toBeInstanceOf(Anthropic.RateLimitError);
  });
});

/** Google's client in a process of its own: it can't find Node's fetch inside the test runner's realm. */
async function generate(apiVersion: string): Promise<string> {
  const script = `
    import { GoogleGenAI } from '@google/genai';
    const [baseUrl, apiKey, apiVersion] = process.argv.slice(1);
    const httpOptions = { baseUrl, headers: { 'x-bt-endpoint-name': 'gemini' } };
    const client = new GoogleGenAI({ apiKey, apiVersion, httpOptions });
    const { text } = await client.models.generateContent({ model: 'gemini-x', contents: 'Hello' });
    process.stdout.write(text);
  `;
  const args = ['--input-type=module', '-e', script, origin(), LOCAL_KEY, apiVersion];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: join(import.meta.dirname, '../..'),
  });
  return stdout;
}

describe('Google’s client', () => {
  test.each(['v1', 'v1beta'])('generates content by %s', async (apiVersion) => {
    answer = (_, response) =>
      sendJson(response, {
        candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
      });
    expect(await generate(apiVersion)).toBe('Hi');
    const { url, headers: sent } = upstream.received.at(-1) ?? {};
    expect(url).toBe('/v1beta/models/gemini-x:generateContent');
    expect(sent).toMatchObject({ 'x-goog-api-key': 'gemini-key-of-nobody' });
    expect(JSON.stringify(sent)).not.toContain(LOCAL_KEY);
  });
});
