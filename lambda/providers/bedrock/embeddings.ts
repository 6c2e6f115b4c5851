import { InvalidRequest, Upstream } from '../../errors.ts';
import { merged, object, objects } from '../../openai/json.ts';
import type { EmbeddingResponse, JsonObject } from '../../openai/wire.ts';
import type { Call, EmbeddingConversion, Route } from '../provider.ts';
import { count } from './json.ts';

type Family = 'titan-v1' | 'titan-v2' | 'titan-image' | 'nova' | 'cohere-v3' | 'cohere-v4';

/**
 * InvokeModel takes each maker's own format, so the maker must be known.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html
 * https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html
 */
const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [/amazon\.titan-embed-text-v2/, 'titan-v2'],
  [/amazon\.titan-embed-image/, 'titan-image'],
  [/amazon\.titan-embed/, 'titan-v1'],
  [/amazon\.nova-.*embed/, 'nova'],
  [/cohere\.embed-(english|multilingual)/, 'cohere-v3'],
  [/cohere\.embed-/, 'cohere-v4'],
];

/** OpenAI's fields that do not go to the vendor under their own names. */
const OPENAI_FIELDS = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user', 'use_cache']);

/** The vendor's request, and the names of what it has nothing for. Throws InvalidRequest. */
export function encodeEmbedding(call: Call, model: string): { body: JsonObject; dropped: string[] } {
  const family = familyOf(model);
  if (family === undefined) {
    throw new InvalidRequest(`How ${model} embeds on Bedrock is not known.`, {
      param: 'model',
      code: 'unsupported_model',
    });
  }
  const texts = inputTexts(call.body);
  const dimensions = readDimensions(call.body, family);
  const own = Object.fromEntries(
    Object.entries(call.body).filter(([field, value]) => !OPENAI_FIELDS.has(field) && value !== undefined),
  );
  const dropped = call.body.user === undefined || call.body.user === null ? [] : ['user'];
  return { body: encode(family, texts, dimensions, own), dropped };
}

function encode(
  family: Family,
  texts: string[],
  dimensions: number | undefined,
  own: JsonObject,
): JsonObject {
  const sized = (name: string) => (dimensions === undefined ? {} : { [name]: dimensions });
  switch (family) {
    case 'titan-v1':
      return merged({ inputText: single(texts) }, own);
    case 'titan-v2':
      return merged({ inputText: single(texts), ...sized('dimensions') }, own);
    case 'titan-image':
      return merged(
        dimensions === undefined
          ? { inputText: single(texts) }
          : { inputText: single(texts), embeddingConfig: sized('outputEmbeddingLength') },
        own,
      );
    case 'nova': {
      const value = { truncationMode: 'NONE', value: single(texts) };
      const params = { embeddingPurpose: 'GENERIC_INDEX', ...sized('embeddingDimension'), text: value };
      return { taskType: 'SINGLE_EMBEDDING', singleEmbeddingParams: merged(params, own) };
    }
    case 'cohere-v3':
    case 'cohere-v4':
      return merged(
        { texts, input_type: 'search_document', embedding_types: ['float'], ...sized('output_dimension') },
        own,
      );
    default:
      return family satisfies never;
  }
}

export const embeddings: EmbeddingConversion = {
  batchLimit: (model) => (/cohere\.embed-/.test(model) ? 96 : 1),
  decodeEmbeddings(answer: JsonObject, _call: Call, route: Route): EmbeddingResponse {
    const vectors = vectorsOf(answer);
    if (vectors === undefined) {
      throw new Upstream(`The provider ${route.provider.name} answered without embeddings.`, {
        code: 'upstream_invalid_response',
      });
    }
    const tokens =
      count(answer.inputTextTokenCount) ??
      count(answer.inputTokenCount) ??
      count(object(object(answer.meta)?.billed_units)?.input_tokens) ??
      0;
    return {
      object: 'list',
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      model: route.model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    };
  },
};

/** Titan: one `embedding`. Nova: objects. Cohere: lists, below `float` where the type was asked for. */
function vectorsOf(answer: JsonObject): number[][] | undefined {
  if (Array.isArray(answer.embedding)) return [answer.embedding as number[]];
  const several = Array.isArray(answer.embeddings) ? answer.embeddings : object(answer.embeddings)?.float;
  if (!Array.isArray(several)) return undefined;
  const inObjects = objects(several).map((item) => item.embedding);
  const vectors = inObjects.length > 0 ? inObjects : several;
  return vectors.every(Array.isArray) ? (vectors as number[][]) : undefined;
}

function familyOf(model: string): Family | undefined {
  return FAMILIES.find(([pattern]) => pattern.test(model))?.[1];
}

function inputTexts(body: JsonObject): string[] {
  const input = Array.isArray(body.input) ? body.input : [body.input];
  if (input.length === 0 || !input.every((item) => typeof item === 'string')) {
    throw new InvalidRequest('Bedrock embeds texts only, no token lists.', {
      param: 'input',
      code: 'invalid_type',
    });
  }
  return input;
}

function single(texts: string[]): string {
  if (texts.length === 1) return texts[0] ?? '';
  throw new InvalidRequest('This model embeds one text a call.', { param: 'input', code: 'too_many_inputs' });
}

function readDimensions(body: JsonObject, family: Family): number | undefined {
  if (body.dimensions === undefined || body.dimensions === null) return undefined;
  const dimensions = count(body.dimensions);
  if (dimensions !== undefined && family !== 'titan-v1' && family !== 'cohere-v3') return dimensions;
  throw new InvalidRequest('The dimensions of this model can not be chosen.', {
    param: 'dimensions',
    code: 'unsupported_parameter',
  });
}
