import { type CitationWire, ignored } from './wire.ts';

/**
 * The sources of one text block as OpenAI's annotations; the block's place in the content is theirs.
 * https://platform.claude.com/docs/en/build-with-claude/citations,
 * https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices-message-annotations
 */
export function annotationsOf(
  citations: readonly CitationWire[] | null | undefined,
  start: number,
  end: number,
): object[] {
  return (citations ?? []).flatMap((citation) =>
    annotation(citation, { start_index: start, end_index: end }),
  );
}

function annotation(citation: CitationWire, place: { start_index: number; end_index: number }): object[] {
  const content = citation.cited_text ?? '';
  switch (citation.type) {
    case 'web_search_result_location':
      return [urlCitation({ url: citation.url ?? '', title: citation.title ?? '', content, ...place })];
    case 'search_result_location':
      return [urlCitation({ url: citation.source ?? '', title: citation.title ?? '', content, ...place })];
    case 'char_location':
    case 'page_location':
    case 'content_block_location': {
      // A document of the request has no URL: what the vendor says of it stands as it is.
      const { type, cited_text: _, ...location } = citation;
      return [{ type: 'file_citation', file_citation: { ...location, location: type, content, ...place } }];
    }
    default:
      ignored(citation);
      return [];
  }
}

function urlCitation(citation: object): object {
  return { type: 'url_citation', url_citation: citation };
}
