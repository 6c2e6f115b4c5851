import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { told } from '../../support/cache-calls.ts';
import { type Answer, SSE, sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { chunksOf, framesOf, usageIn } from '../../support/recorded-forms.ts';
import { type Stage, startStage } from '../../support/stage.ts';

const VECTOR = [0.25, -1.5, 3, 0.1];
const USAGE = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };

let stage: Stage;
let client: OpenAI;
beforeAll(async () => {
  stage = await startStage();
  client = new OpenAI({ baseURL: stage.gateway.url, apiKey: LOCAL_KEY, maxRetries: 0 });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.upstream.received.length = 0;
});

const HEAD = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'gpt-3.5-turbo-instruct' };
const piece = (text: string, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ ...HEAD, choices: [{ index: 0, text, logprobs: null, finish_reason }] })}\n\n`;

const completions: Answer = (request, response) => {
  const { stream } = JSON.parse(request.body.toString());
  const choices = [{ index: 0, text: 'Once upon', logprobs: null, finish_reason: 'stop' }];
  if (stream !== true) return sendJson(response, { ...HEAD, choices, usage: USAGE });
  const usage = `data: ${JSON.stringify({ ...HEAD, choices: [], usage: USAGE })}\n\n`;
  response
    .writeHead(200, SSE)
    .end(`${piece('Once ')}${piece('upon')}${piece('', 'stop')}${usage}data: [DONE]\n\n`);
};

describe('a legacy completion', () => {
  let prompts = 0;
  const ask = async (more: object, body: object) =>
    told(stage.gateway.post('/completions', { ...body, ...more }));
  const prompt = () => ({ model: 'gpt-3.5-turbo-instruct', prompt: `Prompt ${++prompts}`, temperature: 0 });

  test('recorded as JSON comes as a stream', async () => {
    stage.answer = completions;
    const body = prompt();
    await ask({}, body);
    const { cached, text } = await ask({ stream: true, stream_options: { include_usage: true } }, body);
    expect(cached).toBe('HIT');
    const chunks = chunksOf(text);
    expect(chunks.every(({ object }) => object === 'text_completion')).toBe(true);
    expect(chunks.flatMap(({ choices }) => choices.map((choice) => choice.text)).join('')).toBe('Once upon');
    expect(usageIn(text)).toHaveLength(1);
    expect(framesOf(text).at(-1)).toBe('data: [DONE]');
  });

  test('recorded as a stream comes as JSON, and as the same stream', async () => {
    stage.answer = completions;
    const body = prompt();
    const first = await ask({ stream: true }, body);
    expect(first.text).not.toContain('"usage"');
    expect(await ask({ stream: true }, body)).toEqual({ cached: 'HIT', text: first.text });
    const { cached, text } = await ask({}, body);
    expect(cached).toBe('HIT');
    expect(JSON.parse(text)).toEqual({
      ...HEAD,
      choices: [{ index: 0, text: 'Once upon', logprobs: null, finish_reason: 'stop' }],
      usage: USAGE,
    });
  });
});

describe('embeddings', () => {
  const answer: Answer = (request, response) => {
    const { encoding_format: format, input } = JSON.parse(request.body.toString());
    const base64 = Buffer.from(new Float32Array(VECTOR).buffer).toString('base64');
    const data = [input].flat().map((_, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'base64' ? base64 : VECTOR,
    }));
    sendJson(response, {
      object: 'list',
      model: 'embedding-test',
      data,
      usage: { prompt_tokens: 2, total_tokens: 2 },
    });
  };

  test.each([undefined, 'float', 'base64'] as const)(
    'as %s are read alike from the provider and from the cache',
    async (format) => {
      stage.answer = answer;
      const body = {
        model: 'embedding-test',
        input: ['a', `b ${format}`],
        ...(format === undefined ? {} : { encoding_format: format }),
      };
      const ask = () => client.embeddings.create(body).withResponse();
      const [miss, hit] = [await ask(), await ask()];
      expect(miss.response.headers.get('x-bt-cached')).toBe('MISS');
      expect(hit.response.headers.get('x-bt-cached')).toBe('HIT');
      expect(hit.data).toEqual(miss.data);
      expect(hit.data.data).toHaveLength(2);
    },
  );

  test('in another encoding are another request', async () => {
    stage.answer = answer;
    const body = { model: 'embedding-test', input: 'encoded' };
    const ask = async (more: object) => {
      const { cached, text } = await told(stage.gateway.post('/embeddings', { ...body, ...more }));
      return { cached, type: typeof JSON.parse(text).data[0].embedding };
    };
    expect(await ask({ encoding_format: 'base64' })).toEqual({ cached: 'MISS', type: 'string' });
    expect(await ask({})).toEqual({ cached: 'MISS', type: 'object' });
    expect(await ask({ encoding_format: 'base64' })).toEqual({ cached: 'HIT', type: 'string' });
    expect(await ask({})).toEqual({ cached: 'HIT', type: 'object' });
  });
});

test('moderations are read alike from the provider and from the cache', async () => {
  const results = [{ flagged: false, categories: { hate: false }, category_scores: { hate: 1e-7 } }];
  stage.answer = (_, response) => sendJson(response, { id: 'modr-1', model: 'omni-moderation', results });
  const ask = () => client.moderations.create({ input: 'harmless' }).withResponse();
  const [miss, hit] = [await ask(), await ask()];
  expect(hit.response.headers.get('x-bt-cached')).toBe('HIT');
  expect(hit.data).toEqual(miss.data);
});
