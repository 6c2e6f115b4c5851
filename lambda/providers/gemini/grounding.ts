import { objectsIn, textOf } from './json.ts';
import type { Candidate } from './wire.ts';

/** https://platform.openai.com/docs/api-reference/chat/object (annotations) */
export interface Annotation {
  type: 'url_citation';
  url_citation: { url: string; title: string; start_index: number; end_index: number };
}

interface Source {
  url: string;
  title: string;
}

/**
 * The sources of a grounded answer. Gemini counts a citation's place in bytes of UTF-8, OpenAI in characters; `text` is the
 * whole answer. A source that no sentence is held up by stands at the end of the text.
 * https://ai.google.dev/gemini-api/docs/google-search#attributing_sources_with_inline_citations
 */
export function annotationsOf(metadata: Candidate['groundingMetadata'], text: string): Annotation[] {
  const sources = objectsIn(metadata?.groundingChunks).map(sourceOf);
  if (sources.every((source) => source === undefined)) return [];
  const bytes = Buffer.from(text);
  const cited = new Set<number>();
  const annotations: Annotation[] = [];
  for (const { segment, groundingChunkIndices } of objectsIn(metadata?.groundingSupports)) {
    for (const index of Array.isArray(groundingChunkIndices) ? groundingChunkIndices : []) {
      const source = sources[index];
      if (source === undefined) continue;
      cited.add(index);
      const start = characters(bytes, segment?.startIndex ?? 0);
      annotations.push(annotation(source, start, characters(bytes, segment?.endIndex ?? 0)));
    }
  }
  for (const [index, source] of sources.entries())
    if (source !== undefined && !cited.has(index))
      annotations.push(annotation(source, text.length, text.length));
  return annotations;
}

function annotation(source: Source, start: number, end: number): Annotation {
  return { type: 'url_citation', url_citation: { ...source, start_index: start, end_index: end } };
}

function sourceOf(
  chunk: NonNullable<NonNullable<Candidate['groundingMetadata']>['groundingChunks']>[number],
): Source | undefined {
  const { web, retrievedContext, maps, image } = chunk;
  const url = web?.uri ?? retrievedContext?.uri ?? maps?.uri ?? image?.sourceUri;
  if (typeof url !== 'string') return undefined;
  const title = web?.title ?? retrievedContext?.title ?? maps?.title ?? image?.title;
  return { url, title: textOf(title) ?? '' };
}

function characters(bytes: Buffer, offset: number): number {
  return bytes.subarray(0, offset).toString().length;
}
