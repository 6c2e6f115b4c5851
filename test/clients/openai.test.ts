import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI, { toFile } from 'openai';
import { collect } from '../support/collect.ts';
import { completion, type FakeUpstream } from '../support/fake-upstream.ts';
import { LOCAL_KEY, startGateway, type TestGateway } from '../support/local-gateway.ts';
import {
  BINARY,
  FILE,
  lastBody,
  lastReceived,
  startOpenAIUpstream,
  VECTOR,
} from '../support/openai-upstream.ts';

const UPSTREAM_KEY = 'upstream-key-of-nobody';
const messages = [{ role: 'user' as const, content: 'Hello' }];

let upstream: FakeUpstream;
let gateway: TestGateway;
let client: OpenAI;

beforeAll(async () => {
  upstream = await startOpenAIUpstream();
  gateway = await startGateway({
    environment: { OPENAI_API_KEY: UPSTREAM_KEY, OPENAI_BASE_URL: `${upstream.origin}/v1` },
    config: { models: { fast: 'openai/gpt-test' } },
  });
  client = new OpenAI({ baseURL: gateway.url, apiKey: LOCAL_KEY, maxRetries: 0 });
});

beforeEach(() => {
  upstream.received.length = 0;
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

describe('chat completions', () => {
  test('an answer comes back whole, asked for with the gateway’s key and not the caller’s', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: 'gpt-test', messages })
      .withResponse();
    expect(data).toMatchObject(completion('Hi there'));
    expect(response.headers.get('x-bt-used-endpoint')).toBe('openai');
    expect(lastReceived(upstream).headers.authorization).toBe(`Bearer ${UPSTREAM_KEY}`);
    expect(JSON.stringify(lastReceived(upstream).headers)).not.toContain(LOCAL_KEY);
  });

  test('an alias of gateway.json is asked for by the model’s name', async () => {
    await client.chat.completions.create({ model: 'fast', messages });
    expect(lastBody(upstream)).toEqual({ model: 'gpt-test', messages });
  });

  test('a stream without stream_options has the text and no usage chunk', async () => {
    const chunks = await collect(
      client.chat.completions.create({ model: 'gpt-test', messages, stream: true }),
    );
    expect(chunks.map((part) => part.choices[0]?.delta.content ?? '').join('')).toBe('Hi there');
    expect(chunks.filter((part) => part.choices.length === 0 || part.usage)).toEqual([]);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    // The gateway asked for it all the same: what is counted must not hang on the caller.
    expect(lastBody(upstream).stream_options).toEqual({ include_usage: true });
  });

  test('a stream with stream_options ends with the usage chunk', async () => {
    const stream_options = { include_usage: true };
    const chunks = await collect(
      client.chat.completions.create({ model: 'gpt-test', messages, stream: true, stream_options }),
    );
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 7 } });
  });

  test('the client’s own stream helper puts a tool call together', async () => {
    const tool = { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } };
    const stream = client.chat.completions.stream({ model: 'gpt-test', messages, tools: [tool] });
    const { tool_calls } = await stream.finalMessage();
    expect(tool_calls).toMatchObject([
      { id: 'call_1', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
    ]);
  });

  test('the simulated model answers without any provider', async () => {
    const answer = await client.chat.completions.create({ model: 'simulated/openai', messages });
    expect(answer.choices[0]?.message.content).toContain('simulated answer');
    expect(upstream.received).toEqual([]);
  });
});

test('embeddings are asked for in base64 and arrive as the numbers they are', async () => {
  const { data, usage } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'a' });
  expect(lastBody(upstream).encoding_format).toBe('base64');
  expect(data[0]?.embedding).toEqual(VECTOR);
  expect(usage.total_tokens).toBe(2);
});

describe('files', () => {
  test('an upload arrives as the multipart body that the client made', async () => {
    const created = await client.files.create({ file: await toFile(BINARY, 'bytes.bin'), purpose: 'batch' });
    expect(created).toEqual(FILE);
    const form = await lastForm();
    expect(form.get('purpose')).toBe('batch');
    expect(await bytesOf(form.get('file') as File)).toEqual(BINARY);
  });

  test('an upload too large to be kept for a retry arrives whole too', async () => {
    const large = Buffer.alloc(1024 * 1024, BINARY);
    await client.files.create({ file: await toFile(large, 'large.bin'), purpose: 'batch' });
    expect((await bytesOf((await lastForm()).get('file') as File)).equals(large)).toBe(true);
  });

  test('a list is asked for with its query', async () => {
    const page = await client.files.list({ limit: 2, purpose: 'batch', order: 'asc' });
    expect(page.data).toEqual([FILE]);
    const query = new URL(lastReceived(upstream).url, 'http://upstream').searchParams;
    expect(Object.fromEntries(query)).toEqual({ limit: '2', purpose: 'batch', order: 'asc' });
  });

  test('a binary download is the same bytes', async () => {
    const response = await client.files.content('file-1');
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(await bytesOf(response)).toEqual(BINARY);
  });

  test('a deletion is relayed', async () => {
    expect(await client.files.delete('file-1')).toEqual({ id: 'file-1', object: 'file', deleted: true });
    expect(lastReceived(upstream)).toMatchObject({ method: 'DELETE', url: '/v1/files/file-1' });
  });
});

describe('models', () => {
  test('the list holds aliases, the simulated models, and what the provider lists', async () => {
    const ids = (await collect(client.models.list())).map(({ id }) => id);
    expect(ids.toSorted()).toEqual([
      'fast',
      'gpt-test',
      'simulated/anthropic',
      'simulated/bedrock',
      'simulated/gemini',
      'simulated/openai',
    ]);
  });

  test('one is retrieved by its id, with a slash in it or without', async () => {
    expect(await client.models.retrieve('gpt-test')).toMatchObject({
      id: 'gpt-test',
      created: 1_700_000_000,
    });
    expect(await client.models.retrieve('simulated/openai')).toMatchObject({ id: 'simulated/openai' });
  });

  test('one that nobody lists is not found', async () => {
    await expect(client.models.retrieve('no-such-model')).rejects.toThrow(OpenAI.NotFoundError);
  });
});

describe('routes that fall through to OpenAI', () => {
  test('audio is uploaded for transcription', async () => {
    const file = await toFile(BINARY, 'speech.wav');
    const { text } = await client.audio.transcriptions.create({ model: 'whisper-test', file });
    expect(text).toBe('spoken words');
    const form = await lastForm();
    expect(form.get('model')).toBe('whisper-test');
    expect(await bytesOf(form.get('file') as File)).toEqual(BINARY);
  });

  test('an image is generated', async () => {
    const { data } = await client.images.generate({ model: 'image-test', prompt: 'a dot' });
    expect(Buffer.from(data?.[0]?.b64_json ?? '', 'base64')).toEqual(BINARY);
  });

  test('the Responses API answers whole, with the gateway’s key', async () => {
    const response = await client.responses.create({ model: 'gpt-test', input: 'Hello' });
    expect(response.output_text).toBe('Hi there');
    expect(lastReceived(upstream).headers.authorization).toBe(`Bearer ${UPSTREAM_KEY}`);
  });

  test('the Responses API streams', async () => {
    const events = await collect(
      client.responses.create({ model: 'gpt-test', input: 'Hello', stream: true }),
    );
    const deltas = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : ''));
    expect(deltas.join('')).toBe('Hi there');
    expect(events.at(-1)?.type).toBe('response.completed');
  });
});

/** The multipart body of the last request, read by another parser than the gateway's or the client's. */
function lastForm(): Promise<FormData> {
  const { headers, body } = lastReceived(upstream);
  const type = headers['content-type'] ?? '';
  return new Response(Uint8Array.from(body), { headers: { 'content-type': type } }).formData();
}

async function bytesOf(body: { arrayBuffer(): Promise<ArrayBuffer> }): Promise<Buffer> {
  return Buffer.from(await body.arrayBuffer());
}
