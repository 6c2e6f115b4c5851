import type { FunctionTool } from '../../openai/chat.ts';
import { isObject } from '../../openai/json.ts';
import type { Json, JsonObject } from '../../openai/wire.ts';
import { type Encoding, invalid, unsupported } from './encoding.ts';
import { openApiSchema, responseJsonSchema } from './schema.ts';
import type { FunctionDeclaration } from './wire.ts';

/** Which calls the model may or must make. */
export type Choice = 'auto' | 'none' | 'required' | 'named';

/** The caller's function tools, in order. https://platform.openai.com/docs/guides/function-calling */
export function declaredFunctions({ body }: Encoding): FunctionTool[] {
  return toolList(body).filter(
    (tool) => isObject(tool) && tool.type === 'function',
  ) as unknown as FunctionTool[];
}

/** Tools that the vendor runs itself (`{"googleSearch": {}}`), as the caller wrote them. */
export function nativeTools({ body }: Encoding): JsonObject[] {
  const native = toolList(body).flatMap((tool, index) => {
    if (!isObject(tool)) throw invalid(`tools[${index}]`, `tools[${index}] must be an object.`);
    if (tool.type === 'function') return [];
    if (tool.type !== undefined)
      throw unsupported(
        `tools[${index}].type`,
        `Gemini has no tools of the type ${JSON.stringify(tool.type)}.`,
      );
    return [tool];
  });
  return isObject(body.web_search_options) ? [...native, { googleSearch: {} }] : native;
}

function toolList(body: JsonObject): Json[] {
  return Array.isArray(body.tools) ? body.tools : [];
}

/** The kind of the caller's `tool_choice`; which functions it names is the calling config's to say. */
export function choiceOf({ body }: Encoding): Choice {
  const choice = body.tool_choice;
  if (choice === 'none' || choice === 'required') return choice;
  if (isObject(choice) && choice.type === 'function') return 'named';
  if (isObject(choice) && choice.type === 'allowed_tools' && isObject(choice.allowed_tools))
    return choice.allowed_tools.mode === 'required' ? 'required' : 'auto';
  if (choice === undefined || choice === null || choice === 'auto') return 'auto';
  throw unsupported('tool_choice', 'Gemini knows the choices auto, none, required and one function.');
}

/** `tools` and `toolConfig`. https://ai.google.dev/gemini-api/docs/function-calling */
export function toolFields(encoding: Encoding): JsonObject {
  const choice = choiceOf(encoding);
  const functions = declaredFunctions(encoding);
  // `none` speaks of all tools, but Gemini's mode stops function calls only.
  const native = choice === 'none' ? [] : nativeTools(encoding);
  const formatted = isObject(encoding.body.response_format) && encoding.body.response_format.type !== 'text';
  const left = choice === 'none' && formatted && !encoding.traits.schemaBesideTools ? [] : functions;
  if (left.length + native.length === 0) {
    if (choice === 'required' || choice === 'named')
      throw invalid('tool_choice', 'A tool_choice needs tools to choose from.');
    return {};
  }
  const declarations = left.map((tool) => declaration(tool, encoding));
  const tools = [...native, ...(left.length > 0 ? [{ functionDeclarations: declarations }] : [])];
  const mixed = native.length > 0 && left.length > 0 && encoding.traits.generation3;
  const mode = left.length > 0 ? callingConfig(encoding, choice, mixed) : undefined;
  const toolConfig: JsonObject = {
    ...(mode === undefined ? {} : { functionCallingConfig: mode }),
    // https://ai.google.dev/gemini-api/docs/tool-combination
    ...(mixed && encoding.platform === 'gemini' ? { includeServerSideToolInvocations: true } : {}),
  };
  return { tools, ...(Object.keys(toolConfig).length > 0 ? { toolConfig } : {}) } as unknown as JsonObject;
}

function declaration(tool: FunctionTool, encoding: Encoding): FunctionDeclaration {
  const definition = isObject(tool.function) ? tool.function : undefined;
  if (typeof definition?.name !== 'string')
    throw invalid(
      `tools[${toolList(encoding.body).indexOf(tool as unknown as Json)}].function.name`,
      'A function tool needs a name.',
    );
  const { name, description, parameters } = tool.function;
  return {
    name: encoding.names.toVendor(name),
    ...(typeof description === 'string' ? { description } : {}),
    ...(isObject(parameters) ? parametersField(parameters, encoding) : {}),
  };
}

/**
 * JSON Schema goes into `parametersJsonSchema`: `parameters` refuses every keyword that it does not know. A function
 * without parameters has none: an object without properties is refused.
 */
function parametersField(parameters: JsonObject, encoding: Encoding): Partial<FunctionDeclaration> {
  if (!describes(parameters)) return {};
  return encoding.traits.jsonSchema
    ? { parametersJsonSchema: responseJsonSchema(parameters) }
    : { parameters: openApiSchema(parameters) };
}

/** Keywords that tell nothing of the arguments. */
const EMPTY_KEYWORDS = ['$schema', 'type', 'title', 'description', 'required', 'strict'];

function describes(parameters: JsonObject): boolean {
  return Object.entries(parameters).some(([keyword, value]) => {
    if (keyword === 'properties') return isObject(value) && Object.keys(value).length > 0;
    if (keyword === 'additionalProperties') return value !== false;
    return !EMPTY_KEYWORDS.includes(keyword);
  });
}

function callingConfig(encoding: Encoding, choice: Choice, mixed: boolean): JsonObject | undefined {
  const { body, names, traits } = encoding;
  const wanted = body.tool_choice;
  const allowed = allowedNames(wanted).map((name) => names.toVendor(name));
  if (choice === 'named' && allowed.length === 0)
    throw invalid('tool_choice.function.name', 'The tool_choice names no function.');
  const limited = allowed.length > 0 ? { allowedFunctionNames: allowed } : {};
  const strict = declaredFunctions(encoding).some((tool) => tool.function.strict === true);
  // VALIDATED is AUTO with calls held to their schema; only it may be limited to some functions.
  const validated = traits.jsonSchema && (strict || mixed || allowed.length > 0);
  switch (choice) {
    case 'none':
      return { mode: 'NONE' };
    case 'required':
    case 'named':
      return { mode: 'ANY', ...limited };
    case 'auto':
      if (validated) return { mode: 'VALIDATED', ...limited };
      return wanted === undefined || wanted === null ? undefined : { mode: 'AUTO' };
  }
}

function allowedNames(choice: Json | undefined): string[] {
  if (!isObject(choice)) return [];
  const listed = isObject(choice.allowed_tools) ? choice.allowed_tools.tools : [choice];
  return (Array.isArray(listed) ? listed : []).flatMap((tool) =>
    isObject(tool) && isObject(tool.function) && typeof tool.function.name === 'string'
      ? [tool.function.name]
      : [],
  );
}
