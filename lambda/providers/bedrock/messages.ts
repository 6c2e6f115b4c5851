import { InvalidRequest } from '../../errors.ts';
import type { ChatMessage } from '../../openai/chat.ts';
import { contentUnits, isBlank, systemBlocks, type Unit } from './content.ts';
import { cachePoint, type Encoding } from './encoding.ts';
import { assistantUnits, toolResultUnit } from './history.ts';
import type { RequestBlock, SystemBlock, Turn } from './wire.ts';

/** Converse wants a user's turn first, and no text may be blank. */
const OPENING = '(The conversation begins.)';

interface OpenTurn {
  readonly role: Turn['role'];
  readonly units: Unit<RequestBlock>[];
}

/**
 * Messages as system blocks and turns. System and developer messages come out as system blocks wherever they stand; turns
 * of one role that follow each other are joined, and a turn's tool results come before what else it holds.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html
 */
export function encodeMessages(
  messages: readonly ChatMessage[],
  encoding: Encoding,
): { system: SystemBlock[]; messages: Turn[] } {
  const system: SystemBlock[] = [];
  const turns: OpenTurn[] = [];
  const add = (role: Turn['role'], units: Unit<RequestBlock>[]) => {
    const last = turns.at(-1);
    if (units.length === 0) return;
    if (last?.role === role) last.units.push(...units);
    else turns.push({ role, units });
  };
  for (const [index, message] of messages.entries()) {
    const param = `messages[${index}]`;
    if (message.name !== undefined && message.role !== 'function') encoding.dropped.add('messages[].name');
    switch (message.role) {
      case 'system':
      case 'developer':
        system.push(...systemBlocks(message, param, encoding));
        break;
      case 'user':
        add(
          'user',
          withMessagePoint(contentUnits(message.content, `${param}.content`, encoding), message, encoding),
        );
        break;
      case 'assistant':
        add('assistant', withMessagePoint(assistantUnits(message, param, encoding), message, encoding));
        break;
      case 'tool':
      case 'function':
        add('user', [toolResultUnit(message, param, encoding)]);
        break;
      default:
        throw new InvalidRequest(`The role ${message.role} is unknown.`, {
          param: `${param}.role`,
          code: 'invalid_role',
        });
    }
  }
  if (turns[0]?.role !== 'user') turns.unshift({ role: 'user', units: [[{ text: OPENING }]] });
  return { system, messages: turns.map((turn, index) => closeTurn(turn, index === turns.length - 1)) };
}

function withMessagePoint(
  units: Unit<RequestBlock>[],
  message: ChatMessage,
  encoding: Encoding,
): Unit<RequestBlock>[] {
  const last = units.at(-1);
  if (last !== undefined && last.length === 1)
    last.push(...cachePoint(message.cache_control, 'messages', encoding));
  return units;
}

function closeTurn({ role, units }: OpenTurn, isLast: boolean): Turn {
  const results = units.filter(([block]) => 'toolResult' in block);
  const others = units.filter(([block]) => !('toolResult' in block));
  const content: RequestBlock[] = [...results, ...others].flat();
  if (role === 'user') return { role, content: [...content, ...documentCaption(content)] };
  // A text that the model is to go on with must not end in white space.
  const last = content.at(-1);
  if (isLast && last !== undefined && 'text' in last) last.text = last.text.trimEnd();
  return { role, content };
}

/** A turn with a document must hold text too. */
function documentCaption(content: readonly RequestBlock[]): RequestBlock[] {
  const names = content.flatMap((block) => ('document' in block ? [block.document.name] : []));
  const hasText = content.some((block) => 'text' in block && !isBlank(block.text));
  return names.length === 0 || hasText ? [] : [{ text: `Attached: ${names.join(', ')}` }];
}
