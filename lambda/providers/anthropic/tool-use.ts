import { InvalidRequest } from '../../errors.ts';
import type { ChatMessage } from '../../openai/chat.ts';
import { isObject } from '../../openai/json.ts';
import type { ToolNames } from '../../openai/tool-names.ts';
import type { ToolCall } from '../../openai/wire.ts';
import type { CacheControl } from './wire.ts';

/** A tool call of the history, its id still to be given. */
export interface ToolUse {
  readonly type: 'tool_use';
  readonly name: string;
  readonly input: unknown;
  readonly cache_control?: CacheControl;
}

export function toolUseBlock(call: ToolCall, path: string, names: ToolNames): ToolUse {
  const called = isObject(call.function) ? call.function : undefined;
  if (called === undefined || typeof called.name !== 'string')
    throw new InvalidRequest('A tool call needs a function with a name.', {
      param: `${path}.function.name`,
      code: 'unsupported_tool',
    });
  const cacheControl = isObject(call.cache_control) ? call.cache_control : undefined;
  return {
    type: 'tool_use',
    name: names.toVendor(called.name),
    input: parseArguments(called.arguments, `${path}.function.arguments`),
    ...(cacheControl === undefined ? {} : { cache_control: cacheControl as unknown as CacheControl }),
  };
}

/** The obsolete `function_call`. */
export function toolUseOfFunction(
  called: NonNullable<ChatMessage['function_call']>,
  path: string,
  names: ToolNames,
): ToolUse {
  return {
    type: 'tool_use',
    name: names.toVendor(called.name ?? ''),
    input: parseArguments(called.arguments, `${path}.arguments`),
  };
}

/** The vendor wants an object. Many clients write nothing for a call without arguments. */
function parseArguments(text: unknown, path: string): unknown {
  if (text === undefined || text === null || (typeof text === 'string' && text.trim() === '')) return {};
  const input = typeof text === 'string' ? parse(text) : text;
  if (input === null) return {};
  if (!isObject(input))
    throw new InvalidRequest(`${path} must be a JSON object.`, { param: path, code: 'invalid_value' });
  return input;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
