import { InvalidRequest } from '../../errors.ts';
import { parseDataUrl } from '../../openai/data-url.ts';
import type { DocumentFormat, ImageFormat, MediaBlock, MediaSource, VideoFormat } from './wire.ts';

const IMAGES: Readonly<Record<string, ImageFormat>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

const DOCUMENTS: Readonly<Record<string, DocumentFormat>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/markdown': 'md',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/json': 'txt',
  'application/xml': 'txt',
  'application/yaml': 'txt',
  'application/x-yaml': 'txt',
};

const VIDEOS: Readonly<Record<string, VideoFormat>> = {
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/webm': 'webm',
  'video/x-flv': 'flv',
  'video/mpeg': 'mpeg',
  'video/x-ms-wmv': 'wmv',
  'video/3gpp': 'three_gp',
};

const EXTENSIONS: Readonly<Record<string, string>> = {
  ...{ jpg: 'image/jpeg', pdf: 'application/pdf', csv: 'text/csv', html: 'text/html', md: 'text/markdown' },
  ...{ txt: 'text/plain', json: 'application/json', xml: 'application/xml', mov: 'video/quicktime' },
  ...Object.fromEntries([IMAGES, DOCUMENTS, VIDEOS].flatMap((formats) => byFormat(formats))),
};

function byFormat(formats: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(formats)
    .filter(([, format]) => format !== 'txt')
    .map(([mediaType, format]) => [format === 'three_gp' ? '3gp' : format, mediaType]);
}

/** How the kinds begin, as base64: some clients state no media type, or a wrong one. */
const MAGIC: readonly (readonly [string, string])[] = [
  ['iVBORw0K', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['JVBERi0', 'application/pdf'],
];

/** Media as the caller gave it: a `data:` URL, an `s3://` URI or bare base64. */
export interface Media {
  readonly mediaType: string;
  readonly source: MediaSource;
}

/** Throws InvalidRequest that names `param` for a URL that AWS can not read. */
export function readMedia(url: string, filename: string | undefined, param: string): Media {
  const byName = EXTENSIONS[(/\.([a-z0-9]+)$/i.exec(filename ?? url)?.[1] ?? '').toLowerCase()];
  if (url.startsWith('s3://')) {
    return { mediaType: byName ?? 'application/octet-stream', source: { s3Location: { uri: url } } };
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) {
    throw new InvalidRequest('Bedrock reads no URLs other than data: and s3:.', {
      param,
      code: 'unsupported_media',
    });
  }
  const data = parseDataUrl(url);
  if (data === undefined && /^data:/i.test(url)) {
    throw new InvalidRequest('The data: URL is not valid.', { param, code: 'invalid_data_url' });
  }
  const base64 = (data?.base64 ?? url).replaceAll(/\s/g, '');
  const sniffed = MAGIC.find(([start]) => base64.startsWith(start))?.[1];
  const stated = data?.mediaType === 'application/octet-stream' ? undefined : data?.mediaType;
  return { mediaType: stated ?? sniffed ?? byName ?? 'application/octet-stream', source: { bytes: base64 } };
}

/**
 * Media as the block of its kind: image, video, or document under `name`. Throws InvalidRequest that names `param`.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html
 */
export function mediaBlock(media: Media, name: () => string, param: string): MediaBlock {
  const { mediaType, source } = media;
  const image = IMAGES[mediaType];
  if (image !== undefined) return { image: { format: image, source } };
  const video = VIDEOS[mediaType];
  if (video !== undefined) return { video: { format: video, source } };
  const document = DOCUMENTS[mediaType] ?? (mediaType.startsWith('text/') ? 'txt' : undefined);
  if (document !== undefined) return { document: { format: document, name: name(), source } };
  throw new InvalidRequest(`Bedrock takes no media of the type ${mediaType}.`, {
    param,
    code: 'unsupported_media',
  });
}

/**
 * Names for documents, no two alike: letters, digits, single spaces, hyphens, round and square brackets are allowed.
 */
export class DocumentNames {
  readonly #taken = new Set<string>();

  next(filename: string | undefined): string {
    const stem = (filename ?? '').replace(/\.[a-z0-9]{1,5}$/i, '');
    const safe = stem
      .replaceAll(/[^a-zA-Z0-9()[\]\s-]/g, '-')
      .replaceAll(/\s+/g, ' ')
      .trim()
      .slice(0, 180);
    const base = /[a-zA-Z0-9]/.test(safe) ? safe : 'document';
    let name = base;
    for (let n = 2; this.#taken.has(name); n++) name = `${base} (${n})`;
    this.#taken.add(name);
    return name;
  }
}
