import { Upstream } from '../../errors.ts';
import { isObject, merged } from '../../openai/json.ts';
import type { EmbeddingResponse, JsonObject } from '../../openai/wire.ts';
import type { Call, EmbeddingConversion, Route } from '../provider.ts';
import { invalid, type Platform } from './encoding.ts';
import { withoutUndefined } from './json.ts';
import { bareName } from './models.ts';

/** https://platform.openai.com/docs/api-reference/embeddings/create; the encoding is the gateway's to make. */
const OPENAI_FIELDS = ['model', 'input', 'dimensions', 'encoding_format', 'user'];

/** Which of Google's three ways to embed: one text, several, or Vertex's older one. */
type Method = 'embedContent' | 'batchEmbedContents' | 'predict';

/** Gemini's embedding models answer one text a call on Vertex; the second generation left `predict`. */
export function embeddingMethod(platform: Platform, model: string, inputs: number): Method {
  if (platform === 'gemini') return inputs === 1 ? 'embedContent' : 'batchEmbedContents';
  return /^gemini-embedding-(?!001|exp)/.test(bareName(model)) ? 'embedContent' : 'predict';
}

/**
 * OpenAI's embedding request in Google's format. Throws InvalidRequest where an input is no text.
 * https://ai.google.dev/api/embeddings, https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
 */
export function encodeEmbeddings(
  call: Call,
  route: Route,
  platform: Platform,
): { method: Method; body: JsonObject; dropped: string[] } {
  const { body } = call;
  const inputs = inputsOf(body);
  const method = embeddingMethod(platform, route.model, inputs.length);
  const extra = Object.fromEntries(Object.entries(body).filter(([field]) => !OPENAI_FIELDS.includes(field)));
  const dimensions = typeof body.dimensions === 'number' ? body.dimensions : undefined;
  const dropped = typeof body.user === 'string' ? ['user'] : [];
  if (method === 'predict') {
    const { taskType, task_type: task = taskType, title, parameters, ...more } = extra;
    const instances = inputs.map((content) => withoutUndefined({ content, task_type: task, title }));
    const stated = isObject(parameters) ? parameters : {};
    const options = withoutUndefined({ outputDimensionality: dimensions, ...more, ...stated });
    return {
      method,
      body: { instances, ...(Object.keys(options).length === 0 ? {} : { parameters: options }) },
      dropped,
    };
  }
  // A batch names the model again in each of its requests.
  const model = platform === 'gemini' ? `models/${bareName(route.model)}` : undefined;
  const requests = inputs.map((text) =>
    merged(
      withoutUndefined({ model, content: { parts: [{ text }] }, outputDimensionality: dimensions }),
      extra,
    ),
  );
  return { method, body: method === 'embedContent' ? (requests[0] ?? {}) : { requests }, dropped };
}

function inputsOf({ input }: JsonObject): string[] {
  const listed = Array.isArray(input) ? input : [input];
  return listed.map((text, index) => {
    if (typeof text === 'string') return text;
    const param = Array.isArray(input) ? `input[${index}]` : 'input';
    throw invalid(param, 'Gemini embeds text; tokens of another vendor mean nothing to it.');
  });
}

/** What comes back of all three ways. */
interface EmbeddingAnswer {
  embedding?: { values?: number[] };
  embeddings?: { values?: number[] }[];
  predictions?: { embeddings?: { values?: number[]; statistics?: { token_count?: number } } }[];
  usageMetadata?: { promptTokenCount?: number; totalTokenCount?: number };
}

/** Google's answer as OpenAI's. AI Studio does not always count tokens: then they are 0. */
export function decodeEmbeddings(answer: JsonObject, _call: Call, route: Route): EmbeddingResponse {
  const wire = answer as unknown as EmbeddingAnswer;
  const predicted = (wire.predictions ?? []).map(({ embeddings }) => embeddings ?? {});
  const single = wire.embedding === undefined ? [] : [wire.embedding];
  const found = [...single, ...(wire.embeddings ?? []), ...predicted];
  const data = found.map(({ values }, index) => {
    if (!Array.isArray(values))
      throw new Upstream(
        `The provider ${route.provider.name} answered with an embedding that has no values.`,
        {
          code: 'upstream_invalid_response',
        },
      );
    return { object: 'embedding' as const, index, embedding: values };
  });
  const counted = predicted.reduce(
    (sum, embeddings) => sum + ('statistics' in embeddings ? (embeddings.statistics?.token_count ?? 0) : 0),
    0,
  );
  const tokens = wire.usageMetadata?.promptTokenCount ?? wire.usageMetadata?.totalTokenCount ?? counted;
  return { object: 'list', data, model: route.model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

/** https://ai.google.dev/gemini-api/docs/embeddings, https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings */
export function embeddingConversion(platform: Platform): EmbeddingConversion {
  const one = (model: string) => platform === 'vertex' && bareName(model).startsWith('gemini-embedding');
  return { batchLimit: (model) => (one(model) ? 1 : 100), decodeEmbeddings };
}
