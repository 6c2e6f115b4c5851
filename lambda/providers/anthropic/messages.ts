import { InvalidRequest } from '../../errors.ts';
import type { ChatMessage } from '../../openai/chat.ts';
import type { ToolNames } from '../../openai/tool-names.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { contentBlocks, markLast, textBlocks } from './content.ts';
import { Conversation, type Messages } from './conversation.ts';
import type { Findings } from './findings.ts';
import { thinkingBlocks } from './thinking-blocks.ts';
import { toolUseBlock, toolUseOfFunction } from './tool-use.ts';
import type { Block, ResultContent, TextBlockParam } from './wire.ts';

/**
 * OpenAI's messages as Anthropic's turns: system text apart, roles alternating, every tool result right after its call.
 * Throws InvalidRequest that names the message. https://platform.claude.com/docs/en/api/messages
 */
export function encodeMessages(body: JsonObject, names: ToolNames, findings: Findings): Messages {
  const list = Array.isArray(body.messages) ? (body.messages as unknown as ChatMessage[]) : [];
  const conversation = new Conversation();
  list.forEach((message, index) => {
    addMessage(conversation, message, `messages[${index}]`, names, findings);
  });
  if (conversation.isEmpty)
    throw new InvalidRequest('The messages hold no content.', { param: 'messages', code: 'invalid_value' });
  return conversation.finish();
}

function addMessage(
  conversation: Conversation,
  message: ChatMessage,
  path: string,
  names: ToolNames,
  findings: Findings,
): void {
  const { role, content } = message;
  const blocks = () => contentBlocks(content, `${path}.content`, findings);
  // A tool message's name says again what its call says.
  if (typeof message.name === 'string' && role !== 'function' && role !== 'tool')
    findings.dropped.add('messages[].name');
  switch (role) {
    case 'system':
    case 'developer':
      conversation.addSystem(systemText(markLast(blocks(), message.cache_control), path));
      break;
    case 'user':
      conversation.addUser(markLast(blocks(), message.cache_control));
      break;
    case 'assistant':
      addAssistant(conversation, message, blocks(), path, names, findings);
      break;
    case 'tool':
      addResult(conversation, message, blocks(), path);
      break;
    case 'function': {
      const result = { content: blocks() as ResultContent[] };
      conversation.addFunctionResult(result, names.toVendor(message.name ?? ''), `${path}.name`);
      break;
    }
    default:
      throw new InvalidRequest(`The role ${role} is unknown.`, {
        param: `${path}.role`,
        code: 'invalid_value',
      });
  }
}

function systemText(blocks: Block[], path: string): TextBlockParam[] {
  return blocks.map((block) => {
    if (block.type === 'text') return block;
    throw new InvalidRequest('System messages hold text alone.', { param: `${path}.content` });
  });
}

function addAssistant(
  conversation: Conversation,
  message: ChatMessage,
  text: Block[],
  path: string,
  names: ToolNames,
  findings: Findings,
): void {
  const said = text.length > 0 ? text : textBlocks(message.refusal);
  conversation.addAssistant([...thinkingBlocks(message, findings), ...markLast(said, message.cache_control)]);
  for (const [index, call] of (message.tool_calls ?? []).entries())
    conversation.addCall(toolUseBlock(call, `${path}.tool_calls[${index}]`, names), call.id);
  if (message.function_call)
    conversation.addCall(toolUseOfFunction(message.function_call, `${path}.function_call`, names), undefined);
}

function addResult(conversation: Conversation, message: ChatMessage, blocks: Block[], path: string): void {
  const { tool_call_id: id, cache_control } = message;
  const isError = (message as { is_error?: unknown }).is_error === true;
  if (typeof id !== 'string')
    throw new InvalidRequest('A tool message needs a tool_call_id.', {
      param: `${path}.tool_call_id`,
      code: 'missing_required_parameter',
    });
  const result = {
    content: blocks as ResultContent[],
    ...(isError ? { is_error: true } : {}),
    ...(cache_control ? { cache_control: { ...cache_control, type: 'ephemeral' } as const } : {}),
  };
  conversation.addResult(result, id, `${path}.tool_call_id`);
}
