import { InvalidRequest } from '../../errors.ts';
import type { ContentPart } from '../../openai/chat.ts';
import { type DataUrl, parseDataUrl } from '../../openai/data-url.ts';
import type { Findings } from './findings.ts';
import { isFetched, TEXT_TYPES, typeOf } from './media-types.ts';
import type { MediaBlock } from './wire.ts';

const IMAGES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const;
type ImageType = (typeof IMAGES)[number];

/** https://platform.claude.com/docs/en/build-with-claude/vision */
export function imageBlock(image: ContentPart['image_url'], path: string, findings: Findings): MediaBlock {
  const url = typeof image === 'string' ? image : image?.url;
  const param = typeof image === 'string' ? path : `${path}.url`;
  if (typeof url !== 'string' || url === '')
    throw new InvalidRequest('An image needs a URL.', { param, code: 'missing_required_parameter' });
  if (typeof image === 'object' && (image.detail === 'low' || image.detail === 'high'))
    findings.dropped.add('messages[].content[].image_url.detail');
  return mediaBlock(url, undefined, param, 'image');
}

/** https://platform.claude.com/docs/en/build-with-claude/pdf-support, https://platform.claude.com/docs/en/build-with-claude/files */
export function fileBlock(file: ContentPart['file'], path: string, findings: Findings): MediaBlock {
  const { file_id: id, file_data: data, filename } = file ?? {};
  if (typeof id === 'string' && id !== '') {
    // OpenAI's ids begin with `file-`, Anthropic's with `file_`: nobody can read another's files.
    if (!id.startsWith('file_'))
      throw new InvalidRequest(`${id} is no file of Anthropic's Files API.`, {
        param: `${path}.file_id`,
        code: 'unsupported_content',
      });
    findings.usesFiles = true;
    return { type: 'document', source: { type: 'file', file_id: id }, ...title(filename) };
  }
  if (typeof data !== 'string' || data === '')
    throw new InvalidRequest('A file needs file_data or file_id.', {
      param: `${path}.file_data`,
      code: 'missing_required_parameter',
    });
  return mediaBlock(data, filename, `${path}.file_data`, 'document');
}

/** `data` is a URL or bare base64. What it is decides the block, whichever part it came in, if that can be told. */
function mediaBlock(
  data: string,
  filename: string | undefined,
  param: string,
  otherwise: 'image' | 'document',
): MediaBlock {
  if (/^https?:/i.test(data)) {
    const source = { type: 'url', url: data } as const;
    const type = typeOf(filename) ?? typeOf(URL.parse(data)?.pathname) ?? otherwise;
    if (!isFetched(type)) throw unreadable(type, param);
    return type.startsWith('image')
      ? { type: 'image', source }
      : { type: 'document', source, ...title(filename) };
  }
  if (/^data:/i.test(data)) {
    const parsed = parseDataUrl(data);
    if (parsed === undefined)
      throw new InvalidRequest('The data: URL is not valid.', { param, code: 'invalid_value' });
    return dataBlock(parsed, filename, param);
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(data))
    throw new InvalidRequest('The URL must be http, https or data.', { param, code: 'invalid_value' });
  const mediaType = typeOf(filename) ?? 'application/pdf';
  return dataBlock({ mediaType, base64: data }, filename, param);
}

function dataBlock({ mediaType, base64 }: DataUrl, filename: string | undefined, param: string): MediaBlock {
  const type = mediaType === 'image/jpg' ? 'image/jpeg' : mediaType;
  if (IMAGES.includes(type as ImageType))
    return { type: 'image', source: { type: 'base64', media_type: type as ImageType, data: base64 } };
  if (type === 'application/pdf')
    return {
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: base64 },
      ...title(filename),
    };
  if (TEXT_TYPES.test(type)) {
    const text = Buffer.from(base64, 'base64').toString('utf8');
    return {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: text },
      ...title(filename),
    };
  }
  throw unreadable(mediaType, param);
}

function unreadable(mediaType: string, param: string): InvalidRequest {
  return new InvalidRequest(`Claude reads no ${mediaType} here: images, PDF and text alone.`, {
    param,
    code: 'unsupported_content',
  });
}

function title(filename: string | undefined): { title?: string } {
  return typeof filename === 'string' && filename !== '' ? { title: filename } : {};
}
