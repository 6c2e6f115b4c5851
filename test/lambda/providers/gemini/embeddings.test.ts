import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { callOf, conversionOf, routeOf } from './call.ts';

function sent(body: object, model: string, kind: 'gemini' | 'vertex' = 'gemini') {
  const route = routeOf(model, kind);
  const request = route.provider.encodeRequest(callOf(body, 'embeddings'), route);
  return { url: request.url, dropped: request.dropped, body: JSON.parse(String(request.body)) };
}

function received(answer: object, model = 'gemini-embedding-001') {
  const route = routeOf(model);
  return conversionOf(route).embeddings?.decodeEmbeddings(
    answer as JsonObject,
    callOf({}, 'embeddings'),
    route,
  );
}

describe('Embeddings on AI Studio', () => {
  test('of one text ask for one', () => {
    const { url, body } = sent({ input: ['a'], dimensions: 5 }, 'gemini-embedding-001');
    expect(url).toMatch(/\/models\/gemini-embedding-001:embedContent$/);
    expect(body).toEqual({
      model: 'models/gemini-embedding-001',
      content: { parts: [{ text: 'a' }] },
      outputDimensionality: 5,
    });
  });

  test('of several ask for a batch, the vendor’s own fields in each', () => {
    const { url, body, dropped } = sent(
      { input: ['a', 'b'], taskType: 'RETRIEVAL_QUERY', encoding_format: 'base64', user: 'u' },
      'gemini-embedding-001',
    );
    expect(url).toMatch(/:batchEmbedContents$/);
    expect(body.requests[1]).toEqual({
      model: 'models/gemini-embedding-001',
      content: { parts: [{ text: 'b' }] },
      taskType: 'RETRIEVAL_QUERY',
    });
    expect(dropped).toEqual(['user']);
  });

  test('of tokens are a 400 that names the input', () => {
    expect(() => sent({ input: ['a', [1, 2]] }, 'm')).toThrow(
      expect.objectContaining({ status: 400, param: 'input[1]' }),
    );
    expect(() => sent({ input: 7 }, 'm')).toThrow(expect.objectContaining({ param: 'input' }));
  });
});

describe('Embeddings on Vertex', () => {
  test('are predictions', () => {
    const { url, body } = sent(
      { input: ['a'], dimensions: 5, task_type: 'CLUSTERING', autoTruncate: false },
      'text-embedding-005',
      'vertex',
    );
    expect(url).toMatch(/publishers\/google\/models\/text-embedding-005:predict$/);
    expect(body).toEqual({
      instances: [{ content: 'a', task_type: 'CLUSTERING' }],
      parameters: { outputDimensionality: 5, autoTruncate: false },
    });
  });

  test('of the second Gemini generation are contents', () => {
    const { url, body } = sent({ input: ['a'], dimensions: 5 }, 'gemini-embedding-2', 'vertex');
    expect(url).toMatch(/:embedContent$/);
    expect(body).toEqual({ content: { parts: [{ text: 'a' }] }, outputDimensionality: 5 });
  });
});

test.each([
  ['gemini', 'gemini-embedding-001', 100],
  ['vertex', 'gemini-embedding-001', 1],
  ['vertex', 'google/gemini-embedding-2', 1],
  ['vertex', 'text-embedding-005', 100],
] as const)('On %s one call of %s holds %i inputs', (kind, model, limit) => {
  expect(conversionOf(routeOf(model, kind)).embeddings?.batchLimit(model)).toBe(limit);
});

describe('An answer of embeddings', () => {
  const embedding = (index: number, values: number[]) => ({ object: 'embedding', index, embedding: values });

  test('of one, of a batch and of predictions is the same list', () => {
    expect(received({ embedding: { values: [1, 2] } })?.data).toEqual([embedding(0, [1, 2])]);
    expect(received({ embeddings: [{ values: [1] }, { values: [2] }] })?.data).toEqual([
      embedding(0, [1]),
      embedding(1, [2]),
    ]);
    const prediction = (values: number[], token_count: number) => ({
      embeddings: { values, statistics: { token_count } },
    });
    expect(received({ predictions: [prediction([1], 3), prediction([2], 4)] })).toEqual({
      object: 'list',
      data: [embedding(0, [1]), embedding(1, [2])],
      model: 'gemini-embedding-001',
      usage: { prompt_tokens: 7, total_tokens: 7 },
    });
  });

  test('counts tokens where the vendor does', () => {
    expect(received({ embedding: { values: [] }, usageMetadata: { promptTokenCount: 9 } })?.usage).toEqual({
      prompt_tokens: 9,
      total_tokens: 9,
    });
  });

  test('without values is an error of the vendor’s', () => {
    expect(() => received({ embeddings: [{}] })).toThrow(expect.objectContaining({ status: 502 }));
  });
});
