import type { ChatMessage } from '../../openai/chat.ts';
import type { Findings } from './findings.ts';
import type { Block } from './wire.ts';

/**
 * The thinking that a client sends back as it got it. Thinking without a signature (other vendors', or plain text) is
 * left out: the vendor takes none that it did not sign.
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks
 */
export function thinkingBlocks(message: ChatMessage, findings: Findings): Block[] {
  if (!Array.isArray(message.reasoning)) return [];
  return message.reasoning.flatMap((part): Block[] => {
    if (typeof part?.id !== 'string' || part.id === '') {
      findings.dropped.add('messages[].reasoning');
      return [];
    }
    if (part.redacted === true) return [{ type: 'redacted_thinking', data: part.id }];
    return [{ type: 'thinking', thinking: part.content ?? '', signature: part.id }];
  });
}

export function isThinking(block: Block): boolean {
  return block.type === 'thinking' || block.type === 'redacted_thinking';
}
