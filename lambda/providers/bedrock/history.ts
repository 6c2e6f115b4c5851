import { InvalidRequest } from '../../errors.ts';
import type { ChatMessage } from '../../openai/chat.ts';
import { object } from '../../openai/json.ts';
import type { JsonObject, ReasoningPart, ToolCall } from '../../openai/wire.ts';
import { contentUnits, type Unit } from './content.ts';
import { cachePoint, type Encoding } from './encoding.ts';
import { text } from './json.ts';
import { toolUseId } from './tool-ids.ts';
import type { RequestBlock } from './wire.ts';

/** A tool's result must hold something that is not blank. */
const NO_OUTPUT = '(no output)';

/** What the assistant said, thought and called, in the order that Claude wants: thinking first, calls last. */
export function assistantUnits(
  message: ChatMessage,
  param: string,
  encoding: Encoding,
): Unit<RequestBlock>[] {
  const thoughts = reasoningParts(message).flatMap((part) => reasoningBlock(part, encoding));
  const said: Unit<RequestBlock>[] = contentUnits(message.content, `${param}.content`, encoding);
  if (said.length === 0) said.push(...contentUnits(message.refusal, `${param}.refusal`, encoding));
  const calls = (message.tool_calls ?? []).map((call, index) =>
    toolUse(call, `${param}.tool_calls[${index}]`, encoding),
  );
  const old = message.function_call;
  if (old !== undefined && old !== null) {
    const call = { id: oldCallId(old.name ?? ''), function: old };
    calls.push(toolUse(call, `${param}.function_call`, encoding));
  }
  return [...thoughts, ...said, ...calls];
}

export function toolResultUnit(message: ChatMessage, param: string, encoding: Encoding): Unit<RequestBlock> {
  const id = message.role === 'function' ? oldCallId(message.name ?? '') : text(message.tool_call_id);
  if (id === undefined) {
    throw new InvalidRequest('A tool message needs the id of the call that it answers.', {
      param: `${param}.tool_call_id`,
      code: 'missing_required_parameter',
    });
  }
  const units = contentUnits(message.content, `${param}.content`, encoding);
  // Cache points stand behind the whole result, not in it.
  const points = units.flatMap(([, ...rest]) => rest).slice(0, 1);
  const content = units.length === 0 ? [{ text: NO_OUTPUT }] : units.map(([block]) => block);
  const block = { toolResult: { toolUseId: toolUseId(id, encoding.traits), content } };
  return [block, ...(points.length > 0 ? points : cachePoint(message.cache_control, 'messages', encoding))];
}

/** Calls that the obsolete `function_call` made have no id: their name has to do. */
function oldCallId(name: string): string {
  return `function_${name}`;
}

function reasoningParts(message: ChatMessage): ReasoningPart[] {
  return Array.isArray(message.reasoning)
    ? message.reasoning.filter((part) => object(part) !== undefined)
    : [];
}

/**
 * Thinking goes back with its signature only, and only to a model that may check it: others refuse the block, or take
 * unsigned thoughts for something that was said.
 */
function reasoningBlock(part: ReasoningPart, encoding: Encoding): Unit<RequestBlock>[] {
  const { family } = encoding.traits;
  const id = text(part.id);
  if (id === undefined || (family !== 'claude' && family !== 'unknown')) return [];
  if (part.redacted) return [[{ reasoningContent: { redactedContent: id } }]];
  return [[{ reasoningContent: { reasoningText: { text: part.content ?? '', signature: id } } }]];
}

function toolUse(
  call: Pick<ToolCall, 'id'> & { function?: { name?: string; arguments?: string }; [more: string]: unknown },
  param: string,
  encoding: Encoding,
): Unit<RequestBlock> {
  const name = text(call.function?.name);
  if (name === undefined || text(call.id) === undefined) {
    throw new InvalidRequest('A tool call needs an id and the name of a function.', {
      param: name === undefined ? `${param}.function.name` : `${param}.id`,
      code: 'unsupported_content',
    });
  }
  const block = {
    toolUse: {
      toolUseId: toolUseId(call.id, encoding.traits),
      name: encoding.names.toVendor(name),
      input: parseArguments(call.function?.arguments),
    },
  };
  return [block, ...cachePoint(object(call.cache_control), 'messages', encoding)];
}

/** Converse wants an object. What a model wrote that is none stays readable for it. */
function parseArguments(value: unknown): JsonObject {
  if (typeof value !== 'string' || value.trim() === '') return object(value) ?? {};
  try {
    const parsed: unknown = JSON.parse(value);
    return object(parsed) ?? { invalid_arguments: value };
  } catch {
    return { invalid_arguments: value };
  }
}
