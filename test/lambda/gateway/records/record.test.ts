import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type FakeUpstream, SSE, sendJson, startUpstream } from '../../../support/fake-upstream.ts';
import { errorOf, type Stage, startStage, TextReader } from '../../../support/stage.ts';

const ANSWER = {
  id: 'a',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-test-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'canary answer' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1_000, completion_tokens: 2, total_tokens: 1_002 },
};
const MESSAGES = [{ role: 'user', content: 'canary prompt' }];

let stage: Stage;
let collector: FakeUpstream;
let collectorStatus = 200;
beforeAll(async () => {
  collector = await startUpstream((_, response) => sendJson(response, {}, collectorStatus));
  stage = await startStage({
    config: { prices: { 'gpt-test': { input: 1, output: 2 } } },
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20collector',
    },
  });
});
afterAll(async () => {
  await stage.stop();
  await collector.close();
});
beforeEach(() => {
  collectorStatus = 200;
  stage.answer = (_, response) => sendJson(response, ANSWER);
});

const path = () => join(stage.gateway.dataFolder, 'requests.jsonl');
const lines = (): Record<string, unknown>[] =>
  existsSync(path())
    ? readFileSync(path(), 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

/** The record of a request, once it is written. */
async function recordOf(response: Response): Promise<Record<string, unknown>> {
  const id = response.headers.get('x-request-id');
  for (let asked = 0; asked < 500; asked++) {
    const found = lines().find((line) => line.request_id === id);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the request was not logged');
}

const logged = (parent = 'project_name:mine') => ({ headers: { 'x-bt-parent': parent } });

test('without being asked for nothing is logged', async () => {
  const answer = await stage.chat({ messages: MESSAGES });
  await answer.text();
  expect(answer.headers.get('x-bt-span-id')).toBeNull();
  const one = await stage.chat({}, logged());
  await recordOf(one);
  const written = readdirSync(stage.gateway.dataFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  expect(Buffer.concat(written).includes('canary prompt')).toBe(false);
});

describe('a request of a project', () => {
  test('is one line that only the user may read', async () => {
    const answer = await stage.chat({ messages: MESSAGES }, logged());
    expect(answer.headers.get('x-bt-span-id')).toMatch(/^[0-9a-f]{16}$/);
    const record = await recordOf(answer);
    expect(record).toMatchObject({
      span_id: answer.headers.get('x-bt-span-id'),
      parent: 'project_name:mine',
      operation: 'chat',
      model: 'gpt-test',
      provider: 'openai',
      status: 200,
      cached: false,
      stream: false,
      usage: ANSWER.usage,
      cost_usd: 0.001_004,
      output: ANSWER,
      truncated: false,
    });
    expect(record.input).toMatchObject({ messages: MESSAGES });
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  test('goes to the collector as a span of the GenAI conventions, with the project as header', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${trace}-b7ad6b7169203331-01`;
    const answer = await stage.chat(
      { messages: MESSAGES, temperature: 0.5 },
      { headers: { ...logged().headers, traceparent } },
    );
    const spanId = answer.headers.get('x-bt-span-id') ?? 'none';
    await recordOf(answer);
    let sent = collector.received.find(({ body }) => body.includes(spanId));
    for (let i = 0; sent === undefined && i < 500; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      sent = collector.received.find(({ body }) => body.includes(spanId));
    }
    expect(sent).toMatchObject({ method: 'POST', url: '/v1/traces' });
    expect(sent?.headers).toMatchObject({
      authorization: 'Bearer collector',
      'x-bt-parent': 'project_name:mine',
      'content-type': 'application/json',
    });
    const [{ scopeSpans }] = JSON.parse(sent?.body.toString('utf8') ?? '').resourceSpans;
    const [span] = scopeSpans[0].spans;
    expect(span).toMatchObject({
      traceId: trace,
      parentSpanId: 'b7ad6b7169203331',
      kind: 3,
      name: 'chat gpt-test',
    });
    const attributes = Object.fromEntries(
      span.attributes.map(({ key, value }: { key: string; value: object }) => [key, Object.values(value)[0]]),
    );
    expect(attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.response.model': 'gpt-test-1',
      'gen_ai.usage.input_tokens': '1000',
    });
    expect(JSON.parse(attributes['gen_ai.input.messages'])).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'canary prompt' }] },
    ]);
    expect(JSON.parse(attributes['gen_ai.output.messages'])).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'canary answer' }], finish_reason: 'stop' },
    ]);
  });

  test('a stream is put together', async () => {
    const answer = await stage.gateway.post(
      '/chat/completions',
      { model: 'simulated/anthropic', stream: true, messages: MESSAGES },
      logged(),
    );
    await answer.text();
    const record = await recordOf(answer);
    expect(record).toMatchObject({ stream: true, status: 200, provider: 'simulated-anthropic' });
    expect(record.output).toMatchObject({
      object: 'chat.completion',
      choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: expect.any(String) } }],
    });
  });

  test('a refused one has its status and its error', async () => {
    stage.answer = (_, response) => sendJson(response, { error: { message: 'bad', code: 'x' } }, 400);
    const answer = await stage.chat({ messages: MESSAGES }, logged());
    expect(answer.headers.get('x-bt-span-id')).toMatch(/^[0-9a-f]{16}$/);
    expect(await recordOf(answer)).toMatchObject({ status: 400, error: { message: 'bad', code: 'x' } });
  });

  test('a caller who left is a 499 with what was sent', async () => {
    stage.answer = (_, response) => {
      response.writeHead(200, SSE);
      response.write(
        'data: {"id":"s","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"one"}}]}\n\n',
      );
    };
    const answer = await stage.chat({ stream: true, messages: MESSAGES }, logged());
    const reader = new TextReader(answer);
    await reader.until('one');
    await reader.cancel();
    const record = await recordOf(answer);
    expect(record).toMatchObject({ status: 499, output: { choices: [{ message: { content: 'one' } }] } });
  });

  test('the fallthrough is logged with its path', async () => {
    stage.answer = (_, response) => sendJson(response, { output: 'x' });
    const answer = await stage.gateway.post(
      '/responses',
      { model: 'gpt-test', input: 'canary prompt' },
      logged(),
    );
    expect(await recordOf(answer)).toMatchObject({
      operation: 'raw',
      path: 'POST /responses',
      model: 'gpt-test',
      input: { input: 'canary prompt' },
      output: { output: 'x' },
    });
  });

  test('a credential’s own project is what its requests go to, whatever the header says', async () => {
    const made = await stage.gateway.post('/credentials', { logging: { project_name: 'theirs' } });
    const { key } = (await made.json()) as { key: string };
    const headers = { authorization: `Bearer ${key}`, ...logged('project_name:diverted').headers };
    const answer = await stage.chat({ messages: MESSAGES }, { headers });
    expect(await recordOf(answer)).toMatchObject({ parent: 'project_name:theirs' });
  });

  test('a dead collector loses its record, says so without a word of it, and nothing else', async () => {
    collectorStatus = 500;
    const answer = await stage.chat({ messages: MESSAGES }, logged());
    expect(answer.status).toBe(200);
    await recordOf(answer);
    for (let i = 0; i < 500 && !stage.gateway.lines.some((line) => line.includes('request not logged')); i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const told = stage.gateway.lines.filter((line) => line.includes('request not logged'));
    expect(told.length).toBeGreaterThan(0);
    expect(told.join()).not.toContain('canary');
  });

  test.each(['project_name:', 'mine', 'project_name:\t', 'other:a'])(
    'the parent %j is a 400 that names the header',
    async (parent) => {
      const answer = await stage.chat({}, logged(parent));
      expect(answer.status).toBe(400);
      expect(await errorOf(answer)).toMatchObject({ param: 'x-bt-parent' });
    },
  );
});
