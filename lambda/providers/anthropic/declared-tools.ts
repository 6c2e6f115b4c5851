import { InvalidRequest } from '../../errors.ts';
import { isObject, objects } from '../../openai/json.ts';
import { type ToolNames, toolNames } from '../../openai/tool-names.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { ModelQuirks } from '../model-quirks.ts';
import { isNative, nativeSchema } from './json-schema.ts';
import type { Tool, ToolUnion } from './wire.ts';

/** `^[a-zA-Z0-9_-]{1,64}$`. https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools */
const MAX_NAME = 64;

export function vendorNames(body: JsonObject): ToolNames {
  return toolNames(body, MAX_NAME);
}

/** What the request declares, each as the vendor's tool. */
export function encodeDeclared(
  body: JsonObject,
  names: ToolNames,
  quirks: ModelQuirks,
  dropped: Set<string>,
): ToolUnion[] {
  const tools = objects(body.tools).map((tool, index) =>
    encodeTool(tool, `tools[${index}]`, names, quirks, dropped),
  );
  const functions = objects(body.functions).map((declared, index) =>
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

/** Whatever the caller declares, by name. */
export function declaredTools(body: JsonObject): { name: string }[] {
  const names = vendorNames(body);
  return [...objects(body.tools), ...objects(body.functions)].flatMap((tool) => {
    const name = isObject(tool.function) ? tool.function.name : tool.name;
    return typeof name === 'string' ? [{ name: names.toVendor(name) }] : [];
  });
}
