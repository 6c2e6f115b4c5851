import { InvalidRequest } from '../../errors.ts';
import { type ToolNames, toolNames } from '../../openai/tool-names.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { ModelQuirks } from '../model-quirks.ts';
import { isNative, nativeSchema } from './json-schema.ts';
import type { Format } from './response-format.ts';
import { isObject, type Tool, type ToolChoice, type ToolUnion } from './wire.ts';

/** `^[a-zA-Z0-9_-]{1,64}$`. https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools */
const MAX_NAME = 64;

export function vendorNames(body: JsonObject): ToolNames {
  return toolNames(body, MAX_NAME);
}

export interface Tools {
  readonly tools: ToolUnion[];
  readonly choice: ToolChoice | undefined;
  /** The caller forces a tool, or the answer's format does. */
  readonly forced: boolean;
}

/** The tools and the choice among them. https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview */
export function encodeTools(
  body: JsonObject,
  names: ToolNames,
  format: Format,
  quirks: ModelQuirks,
  dropped: Set<string>,
): Tools {
  const wanted = encodeToolChoice(body);
  const declared = allowed(encodeDeclared(body, names, quirks, dropped), body, names);
  if (format.kind === 'tool') return withJsonTool(declared, format, wanted);
  if (wanted?.type === 'any' || wanted?.type === 'tool') checkForced(declared, quirks);
  const choice = withParallel(named(wanted, names), body, declared.length > 0);
  if (declared.length > 0)
    return { tools: declared, choice, forced: choice?.type === 'any' || choice?.type === 'tool' };
  // A history with calls needs their tools, though none may be called now.
  const past = pastTools(body, names);
  return { tools: past, choice: past.length > 0 ? { type: 'none' } : undefined, forced: false };
}

/** One call at a time, so that the answer is one JSON text. */
function withJsonTool(
  declared: ToolUnion[],
  format: Format & { kind: 'tool' },
  wanted: ToolChoice | undefined,
): Tools {
  const others = wanted?.type === 'none' ? [] : declared;
  const type = others.length > 0 ? 'any' : 'tool';
  const choice: ToolChoice = !format.forced
    ? { type: 'auto', disable_parallel_tool_use: true }
    : type === 'any'
      ? { type, disable_parallel_tool_use: true }
      : { type: 'tool', name: format.tool.name, disable_parallel_tool_use: true };
  return { tools: [...others, format.tool], choice, forced: format.forced };
}

function checkForced(tools: ToolUnion[], quirks: ModelQuirks): void {
  if (tools.length > 0 && quirks.forcedTools) return;
  const why =
    tools.length > 0 ? 'This model can not be forced to call a tool.' : 'There are no tools to call.';
  throw new InvalidRequest(why, { param: 'tool_choice', code: 'unsupported_parameter' });
}

function encodeDeclared(
  body: JsonObject,
  names: ToolNames,
  quirks: ModelQuirks,
  dropped: Set<string>,
): ToolUnion[] {
  const tools = list(body.tools).map((tool, index) =>
    encodeTool(tool, `tools[${index}]`, names, quirks, dropped),
  );
  const functions = list(body.functions).map((declared, index) =>
    functionTool(declared, {}, `functions[${index}]`, names, quirks, dropped),
  );
  return [...tools, ...functions, ...webSearch(body.web_search_options, dropped)];
}

function encodeTool(
  tool: JsonObject,
  path: string,
  names: ToolNames,
  quirks: ModelQuirks,
  dropped: Set<string>,
): ToolUnion {
  const { type, function: declared, ...extras } = tool;
  if (isObject(declared)) return functionTool(declared, extras, `${path}.function`, names, quirks, dropped);
  if (type === 'function' || type === undefined || isObject(tool.custom))
    throw new InvalidRequest('Claude takes function tools, and tools of its own.', {
      param: type === 'function' ? `${path}.function` : `${path}.type`,
      code: 'unsupported_tool',
    });
  // A tool of the vendor's own: `web_search_20250305`, `bash_20250124`, `mcp_toolset`, …
  return tool as unknown as ToolUnion;
}

function functionTool(
  declared: JsonObject,
  extras: JsonObject,
  path: string,
  names: ToolNames,
  quirks: ModelQuirks,
  dropped: Set<string>,
): Tool {
  const { name, description, parameters, strict, cache_control } = declared;
  if (typeof name !== 'string' || name === '')
    throw new InvalidRequest('A function needs a name.', {
      param: `${path}.name`,
      code: 'missing_required_parameter',
    });
  const schema: JsonObject = isObject(parameters) ? parameters : { properties: {} };
  const keepsStrict = strict === true && quirks.nativeSchema && isNative(schema);
  if (strict === true && !keepsStrict) dropped.add('tools[].function.strict');
  const input = { ...(keepsStrict ? nativeSchema(schema) : schema), type: 'object' } as Tool['input_schema'];
  return {
    name: names.toVendor(name),
    ...(typeof description === 'string' ? { description } : {}),
    input_schema: input,
    ...(keepsStrict ? { strict: true } : {}),
    ...(cache_control ? { cache_control } : {}),
    ...extras,
  } as unknown as Tool;
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool */
function webSearch(options: unknown, dropped: Set<string>): ToolUnion[] {
  if (!isObject(options)) return [];
  if (options.search_context_size) dropped.add('web_search_options.search_context_size');
  const { approximate } = isObject(options.user_location) ? options.user_location : {};
  const location = isObject(approximate)
    ? { user_location: { type: 'approximate' as const, ...approximate } }
    : {};
  return [{ type: 'web_search_20250305', name: 'web_search', ...location }];
}

/** The choice, the caller's names still in it. Undefined where the caller leaves it open. */
export function encodeToolChoice(body: JsonObject): ToolChoice | undefined {
  const choice = body.tool_choice ?? body.function_call;
  if (choice === undefined || choice === null) return undefined;
  if (choice === 'auto' || choice === 'none') return { type: choice };
  if (choice === 'required') return { type: 'any' };
  const { type, function: named, name, allowed_tools: some } = isObject(choice) ? choice : {};
  if (type === 'allowed_tools' && isObject(some)) return { type: some.mode === 'required' ? 'any' : 'auto' };
  if (type === 'auto' || type === 'none' || type === 'any') return choice as unknown as ToolChoice;
  const wanted = isObject(named) ? named.name : name;
  if (typeof wanted === 'string' && (type === 'function' || type === 'tool' || type === undefined))
    return { type: 'tool', name: wanted };
  throw new InvalidRequest('tool_choice is not valid.', { param: 'tool_choice', code: 'invalid_value' });
}

function named(choice: ToolChoice | undefined, names: ToolNames): ToolChoice | undefined {
  return choice?.type === 'tool' ? { ...choice, name: names.toVendor(choice.name) } : choice;
}

function withParallel(
  choice: ToolChoice | undefined,
  body: JsonObject,
  hasTools: boolean,
): ToolChoice | undefined {
  if (!hasTools) return undefined;
  if (body.parallel_tool_calls !== false || choice?.type === 'none') return choice;
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true } as ToolChoice;
}

/** OpenAI's `allowed_tools` narrows the tools without changing the list; here the list itself is narrowed. */
function allowed(tools: ToolUnion[], body: JsonObject, names: ToolNames): ToolUnion[] {
  const choice = isObject(body.tool_choice) ? body.tool_choice : {};
  if (choice.type !== 'allowed_tools' || !isObject(choice.allowed_tools)) return tools;
  const wanted = new Set(
    list(choice.allowed_tools.tools).map(({ function: named, name }) =>
      names.toVendor(String(isObject(named) ? named.name : name)),
    ),
  );
  return tools.filter((tool) => 'name' in tool && wanted.has(tool.name));
}

/** Whatever the caller declares, by name. */
export function declaredTools(body: JsonObject): { name: string }[] {
  const names = vendorNames(body);
  return [...list(body.tools), ...list(body.functions)].flatMap((tool) => {
    const name = isObject(tool.function) ? tool.function.name : tool.name;
    return typeof name === 'string' ? [{ name: names.toVendor(name) }] : [];
  });
}

function pastTools(body: JsonObject, names: ToolNames): ToolUnion[] {
  const called = new Set<string>();
  for (const message of list(body.messages)) {
    for (const { function: named } of list(message.tool_calls))
      if (isObject(named) && typeof named.name === 'string') called.add(names.toVendor(named.name));
    if (isObject(message.function_call)) called.add(names.toVendor(String(message.function_call.name)));
  }
  return [...called].map((name) => ({ name, input_schema: { type: 'object' } }));
}

function list(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
