import OpenAI from 'openai';
import { type Answer, sendJson } from '../../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../../support/local-gateway.ts';
import { errorOf } from '../../../support/stage.ts';
import { bodyOf, startVendors, type VendorStage } from '../../../support/vendor-stage.ts';

const GEMINI = 'gemini/gemini-embedding-001';
const TITAN = 'bedrock/amazon.titan-embed-text-v2:0';
const COHERE = 'bedrock/cohere.embed-english-v3';

/** A vector that tells which text it is of: exact in 32 bits. */
const vectorOf = (text: string) => [text.length, Number(text.slice(1)) || 0, -0.5];
const texts = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`);

interface GeminiBody {
  content?: { parts: { text: string }[] };
  requests?: { content: { parts: { text: string }[] } }[];
}

/** Embeds in each vendor's own format. */
const embedding: Answer = (request, response) => {
  const body = bodyOf(request);
  if (request.url.includes('titan')) {
    const text = String(body.inputText);
    return sendJson(response, { embedding: vectorOf(text), inputTextTokenCount: 2 });
  }
  if (request.url.includes('cohere')) {
    const own = body.texts as string[];
    return sendJson(response, {
      embeddings: { float: own.map(vectorOf) },
      response_type: 'embeddings_by_type',
    });
  }
  const { content, requests = [] } = body as GeminiBody;
  const values = (part: { parts: { text: string }[] }) => ({ values: vectorOf(part.parts[0]?.text ?? '') });
  if (content !== undefined) return sendJson(response, { embedding: values(content) });
  sendJson(response, {
    embeddings: requests.map((one) => values(one.content)),
    usageMetadata: { promptTokenCount: requests.length },
  });
};

let stage: VendorStage;
let client: OpenAI;
beforeAll(async () => {
  const models = { both: [TITAN, GEMINI], 'text-small': 'openai/text-embedding-3-small' };
  stage = await startVendors({ config: { models } });
  ({ client } = stage);
});
beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.answer = embedding;
});
afterAll(() => stage.stop());

/** Embeddings are cached by rule: each test asks anew. */
const embed = (body: object) =>
  stage.gateway.post('/embeddings', body, { headers: { 'x-bt-use-cache': 'never' } });
interface Embedded {
  object: string;
  model: string;
  data: { object: string; index: number; embedding: number[] }[];
  usage: object;
}
const embedded = async (body: object) => (await (await embed(body)).json()) as Embedded;

describe('OpenAI', () => {
  test('is relayed untouched, its odd spacing too', async () => {
    const odd = '{ "object":"list",\n"data":[],  "more": 1e2 }';
    stage.answer = (_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(odd) && undefined;
    const body = { model: 'text-embedding-3-small', input: [[1, 2], [3]], encoding_format: 'base64' };
    const response = await embed(body);
    expect(await response.text()).toBe(odd);
    expect(stage.upstream.received[0]?.body.toString()).toBe(JSON.stringify(body));
  });

  test('an alias changes the model’s name and nothing else', async () => {
    stage.answer = (_, response) => sendJson(response, { object: 'list', data: [] });
    await embed({ model: 'text-small', input: 'x', dimensions: 8 });
    expect(stage.sent()).toEqual([{ model: 'text-embedding-3-small', input: 'x', dimensions: 8 }]);
  });
});

describe('Gemini', () => {
  test('one input is one embedding', async () => {
    const answer = await embedded({ model: GEMINI, input: 't7', dimensions: 3 });
    expect(answer).toMatchObject({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: vectorOf('t7') }],
    });
    expect(stage.upstream.received[0]?.url).toBe('/gemini/v1beta/models/gemini-embedding-001:embedContent');
    expect(stage.sent()[0]).toMatchObject({ outputDimensionality: 3, content: { parts: [{ text: 't7' }] } });
  });

  test('more than 100 inputs are split, and put together in order, usage summed', async () => {
    const input = texts(250);
    const { data, usage } = await embedded({ model: GEMINI, input });
    expect(data.map(({ index, embedding: vector }) => [index, vector])).toEqual(
      input.map((text, i) => [i, vectorOf(text)]),
    );
    expect(
      stage
        .sent()
        .map(({ requests }) => (requests as object[]).length)
        .sort(),
    ).toEqual([100, 100, 50]);
    expect(usage).toEqual({ prompt_tokens: 250, total_tokens: 250 });
  });
});

describe('Bedrock', () => {
  test('Titan gets one input a call; the order is the caller’s, whichever call is faster', async () => {
    const input = texts(9);
    const waiting: (() => void)[] = [];
    stage.answer = (request, response, message) => {
      if (stage.upstream.received.length === 1) return embedding(request, response, message);
      // Two wait for each other, and the later is answered first.
      waiting.push(() => embedding(request, response, message));
      if (waiting.length === 2) for (const answer of waiting.splice(0).reverse()) answer();
    };
    const { data, usage } = await embedded({ model: TITAN, input, dimensions: 256 });
    expect(data.map(({ embedding: vector }) => vector)).toEqual(input.map(vectorOf));
    expect(stage.sent()).toHaveLength(9);
    expect(stage.sent()[0]).toEqual({ inputText: 't0', dimensions: 256 });
    expect(usage).toEqual({ prompt_tokens: 18, total_tokens: 18 });
  });

  test('Cohere’s batches hold 96', async () => {
    const input = texts(97);
    const { data } = await embedded({ model: COHERE, input });
    expect(data.map(({ embedding: vector }) => vector)).toEqual(input.map(vectorOf));
    expect(
      stage
        .sent()
        .map((body) => (body.texts as string[]).length)
        .sort(),
    ).toEqual([1, 96]);
  });

  test('dimensions that the model can’t have are a 400 that names them', async () => {
    const response = await embed({ model: COHERE, input: 'x', dimensions: 8 });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param: 'dimensions' });
  });
});

test.each([GEMINI, TITAN])(
  '%s: the OpenAI client, which asks for base64, gets the same floats',
  async (model) => {
    const { data } = await client.embeddings.create({ model, input: ['t1', 't22'] });
    expect(data.map((one) => one.embedding)).toEqual([vectorOf('t1'), vectorOf('t22')]);
    const raw = (await embedded({ model, input: 't1', encoding_format: 'base64' })).data[0]?.embedding;
    expect(raw).toBe(Buffer.from(new Float32Array(vectorOf('t1')).buffer).toString('base64'));
    expect(JSON.stringify(stage.sent())).not.toContain('base64');
  },
);

test.each([
  ['token ids', [1, 2, 3], 'unsupported_value'],
  ['lists of token ids', [[1, 2], [3]], 'unsupported_value'],
  ['an empty list', [], 'invalid_type'],
  ['nothing', undefined, undefined],
  ['an object', { text: 'x' }, 'invalid_type'],
])('%s as input is a 400 that names it, and nothing is asked', async (_, input, code) => {
  for (const model of [GEMINI, TITAN]) {
    const response = await embed({ model, input });
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error.param).toBe('input');
    if (code !== undefined) expect(error.code).toBe(code);
  }
  expect(stage.upstream.received).toEqual([]);
});

test('a batch that fails fails the request, with the vendor’s message', async () => {
  stage.answer = (request, response, message) => {
    if (!request.body.includes('"t6"')) return embedding(request, response, message);
    sendJson(response, { message: 'no such luck' }, 400);
  };
  const response = await embed({ model: TITAN, input: texts(8) });
  expect(response.status).toBe(400);
  expect((await errorOf(response)).message).toBe('no such luck');
});

test('an answer without embeddings is a 502', async () => {
  stage.answer = (_, response) => sendJson(response, { something: 'else' });
  const response = await embed({ model: TITAN, input: 'x' });
  expect(response.status).toBe(502);
  expect((await errorOf(response)).code).toBe('upstream_invalid_response');
});

describe('an alias over two models', () => {
  test('falls back before the first answer, and one model embeds all', async () => {
    stage.answer = (request, response, message) => {
      if (request.url.startsWith('/gemini')) return embedding(request, response, message);
      sendJson(response, { message: 'full' }, 503);
    };
    const { data, model } = await embedded({ model: 'both', input: texts(3) });
    expect(data.map(({ embedding: vector }) => vector)).toEqual(texts(3).map(vectorOf));
    expect(model).toBe('gemini-embedding-001');
    // The first batch is asked of the one that fails; the rest of the one that answered.
    expect(stage.upstream.received.filter(({ url }) => url.startsWith('/bedrock'))).toHaveLength(1);
  });

  test('never falls back behind it: vectors of two models can’t be compared', async () => {
    stage.answer = (request, response, message) => {
      if (!request.body.includes('"t2"')) return embedding(request, response, message);
      sendJson(response, { message: 'gone' }, 404);
    };
    const response = await embed({ model: 'both', input: texts(3) });
    expect(response.status).toBe(404);
    expect(stage.upstream.received.every(({ url }) => url.startsWith('/bedrock'))).toBe(true);
  });
});

test('a model of a vendor that embeds nothing is a 400 that names the model', async () => {
  const response = await embed({ model: 'anthropic/claude-sonnet-4-5', input: 'x' });
  expect(response.status).toBe(400);
  expect(await errorOf(response)).toMatchObject({ param: 'model' });
  const failure = new OpenAI({
    baseURL: stage.gateway.url,
    apiKey: LOCAL_KEY,
    maxRetries: 0,
  }).embeddings.create({
    model: 'claude-sonnet-4-5',
    input: 'x',
  });
  await expect(failure).rejects.toBeInstanceOf(OpenAI.BadRequestError);
});
