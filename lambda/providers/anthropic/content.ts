import { InvalidRequest } from '../../errors.ts';
import type { ContentPart } from '../../openai/chat.ts';
import { isObject } from '../../openai/json.ts';
import type { Findings } from './findings.ts';
import { fileBlock, imageBlock } from './media.ts';
import type { Block, CacheControl, MediaBlock, TextBlockParam } from './wire.ts';

/** A message's content as blocks. Blank text is left out: the vendor refuses it, OpenAI takes it. */
export function contentBlocks(content: unknown, path: string, findings: Findings): Block[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return textBlocks(content);
  if (!Array.isArray(content)) throw new InvalidRequest(`${path} must be text or a list.`, { param: path });
  return content.flatMap((part: unknown, index) => partBlocks(part, `${path}[${index}]`, findings));
}

/** Text as a block, or none where it is blank. */
export function textBlocks(text: unknown): TextBlockParam[] {
  return typeof text === 'string' && text.trim() !== '' ? [{ type: 'text', text }] : [];
}

function partBlocks(value: unknown, path: string, findings: Findings): Block[] {
  if (typeof value === 'string') return textBlocks(value);
  if (!isObject(value)) throw new InvalidRequest(`${path} must be an object.`, { param: path });
  const part = value as unknown as ContentPart;
  switch (part.type) {
    case 'text':
      return textBlocks(part.text).map((block) => ({ ...block, ...extras(value, ['type', 'text']) }));
    case 'refusal':
      return textBlocks(part.refusal);
    case 'image_url':
      return [withCache(imageBlock(part.image_url, `${path}.image_url`, findings), part)];
    case 'file':
      return [withCache(fileBlock(part.file, `${path}.file`, findings), part)];
    case 'input_audio':
      throw new InvalidRequest('Claude hears no audio.', { param: path, code: 'unsupported_content' });
    default:
      // A block of the vendor's own: `document`, `search_result`, `tool_result`, …
      return [part as unknown as Block];
  }
}

/** `cache_control` and `citations` are the vendor's own and stand on parts as they do on blocks. */
function extras(part: object, own: readonly string[]): object {
  return Object.fromEntries(Object.entries(part).filter(([key]) => !own.includes(key)));
}

function withCache(block: MediaBlock, part: ContentPart): MediaBlock {
  const { cache_control, citations } = part as ContentPart & { citations?: unknown };
  return {
    ...block,
    ...(cache_control ? { cache_control: cache_control as unknown as CacheControl } : {}),
    ...(citations && block.type === 'document' ? { citations } : {}),
  } as MediaBlock;
}

/** A message's own `cache_control` marks the end of it: the last of its blocks. */
export function markLast(blocks: Block[], cacheControl: unknown): Block[] {
  const last = blocks.at(-1);
  if (!isObject(cacheControl) || last === undefined) return blocks;
  return [...blocks.slice(0, -1), { ...last, cache_control: cacheControl } as unknown as Block];
}
