import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { bodyOf, callOf, conversion, provider, routeOf, thrownBy } from './support.ts';

const TITAN_1 = 'amazon.titan-embed-text-v1';
const TITAN_2 = 'amazon.titan-embed-text-v2:0';
const NOVA = 'us.amazon.nova-2-multimodal-embeddings-v1:0';
const COHERE_3 = 'cohere.embed-multilingual-v3';
const COHERE_4 = 'us.cohere.embed-v4:0';

const call = (body: object) => callOf({ messages: undefined, ...body }, { operation: 'embeddings' });
const request = (body: object, model: string) => provider().encodeRequest(call(body), routeOf(model));
const encoded = (body: object, model: string) => bodyOf(request(body, model));

describe('a request for embeddings', () => {
  test.each([
    [TITAN_1, { input: ['a'] }, { inputText: 'a' }],
    [TITAN_1, { input: 'a' }, { inputText: 'a' }],
    [TITAN_2, { input: ['a'], dimensions: 256 }, { inputText: 'a', dimensions: 256 }],
    [TITAN_2, { input: ['a'], normalize: false }, { inputText: 'a', normalize: false }],
    [
      'amazon.titan-embed-image-v1',
      { input: ['a'], dimensions: 256 },
      { inputText: 'a', embeddingConfig: { outputEmbeddingLength: 256 } },
    ],
    [
      NOVA,
      { input: ['a'], dimensions: 384, embeddingPurpose: 'TEXT_RETRIEVAL' },
      {
        taskType: 'SINGLE_EMBEDDING',
        singleEmbeddingParams: {
          embeddingPurpose: 'TEXT_RETRIEVAL',
          embeddingDimension: 384,
          text: { truncationMode: 'NONE', value: 'a' },
        },
      },
    ],
    [
      COHERE_3,
      { input: ['a', 'b'] },
      { texts: ['a', 'b'], input_type: 'search_document', embedding_types: ['float'] },
    ],
    [
      COHERE_4,
      { input: ['a'], dimensions: 512, input_type: 'search_query', encoding_format: 'base64' },
      { texts: ['a'], input_type: 'search_query', embedding_types: ['float'], output_dimension: 512 },
    ],
  ])("of %s is in its maker's own format: %j", (model, body, expected) => {
    expect(encoded(body, model)).toEqual(expected);
  });

  test('goes to InvokeModel', () => {
    expect(request({ input: ['a'] }, TITAN_2).url).toBe(
      'https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.titan-embed-text-v2%3A0/invoke',
    );
  });

  test('tells that the user is left out', () => {
    expect(request({ input: ['a'], user: 'u' }, TITAN_2).dropped).toEqual(['user']);
  });

  test.each([
    [TITAN_2, { input: [[1, 2, 3]] }, 'input'],
    [TITAN_2, { input: [] }, 'input'],
    [TITAN_2, {}, 'input'],
    [TITAN_2, { input: ['a', 'b'] }, 'input'],
    [TITAN_1, { input: ['a'], dimensions: 256 }, 'dimensions'],
    [COHERE_3, { input: ['a'], dimensions: 256 }, 'dimensions'],
    [TITAN_2, { input: ['a'], dimensions: 'many' }, 'dimensions'],
    ['twelvelabs.marengo-embed-2-7-v1:0', { input: ['a'] }, 'model'],
  ])('of %s is refused by name where it can not be met: %j', (model, body, param) => {
    expect(thrownBy(() => encoded(body, model))).toMatchObject({ status: 400, param });
  });

  test.each([
    [TITAN_2, 1],
    [NOVA, 1],
    [COHERE_3, 96],
    [COHERE_4, 96],
  ])('of %s holds %d texts at most', (model, limit) => {
    expect(conversion().embeddings?.batchLimit(model)).toBe(limit);
  });
});

describe('an answer with embeddings', () => {
  const decoded = (answer: object) =>
    conversion().embeddings?.decodeEmbeddings(answer as JsonObject, call({ input: ['a'] }), routeOf(TITAN_2));

  test.each([
    ['Titan', { embedding: [1, 2], inputTextTokenCount: 3 }, [[1, 2]], 3],
    ['Nova', { embeddings: [{ embeddingType: 'TEXT', embedding: [1] }], inputTextTokenCount: 2 }, [[1]], 2],
    ['Cohere 3', { embeddings: [[1], [2]], response_type: 'embeddings_floats' }, [[1], [2]], 0],
    ['Cohere 4', { embeddings: { float: [[1], [2]] }, response_type: 'embeddings_by_type' }, [[1], [2]], 0],
  ])("of %s is OpenAI's list", (_, answer, vectors, tokens) => {
    expect(decoded(answer)).toEqual({
      object: 'list',
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      model: TITAN_2,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  });

  test.each([{}, { embeddings: 'x' }, { embeddings: ['x'] }, { embeddings: { int8: [[1]] } }])(
    'without any is an error: %j',
    (answer) => {
      expect(thrownBy(() => decoded(answer))).toMatchObject({
        status: 502,
        code: 'upstream_invalid_response',
      });
    },
  );
});
