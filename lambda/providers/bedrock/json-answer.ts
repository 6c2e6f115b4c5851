import { object, objects } from '../../openai/json.ts';
import type { ToolNames } from '../../openai/tool-names.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { text } from './json.ts';
import type { Tool } from './wire.ts';

/**
 * An answer in JSON: Converse has no such mode for every model, so the model is made to call a tool whose arguments are the
 * answer. The decoders find it again by the same rule.
 */
export interface JsonAnswer {
  /** The tool's name, never one of the caller's. */
  readonly name: string;
  readonly schema: JsonObject;
  readonly description: string | undefined;
}

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-response_format */
export function jsonAnswer(body: JsonObject, names: ToolNames): JsonAnswer | undefined {
  const format = object(body.response_format);
  if (format?.type !== 'json_schema' && format?.type !== 'json_object') return undefined;
  if (calls(body)) return undefined;
  const wanted = object(format.json_schema);
  return {
    name: freeName(body, names),
    schema: object(wanted?.schema) ?? { type: 'object', additionalProperties: true },
    description: text(text(wanted?.description)?.trim()),
  };
}

export function jsonTool(json: JsonAnswer): Tool {
  const use = 'Gives the final answer: the arguments are the whole answer, as a JSON object.';
  const description = json.description === undefined ? use : `${use} ${json.description}`;
  return { toolSpec: { name: json.name, description, inputSchema: { json: json.schema } } };
}

/** For models that can not be forced. */
export function jsonInstruction(json: JsonAnswer): string {
  return `Give the final answer by a call of the tool ${json.name} and in no other way.`;
}

/** The caller forces a tool: the answer is a call, and no text has a format. */
function calls(body: JsonObject): boolean {
  const choice = body.tool_choice ?? body.function_call;
  const given = object(choice);
  const mode = object(given?.allowed_tools)?.mode;
  return (
    choice === 'required' || mode === 'required' || given?.function !== undefined || given?.name !== undefined
  );
}

function freeName(body: JsonObject, names: ToolNames): string {
  const taken = new Set(
    [
      ...objects(body.tools).map((tool) => object(tool.function)?.name),
      ...objects(body.functions).map((declared) => declared.name),
      ...objects(body.messages).flatMap((message) => [
        object(message.function_call)?.name,
        ...objects(message.tool_calls).map((call) => object(call.function)?.name),
      ]),
    ].map((name) => (typeof name === 'string' ? names.toVendor(name) : '')),
  );
  let name = 'json';
  for (let n = 2; taken.has(name); n++) name = `json_${n}`;
  return name;
}
