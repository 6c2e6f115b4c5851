import { fresh, told } from './cache-calls.ts';
import type { Answer } from './fake-upstream.ts';
import type { Stage } from './stage.ts';

export type Json = Record<string, unknown>;
export type Chunk = Json & { choices: Json[] };

/** A stream with the usage chunk. */
export const ASKED = { stream: true, stream_options: { include_usage: true } };

export const framesOf = (text: string): string[] => text.split('\n\n').filter(Boolean);

export const chunksOf = (text: string): Chunk[] =>
  framesOf(text)
    .filter((frame) => frame.startsWith('data: {'))
    .map((frame) => JSON.parse(frame.slice(6)) as Chunk);

/** The chunks that hold nothing but usage. */
export const usageIn = (text: string): Chunk[] =>
  chunksOf(text).filter(({ choices, usage }) => choices.length === 0 && usage);

/**
 * One upstream answer, and then the forms that are wanted of it, as their callers get them. Throws where one of them is not
 * out of the cache.
 */
export async function recorded(
  stage: Stage,
  first: object,
  answer: Answer,
  ...wanted: object[]
): Promise<string[]> {
  stage.answer = answer;
  const before = stage.upstream.received.length;
  const body = fresh();
  const texts: string[] = [];
  for (const [i, form] of [first, ...wanted].entries()) {
    const { cached, text } = await told(stage.chat({ ...body, ...form }));
    if (cached !== (i === 0 ? 'MISS' : 'HIT')) throw new Error(`a ${cached}: ${JSON.stringify(form)}`);
    texts.push(text);
  }
  if (stage.upstream.received.length !== before + 1) throw new Error('the upstream was asked again');
  return texts;
}
