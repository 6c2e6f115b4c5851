import { isObject, objects } from '../../openai/json.ts';
import type { ToolNames } from '../../openai/tool-names.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { ModelQuirks } from '../model-quirks.ts';
import { encodeDeclared } from './declared-tools.ts';
import type { Format } from './response-format.ts';
import { allowedTools, checkForced, encodeToolChoice, withParallel, withVendorName } from './tool-choice.ts';
import type { ToolChoice, ToolUnion } from './wire.ts';

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
  const declared = allowedTools(encodeDeclared(body, names, quirks, dropped), body, names);
  if (format.kind === 'tool') return withJsonTool(declared, format, wanted);
  if (wanted?.type === 'any' || wanted?.type === 'tool') checkForced(declared, quirks);
  const choice = withParallel(withVendorName(wanted, names), body, declared.length > 0);
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

function pastTools(body: JsonObject, names: ToolNames): ToolUnion[] {
  const called = new Set<string>();
  for (const message of objects(body.messages)) {
    for (const { function: named } of objects(message.tool_calls))
      if (isObject(named) && typeof named.name === 'string') called.add(names.toVendor(named.name));
    if (isObject(message.function_call)) called.add(names.toVendor(String(message.function_call.name)));
  }
  return [...called].map((name) => ({ name, input_schema: { type: 'object' } }));
}
