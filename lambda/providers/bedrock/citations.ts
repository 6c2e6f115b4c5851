import { object, objects } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { text } from './json.ts';
import { type LocationKind, memberOf } from './wire.ts';

/**
 * A citation as an annotation of the text between `start` and `end`: OpenAI's `url_citation` where there is a URL, else
 * `document_citation`, which is ours.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Citation.html
 */
export function annotation(citation: JsonObject, start: number, end: number): JsonObject {
  const title = text(citation.title);
  const source = text(citation.source);
  const location = object(citation.location);
  const url = urlIn(location) ?? (source !== undefined && /^https?:/.test(source) ? source : undefined);
  const place = { start_index: start, end_index: end };
  if (url !== undefined) {
    return { type: 'url_citation', url_citation: { url, title: title ?? url, ...place } };
  }
  const cited = objects(citation.sourceContent).flatMap((part) => text(part.text) ?? []);
  return {
    type: 'document_citation',
    document_citation: {
      ...(title === undefined ? {} : { title }),
      ...(source === undefined ? {} : { source }),
      ...(cited.length === 0 ? {} : { cited_text: cited.join('') }),
      ...(location === undefined ? {} : { location }),
      ...place,
    },
  };
}

function urlIn(location: JsonObject | undefined): string | undefined {
  const member = location === undefined ? undefined : memberOf<LocationKind>(location);
  const kind = member?.kind;
  switch (kind) {
    case 'web':
      return text(object(member?.value)?.url);
    case 'documentChar':
    case 'documentChunk':
    case 'documentPage':
    case 'searchResultLocation':
    case undefined:
      return undefined;
    default:
      kind satisfies never;
      return undefined;
  }
}
