import type { ContentPart } from '../../openai/chat.ts';
import { parseDataUrl } from '../../openai/data-url.ts';
import { isObject } from '../../openai/json.ts';
import { type Encoding, invalid, unsupported } from './encoding.ts';
import type { Part } from './wire.ts';

/** Media types by a URL's or a file's ending, as far as Gemini reads them. https://ai.google.dev/gemini-api/docs/files */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  gif: 'image/gif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  csv: 'text/csv',
  xml: 'text/xml',
  json: 'application/json',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  mpg: 'video/mpg',
  mov: 'video/quicktime',
  avi: 'video/avi',
  flv: 'video/x-flv',
  webm: 'video/webm',
  wmv: 'video/wmv',
  wav: 'audio/wav',
  mp3: 'audio/mp3',
  aiff: 'audio/aiff',
  aac: 'audio/aac',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  m4a: 'audio/m4a',
};

const YOUTUBE = /^https:\/\/((www\.|m\.)?youtube\.com\/(watch|shorts|live|embed)|youtu\.be\/)/i;
const FILES = /^https:\/\/generativelanguage\.googleapis\.com\/.+\/files\//i;

/**
 * Whether Gemini fetches what is at `url` itself. It takes public https URLs too by now, but not on every model, not
 * whatever the site allows robots, and it wants the media type said beforehand; so the gateway fetches those.
 * https://ai.google.dev/gemini-api/docs/file-input-methods
 */
export function fetchesItself(url: string): boolean {
  return !/^https?:/i.test(url) || YOUTUBE.test(url) || FILES.test(url);
}

/** One part of a message's content. `param` is its place in the request. */
export function mediaPart(part: ContentPart, param: string, encoding: Encoding): Part {
  switch (part.type) {
    case 'image_url': {
      const image = part.image_url;
      const url = typeof image === 'string' ? image : image?.url;
      return fromUrl(url, `${param}.image_url.url`, encoding, isObject(image) ? image.format : undefined);
    }
    case 'video_url':
    case 'audio_url': {
      const media = (part as unknown as Record<string, unknown>)[part.type];
      const url = isObject(media) ? media.url : media;
      return fromUrl(url, `${param}.${part.type}.url`, encoding);
    }
    case 'input_audio':
      return audioPart(part, param);
    case 'file':
      return filePart(part, param, encoding);
    default:
      throw unsupported(`${param}.type`, `Gemini has no content of the type ${JSON.stringify(part.type)}.`);
  }
}

function fromUrl(url: unknown, param: string, { platform }: Encoding, mediaType?: unknown): Part {
  if (typeof url !== 'string' || url === '') throw invalid(param, `The field ${param} is missing.`);
  const data = parseDataUrl(url);
  if (data !== undefined) return inline(data.mediaType, data.base64);
  const stated = typeof mediaType === 'string' ? mediaType : typeOf(URL.parse(url)?.pathname ?? url);
  // AI Studio needs no type for a video of YouTube's, Vertex does.
  const type = stated ?? (YOUTUBE.test(url) && platform === 'vertex' ? 'video/mp4' : undefined);
  return { fileData: { fileUri: url, ...(type === undefined ? {} : { mimeType: type }) } };
}

/** OpenAI's audio formats are names of endings. https://ai.google.dev/gemini-api/docs/audio */
function audioPart(part: ContentPart, param: string): Part {
  const { data, format } = part.input_audio ?? {};
  if (typeof data !== 'string' || data === '')
    throw invalid(`${param}.input_audio.data`, `The field ${param}.input_audio.data is missing.`);
  const url = parseDataUrl(data);
  if (url !== undefined) return inline(url.mediaType, url.base64);
  const name = typeof format === 'string' ? format.toLowerCase() : 'wav';
  return inline(MEDIA_TYPES[name] ?? (name.startsWith('pcm') ? 'audio/pcm' : `audio/${name}`), data);
}

function filePart(part: ContentPart, param: string, encoding: Encoding): Part {
  const { file_data: data, file_id: id, filename } = part.file ?? {};
  if (typeof data === 'string' && data !== '') {
    if (/^(data|https?|gs):/i.test(data)) return fromUrl(data, `${param}.file.file_data`, encoding);
    const type = typeOf(filename) ?? (data.startsWith('JVBERi') ? 'application/pdf' : undefined);
    if (type === undefined)
      throw invalid(
        `${param}.file.file_data`,
        'The media type of the file is unknown: send a data: URL, or a filename with an ending.',
      );
    return inline(type, data);
  }
  if (typeof id === 'string' && /^(https?|gs):/i.test(id))
    return fromUrl(id, `${param}.file.file_id`, encoding, typeOf(filename));
  throw unsupported(
    `${param}.file`,
    'Gemini reads a file from file_data, or from a file_id that is the URI of a file of its own.',
  );
}

function inline(mediaType: string, data: string): Part {
  return { inlineData: { mimeType: mediaType === 'image/jpg' ? 'image/jpeg' : mediaType, data } };
}

function typeOf(path: unknown): string | undefined {
  if (typeof path !== 'string') return undefined;
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  return Object.hasOwn(MEDIA_TYPES, ending) ? MEDIA_TYPES[ending] : undefined;
}
