import { InvalidRequest } from '../../errors.ts';
import type { ChatMessage, ContentPart } from '../../openai/chat.ts';
import { object } from '../../openai/json.ts';
import { cachePoint, type Encoding } from './encoding.ts';
import { text } from './json.ts';
import { mediaBlock, readMedia } from './media.ts';
import type { CachePoint, MediaBlock, SystemBlock } from './wire.ts';

/** A block with the cache point that stands behind it: they stay together. */
export type Unit<Block> = [Block, ...CachePoint[]];

/**
 * The parts of a message's content. Blank text is left out: Converse refuses it.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html
 */
export function contentUnits(
  content: ChatMessage['content'],
  param: string,
  encoding: Encoding,
): Unit<MediaBlock>[] {
  if (typeof content === 'string') return isBlank(content) ? [] : [[{ text: content }]];
  return (content ?? []).flatMap((part, index): Unit<MediaBlock>[] => {
    const at = `${param}[${index}]`;
    const whole: ContentPart = typeof part === 'string' ? { type: 'text', text: part } : part;
    const block = partBlock(whole, at, encoding);
    return block === undefined ? [] : [[block, ...cachePoint(whole.cache_control, 'messages', encoding)]];
  });
}

/** System prompts hold text only. */
export function systemBlocks(message: ChatMessage, param: string, encoding: Encoding): SystemBlock[] {
  const blocks = contentUnits(message.content, `${param}.content`, encoding).flat();
  for (const [index, block] of blocks.entries()) {
    if ('text' in block || 'cachePoint' in block) continue;
    throw new InvalidRequest('A system message on Bedrock holds text only.', {
      param: `${param}.content[${index}]`,
      code: 'unsupported_content',
    });
  }
  const point = blocks.length > 0 ? cachePoint(message.cache_control, 'messages', encoding) : [];
  return [...(blocks as SystemBlock[]), ...point];
}

function partBlock(part: ContentPart, param: string, encoding: Encoding): MediaBlock | undefined {
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return textBlock(part.text);
    case 'refusal':
      return textBlock(part.refusal);
    case 'image_url':
      return imageBlock(part.image_url, param, encoding);
    case 'video_url':
      return imageBlock((part as { video_url?: ContentPart['image_url'] }).video_url, param, encoding);
    case 'file':
      return fileBlock(part.file, param, encoding);
    default:
      throw new InvalidRequest(`Bedrock takes no content of the type ${part.type}.`, {
        param: part.type === 'input_audio' ? `${param}.input_audio` : `${param}.type`,
        code: 'unsupported_content',
      });
  }
}

function textBlock(value: unknown): MediaBlock | undefined {
  return typeof value === 'string' && !isBlank(value) ? { text: value } : undefined;
}

function imageBlock(image: ContentPart['image_url'], param: string, encoding: Encoding): MediaBlock {
  const url = text(typeof image === 'string' ? image : image?.url);
  if (url === undefined) {
    throw new InvalidRequest('The URL is missing.', {
      param: `${param}.image_url`,
      code: 'missing_required_parameter',
    });
  }
  const detail = object(image)?.detail;
  if (detail !== undefined && detail !== 'auto') encoding.dropped.add('messages[].image_url.detail');
  const media = readMedia(url, undefined, `${param}.image_url`);
  return mediaBlock(media, () => encoding.documents.next(undefined), `${param}.image_url`);
}

function fileBlock(file: ContentPart['file'], param: string, encoding: Encoding): MediaBlock {
  const at = `${param}.file.${file?.file_id === undefined ? 'file_data' : 'file_id'}`;
  const data = text(file?.file_data);
  if (data === undefined) {
    throw new InvalidRequest("Bedrock has no file store of OpenAI's: send the file as file_data.", {
      param: at,
      code: 'unsupported_content',
    });
  }
  const media = readMedia(data, text(file?.filename), at);
  return mediaBlock(media, () => encoding.documents.next(text(file?.filename)), at);
}

export function isBlank(value: string): boolean {
  return value.trim() === '';
}
