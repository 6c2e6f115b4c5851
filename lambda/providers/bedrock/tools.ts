import { InvalidRequest } from '../../errors.ts';
import { object, objects } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { cachePoint, type Encoding } from './encoding.ts';
import { text } from './json.ts';
import { type JsonAnswer, jsonAnswer, jsonInstruction, jsonTool } from './json-answer.ts';
import type { ConverseBody, Tool, ToolChoice } from './wire.ts';

/** What the caller's tool fields come to. */
export interface EncodedTools {
  readonly toolConfig?: NonNullable<ConverseBody['toolConfig']>;
  /** For `additionalModelRequestFields`: Claude's own tool_choice says what Converse's can't. */
  readonly more: JsonObject;
  /** For the system prompt, where the model can't be made to in another way. */
  readonly instruction?: string;
  /** The model must call a tool. Claude can't think then. */
  readonly forced: boolean;
}

type Choice = { mode: 'auto' | 'none' | 'required' } | { mode: 'named'; name: string };

const NO_CALLS = 'Call no tool in this turn: answer with text.';

/**
 * Tools, the choice among them, and a JSON answer, which is a tool as well.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use.html
 */
export function encodeTools(body: JsonObject, encoding: Encoding): EncodedTools {
  const { choice, allowed } = readChoice(body);
  const json = jsonAnswer(body, encoding.names);
  const tools = declaredTools(body, allowed, encoding);
  if (tools.length === 0 && (choice.mode === 'required' || choice.mode === 'named')) {
    throw new InvalidRequest('A tool can be chosen only where there are tools.', { param: 'tool_choice' });
  }
  if (choice.mode === 'none' || (tools.length === 0 && json === undefined)) {
    return withoutCalls(body, tools, json, encoding);
  }
  if (json === undefined || choice.mode === 'required' || choice.mode === 'named') {
    return chosen(choice, tools, body, encoding);
  }
  return forJson([...tools, jsonTool(json)], json, tools.length > 0, encoding);
}

/**
 * No tool may be called. Converse has no such choice: the tools are left out, unless the history holds calls, which it then
 * refuses. Claude takes its own `none`; other models are told, and the caller learns that it is no more than that.
 */
function withoutCalls(
  body: JsonObject,
  declared: Tool[],
  json: JsonAnswer | undefined,
  encoding: Encoding,
): EncodedTools {
  const used = usedNames(body).map((name) => encoding.names.toVendor(name));
  if (json !== undefined) {
    const tools = used.length === 0 ? [] : withUsed(declared, used);
    return forJson([...tools, jsonTool(json)], json, false, encoding);
  }
  if (used.length === 0) return { more: {}, forced: false };
  const toolConfig = { tools: withUsed(declared, used) };
  if (encoding.traits.family === 'claude') {
    return { toolConfig, more: { tool_choice: { type: 'none' } }, forced: false };
  }
  if (body.tool_choice === 'none' || body.function_call === 'none') encoding.dropped.add('tool_choice');
  return { toolConfig, more: {}, instruction: NO_CALLS, forced: false };
}

/** The declared tools, and a stand-in for each that only the history knows. */
function withUsed(declared: Tool[], used: readonly string[]): Tool[] {
  const known = new Set(declared.map((tool) => ('toolSpec' in tool ? tool.toolSpec.name : '')));
  const missing = [...new Set(used)].filter((name) => !known.has(name));
  return [
    ...declared,
    ...missing.map((name): Tool => ({ toolSpec: { name, inputSchema: { json: { type: 'object' } } } })),
  ];
}

function chosen(choice: Choice, tools: Tool[], body: JsonObject, encoding: Encoding): EncodedTools {
  const forced = choice.mode === 'required' || choice.mode === 'named';
  if (forced && encoding.traits.family === 'claude' && encoding.traits.forcedTools === 'none') {
    throw new InvalidRequest('This model can not be forced to call a tool.', {
      param: 'tool_choice',
      code: 'unsupported_parameter',
    });
  }
  const name = choice.mode === 'named' ? encoding.names.toVendor(choice.name) : undefined;
  const single = body.parallel_tool_calls === false;
  if (single && encoding.traits.family === 'claude') {
    // Both ways of choosing at once are refused, so Claude's own says all of it.
    const type = name !== undefined ? 'tool' : forced ? 'any' : 'auto';
    const tool_choice = { type, ...(name === undefined ? {} : { name }), disable_parallel_tool_use: true };
    return { toolConfig: { tools }, more: { tool_choice }, forced };
  }
  if (single) encoding.dropped.add('parallel_tool_calls');
  if (name !== undefined && encoding.traits.forcedTools === 'any') {
    // This model can be forced to some tool, not to a named one: it is given no other.
    const only = tools.filter((tool) => 'toolSpec' in tool && tool.toolSpec.name === name);
    return { toolConfig: { tools: only, toolChoice: { any: {} } }, more: {}, forced };
  }
  const toolChoice: ToolChoice | undefined =
    name !== undefined ? { tool: { name } } : forced ? { any: {} } : undefined;
  return { toolConfig: { tools, ...(toolChoice === undefined ? {} : { toolChoice }) }, more: {}, forced };
}

/** A JSON answer: its tool is forced, or, beside the caller's tools, some tool is. */
function forJson(tools: Tool[], json: JsonAnswer, beside: boolean, encoding: Encoding): EncodedTools {
  const { forcedTools } = encoding.traits;
  if (forcedTools === 'none') {
    return { toolConfig: { tools }, more: {}, instruction: jsonInstruction(json), forced: false };
  }
  const toolChoice: ToolChoice =
    beside || (forcedTools === 'any' && tools.length === 1) ? { any: {} } : { tool: { name: json.name } };
  return { toolConfig: { tools, toolChoice }, more: {}, forced: true };
}

function declaredTools(
  body: JsonObject,
  allowed: ReadonlySet<string> | undefined,
  encoding: Encoding,
): Tool[] {
  const tools = objects(body.tools).flatMap((tool, index) => {
    if (tool.type !== undefined && tool.type !== 'function') {
      throw new InvalidRequest(`Bedrock has no tools of the type ${String(tool.type)}.`, {
        param: `tools[${index}].type`,
        code: 'unsupported_parameter',
      });
    }
    return toolSpec(object(tool.function), `tools[${index}].function`, allowed, encoding).flatMap((spec) => [
      spec,
      ...cachePoint(object(tool.cache_control), 'tools', encoding),
    ]);
  });
  const old = objects(body.functions).flatMap((declared, index) =>
    toolSpec(declared, `functions[${index}]`, allowed, encoding),
  );
  return [...tools, ...old];
}

function toolSpec(
  declared: JsonObject | undefined,
  param: string,
  allowed: ReadonlySet<string> | undefined,
  encoding: Encoding,
): Tool[] {
  const name = text(declared?.name);
  if (name === undefined) {
    throw new InvalidRequest('A tool needs a name.', {
      param: `${param}.name`,
      code: 'missing_required_parameter',
    });
  }
  if (allowed !== undefined && !allowed.has(name)) return [];
  const description = text(text(declared?.description)?.trim());
  const strict = declared?.strict === true;
  if (strict && !encoding.traits.strictTools) encoding.dropped.add('tools[].function.strict');
  return [
    {
      toolSpec: {
        name: encoding.names.toVendor(name),
        ...(description === undefined ? {} : { description }),
        inputSchema: { json: object(declared?.parameters) ?? { type: 'object', properties: {} } },
        ...(strict && encoding.traits.strictTools ? { strict } : {}),
      },
    },
  ];
}

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-tool_choice, and the obsolete function_call. */
function readChoice(body: JsonObject): { choice: Choice; allowed?: ReadonlySet<string> } {
  const value = body.tool_choice ?? body.function_call ?? 'auto';
  if (value === 'auto' || value === 'none' || value === 'required') return { choice: { mode: value } };
  const given = object(value);
  const name = text(object(given?.function)?.name) ?? text(given?.name);
  if (name !== undefined) return { choice: { mode: 'named', name } };
  const allowed = object(given?.allowed_tools);
  if (given?.type === 'allowed_tools' && allowed !== undefined) {
    const names = objects(allowed.tools).flatMap((tool) => text(object(tool.function)?.name) ?? []);
    return { choice: { mode: allowed.mode === 'required' ? 'required' : 'auto' }, allowed: new Set(names) };
  }
  throw new InvalidRequest('The field tool_choice is not valid.', {
    param: 'tool_choice',
    code: 'invalid_type',
  });
}

/** The tools that the history's calls name. */
export function usedNames(body: JsonObject): string[] {
  return objects(body.messages).flatMap((message) => [
    ...objects(message.tool_calls).flatMap((call) => text(object(call.function)?.name) ?? []),
    ...(text(object(message.function_call)?.name) === undefined
      ? []
      : [String(object(message.function_call)?.name)]),
  ]);
}
