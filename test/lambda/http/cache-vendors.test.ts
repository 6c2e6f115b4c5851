import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type OpenAI from 'openai';
import { fresh } from '../../support/cache-calls.ts';
import { collect } from '../../support/collect.ts';
import { sendJson } from '../../support/fake-upstream.ts';
import { chunksOf, framesOf, usageIn } from '../../support/recorded-forms.ts';
import { FAMILIES, MODELS, saying, startVendors, type VendorStage } from '../../support/vendor-stage.ts';
import type { Said } from '../../support/vendor-wire.ts';

type Params = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'>;

const TOOLS = [
  {
    type: 'function' as const,
    function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
];
const SAID: Readonly<Record<string, Said>> = {
  text: { text: 'The answer is forty-two, as everybody who has read the book will know by now.' },
  'a call of a tool': { calls: [{ id: 'call_1', name: 'weather', input: { city: 'Oslo' } }] },
  'text and two calls': {
    text: 'Let me look.',
    calls: [
      { id: 'call_1', name: 'weather', input: { city: 'Oslo' } },
      { id: 'call_2', name: 'weather', input: { city: 'Åre' } },
    ],
  },
  'an answer that was too long': { text: 'The answer is', length: true },
};

let stage: VendorStage;
beforeAll(async () => {
  stage = await startVendors();
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.upstream.received.length = 0;
});

const cachedIn = (response: Response) => response.headers.get('x-bt-cached');

async function json(body: Params) {
  const { data, response } = await stage.client.chat.completions.create(body).withResponse();
  return { read: data, cached: cachedIn(response) };
}

async function stream(body: Params, usage = false) {
  const options = usage ? { stream_options: { include_usage: true } } : {};
  const { data, response } = await stage.client.chat.completions
    .create({ ...body, ...options, stream: true })
    .withResponse();
  return { read: await collect(data), cached: cachedIn(response) };
}

/** What is said in chunks, whichever pieces it is cut into. */
function saidIn(chunks: readonly OpenAI.ChatCompletionChunk[]) {
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
  const calls = deltas.flatMap(({ tool_calls }) => tool_calls ?? []);
  const indexes = [...new Set(calls.map(({ index }) => index))];
  return {
    content: deltas.map(({ content }) => content ?? '').join(''),
    calls: indexes.map((index) => {
      const own = calls.filter((call) => call.index === index);
      return {
        id: own.find(({ id }) => id)?.id,
        name: own.find((call) => call.function?.name)?.function?.name,
        arguments: JSON.parse(own.map((call) => call.function?.arguments ?? '').join('')),
      };
    }),
    finish: chunks
      .flatMap(({ choices }) => choices.map(({ finish_reason }) => finish_reason))
      .filter(Boolean),
    usage: chunks.map(({ usage }) => usage).filter(Boolean),
  };
}

function saidBy({ choices: [choice], usage }: OpenAI.ChatCompletion) {
  return {
    content: choice?.message.content ?? '',
    calls: (choice?.message.tool_calls ?? []).map((call) => {
      if (call.type !== 'function') throw new Error('another type of call');
      return { id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments) };
    }),
    finish: [choice?.finish_reason],
    usage: [usage],
  };
}

describe.each(FAMILIES)('an answer of %s', (family) => {
  const asking = () => ({ model: MODELS[family], tools: TOOLS, ...fresh() }) as unknown as Params;

  test.each(Object.keys(SAID))('%s: JSON and stream are what they were', async (name) => {
    stage.answer = saying(SAID[name] as Said);
    const body = asking();
    const [miss, hit] = [await json(body), await json(body)];
    expect([miss.cached, hit.cached]).toEqual(['MISS', 'HIT']);
    expect(hit.read).toEqual(miss.read);
    const other = asking();
    const [missed, streamed] = [await stream(other, true), await stream(other, true)];
    expect([missed.cached, streamed.cached]).toEqual(['MISS', 'HIT']);
    expect(streamed.read).toEqual(missed.read);
    expect(stage.upstream.received).toHaveLength(2);
  });

  test.each(Object.keys(SAID))('%s: each form is made of the other', async (name) => {
    stage.answer = saying(SAID[name] as Said);
    const body = asking();
    const [miss, hit] = [await json(body), await stream(body, true)];
    expect([miss.cached, hit.cached]).toEqual(['MISS', 'HIT']);
    expect(saidIn(hit.read)).toEqual(saidBy(miss.read));
    const other = asking();
    const [missed, whole] = [await stream(other, true), await json(other)];
    expect([missed.cached, whole.cached]).toEqual(['MISS', 'HIT']);
    expect(saidBy(whole.read)).toEqual(saidIn(missed.read));
  });

  test('has its usage chunk exactly where that is asked for, whoever was first', async () => {
    stage.answer = saying({ text: 'Hi there' });
    for (const first of [true, false]) {
      const body = asking();
      for (const usage of [first, true, false, true]) {
        const { read } = await stream(body, usage);
        expect(read.filter((part) => part.usage)).toHaveLength(usage ? 1 : 0);
        expect(saidIn(read).content).toBe('Hi there');
      }
    }
    expect(stage.upstream.received).toHaveLength(2);
  });

  test('is a stream to its end', async () => {
    stage.answer = saying({ text: 'Hi there' });
    const body = asking();
    await json(body);
    const hit = await stage.gateway.post('/chat/completions', { ...body, stream: true });
    const text = await hit.text();
    expect(hit.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(framesOf(text).at(-1)).toBe('data: [DONE]');
    expect(usageIn(text)).toEqual([]);
    expect(chunksOf(text).every(({ object }) => object === 'chat.completion.chunk')).toBe(true);
  });

  test('keeps its thinking', async () => {
    stage.answer = saying({ thought: { text: 'Let me think of it.', signature: 'signed' }, text: 'Hi' });
    const body = asking();
    const [miss, hit] = [await json(body), await json(body)];
    expect(hit.read).toEqual(miss.read);
    expect(JSON.stringify(hit.read)).toContain('Let me think of it.');
    const other = asking();
    const streamed = await stream(other);
    const whole = await json(other);
    expect([streamed.cached, whole.cached]).toEqual(['MISS', 'HIT']);
    // A stream says of no refusal by saying nothing.
    expect({ refusal: null, ...whole.read.choices[0]?.message }).toEqual(miss.read.choices[0]?.message);
  });
});

test('embeddings of Gemini are kept, in the encoding that was asked for', async () => {
  stage.answer = (_, response) => sendJson(response, { embeddings: [{ values: [0.5, 0.25] }] });
  const ask = async (format: 'float' | 'base64') => {
    const body = { model: 'gemini-embedding-001', input: 'text', encoding_format: format };
    const { data, response } = await stage.client.embeddings.create(body).withResponse();
    return { cached: cachedIn(response), vector: data.data[0]?.embedding };
  };
  expect(await ask('float')).toEqual({ cached: 'MISS', vector: [0.5, 0.25] });
  expect(await ask('float')).toEqual({ cached: 'HIT', vector: [0.5, 0.25] });
  const base64 = Buffer.from(new Float32Array([0.5, 0.25]).buffer).toString('base64');
  expect(await ask('base64')).toEqual({ cached: 'MISS', vector: base64 });
  expect(await ask('base64')).toEqual({ cached: 'HIT', vector: base64 });
});
