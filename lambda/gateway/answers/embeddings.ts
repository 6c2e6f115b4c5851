import { InvalidRequest } from '../../errors.ts';
import type { EmbeddingResponse } from '../../openai/wire.ts';
import type { Call, Conversion, Route } from '../../providers/provider.ts';
import type { Principal } from '../request/principal.ts';
import type { Answer } from '../upstream/attempts.ts';
import { answerFailure } from './answer-stream.ts';
import { readVendorJson } from './convert.ts';
import { inParallel } from './in-parallel.ts';
import { render } from './render.ts';
import type { ModelAnswer, Walk } from './walk.ts';

const WIDTH = 4;

/**
 * Embeddings: relayed where the vendor speaks OpenAI's format, else converted. More inputs than one upstream call may hold
 * are split, and come back in the caller's order. Throws InvalidRequest that names `input`.
 */
export async function answerEmbeddings(call: Call, parts: Walk): Promise<ModelAnswer> {
  const { routes, ask, principal, settle, answered } = parts;
  const converted = routes.some(({ provider }) => provider.answer.kind === 'conversion');
  if (!converted) {
    const answer = await ask(call);
    return answered(answer, await render(answer, principal, settle(answer)));
  }
  const inputs = textsOf(call.body.input);
  const limit = Math.min(...routes.map((route) => batchLimit(route, inputs.length)));
  const batches = Array.from({ length: Math.ceil(inputs.length / limit) }, (_, i) =>
    batch(call, inputs.slice(i * limit, (i + 1) * limit)),
  );
  const [firstBatch, ...rest] = batches;
  if (firstBatch === undefined) throw new Error('there is at least one input');
  const first = await ask(firstBatch);
  // Vectors of two models can't be compared: the route that answered the first batch answers all.
  const same = routes.filter(
    ({ provider, model }) => provider === first.route.provider && model === first.route.model,
  );
  const answers = await inParallel([first, ...rest], WIDTH, async (item) => {
    const answer = 'reader' in item ? item : await ask(item, same);
    const decoded = await decode(answer, principal);
    settle(answer)({ usage: { ...decoded.usage, completion_tokens: 0 } });
    return decoded;
  });
  const body = Buffer.from(JSON.stringify(joined(answers, call.body.encoding_format === 'base64')));
  return answered(first, { body, contentType: 'application/json' });
}

function textsOf(input: unknown): string[] {
  const list = Array.isArray(input) ? input : [input];
  if (list.length > 0 && list.every((item) => typeof item === 'string')) return list;
  const tokens = list.some((item) => typeof item === 'number' || Array.isArray(item));
  const message = tokens
    ? 'The field input holds token ids, which this model can not take: send text.'
    : 'The field input is not valid: expected a text or a list of texts.';
  throw new InvalidRequest(message, { param: 'input', code: tokens ? 'unsupported_value' : 'invalid_type' });
}

function batchLimit({ provider, model }: Route, count: number): number {
  const { answer } = provider;
  return answer.kind === 'relay' ? count : Math.max(1, answer.embeddings?.batchLimit(model) ?? count);
}

/** Numbers are asked for: the caller's encoding is made of them at the end. */
function batch(call: Call, input: string[]): Call {
  const { encoding_format: _, ...rest } = call.body;
  const body = { ...rest, input };
  return { ...call, body, bytes: Buffer.from(JSON.stringify(body)) };
}

async function decode(answer: Answer, principal: Principal): Promise<EmbeddingResponse> {
  const json = await readVendorJson(answer, principal);
  const format: Conversion | undefined =
    answer.route.provider.answer.kind === 'conversion' ? answer.route.provider.answer : undefined;
  if (format === undefined) return json as unknown as EmbeddingResponse;
  try {
    if (format.embeddings) return format.embeddings.decodeEmbeddings(json, answer.call, answer.route);
  } catch (failure) {
    throw answerFailure(failure, answer, principal);
  }
  throw new InvalidRequest('This model does not embed.', { param: 'model', code: 'unsupported_value' });
}

function joined(answers: readonly EmbeddingResponse[], base64: boolean): EmbeddingResponse {
  const sum = (of: (answer: EmbeddingResponse) => number) =>
    answers.reduce((total, answer) => total + of(answer), 0);
  const vectors = answers.flatMap(({ data }) => data.map(({ embedding }) => embedding));
  return {
    object: 'list',
    data: vectors.map((embedding, index) => ({
      object: 'embedding',
      index,
      embedding: base64 ? asBase64(embedding) : embedding,
    })),
    model: answers[0]?.model ?? '',
    usage: {
      prompt_tokens: sum(({ usage }) => usage.prompt_tokens),
      total_tokens: sum(({ usage }) => usage.total_tokens),
    },
  };
}

/** Little-endian 32-bit floats, as OpenAI encodes them. */
function asBase64(embedding: number[] | string): string {
  if (typeof embedding === 'string') return embedding;
  const bytes = Buffer.alloc(embedding.length * 4);
  for (const [i, value] of embedding.entries()) bytes.writeFloatLE(value, i * 4);
  return bytes.toString('base64');
}
