import { InvalidRequest } from '../../errors.ts';
import { isObject, objects } from '../../openai/json.ts';
import type { ToolNames } from '../../openai/tool-names.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { ModelQuirks } from '../model-quirks.ts';
import type { ToolChoice, ToolUnion } from './wire.ts';

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

export function withVendorName(choice: ToolChoice | undefined, names: ToolNames): ToolChoice | undefined {
  return choice?.type === 'tool' ? { ...choice, name: names.toVendor(choice.name) } : choice;
}

export function withParallel(
  choice: ToolChoice | undefined,
  body: JsonObject,
  hasTools: boolean,
): ToolChoice | undefined {
  if (!hasTools) return undefined;
  if (body.parallel_tool_calls !== false || choice?.type === 'none') return choice;
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true } as ToolChoice;
}

/** OpenAI's `allowed_tools` narrows the tools without changing the list; here the list itself is narrowed. */
export function allowedTools(tools: ToolUnion[], body: JsonObject, names: ToolNames): ToolUnion[] {
  const choice = isObject(body.tool_choice) ? body.tool_choice : {};
  if (choice.type !== 'allowed_tools' || !isObject(choice.allowed_tools)) return tools;
  const wanted = new Set(
    objects(choice.allowed_tools.tools).map(({ function: named, name }) =>
      names.toVendor(String(isObject(named) ? named.name : name)),
    ),
  );
  return tools.filter((tool) => 'name' in tool && wanted.has(tool.name));
}

/** Throws InvalidRequest where the model can not be made to call one of the tools. */
export function checkForced(tools: ToolUnion[], quirks: ModelQuirks): void {
  if (tools.length > 0 && quirks.forcedTools) return;
  const why =
    tools.length > 0 ? 'This model can not be forced to call a tool.' : 'There are no tools to call.';
  throw new InvalidRequest(why, { param: 'tool_choice', code: 'unsupported_parameter' });
}
