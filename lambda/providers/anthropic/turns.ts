import { isThinking } from './thinking-blocks.ts';
import type { Block, Turn } from './wire.ts';

/** Thinking first: merged messages may have it in the middle, where the vendor refuses it. */
export function inVendorsOrder(blocks: Block[]): Block[] {
  if (!blocks.some(isThinking) || blocks.findIndex(isThinking) === 0) return blocks;
  return [...blocks.filter(isThinking), ...blocks.filter((block) => !isThinking(block))];
}

/** "final assistant content cannot end with trailing whitespace": a 400 of the vendor's. */
export function trimPrefill(turns: Turn[]): void {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || block?.type !== 'text') return;
  last.content = [...last.content.slice(0, -1), { ...block, text: block.text.trimEnd() }];
}

/**
 * The calls whose results end the conversation belong to one turn of the model's, which began with its thinking: no
 * assistant message of that loop has any, so the client has left it out.
 */
export function lacksThinking(turns: Turn[]): boolean {
  let calls = false;
  for (const { role, content } of turns.toReversed()) {
    if (role === 'user' && !content.some(({ type }) => type === 'tool_result')) break;
    if (role !== 'assistant') continue;
    if (content.some(isThinking)) return false;
    calls ||= content.some(({ type }) => type === 'tool_use');
  }
  return calls;
}
