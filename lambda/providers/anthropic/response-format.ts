import { InvalidRequest } from '../../errors.ts';
import { isObject } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { ModelQuirks } from '../model-quirks.ts';
import { declaredTools } from './declared-tools.ts';
import type { Host } from './host.ts';
import { isNative, nativeSchema } from './json-schema.ts';
import { encodeToolChoice } from './tool-choice.ts';
import type { Tool } from './wire.ts';

/** How the caller's `response_format` is kept. Made anew from the request wherever it is needed, and the same each time. */
export type Format =
  | { readonly kind: 'text' }
  /** The vendor's own decoding keeps the schema. */
  | { readonly kind: 'native'; readonly schema: JsonObject }
  /** A tool whose arguments are the answer; it comes back as content. */
  | { readonly kind: 'tool'; readonly tool: Tool; readonly forced: boolean };

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs */
export function planFormat(body: JsonObject, quirks: ModelQuirks, host: Pick<Host, 'nativeSchema'>): Format {
  const schema = requestedSchema(body.response_format);
  if (schema === undefined) return { kind: 'text' };
  // A model that can't be forced to a tool has only the vendor's own way, wherever it lives.
  const native = quirks.nativeSchema && (host.nativeSchema || !quirks.forcedTools);
  if (schema.given && native && isNative(schema.schema))
    return { kind: 'native', schema: nativeSchema(described(schema)) };
  const choice = encodeToolChoice(body);
  // The caller wants a call of a tool, not an answer: there is nothing to format.
  if (choice?.type === 'any' || choice?.type === 'tool') return { kind: 'text' };
  return { kind: 'tool', tool: jsonTool(schema, freeName(body)), forced: quirks.forcedTools };
}

interface Requested {
  readonly schema: JsonObject;
  readonly given: boolean;
  readonly description?: string;
}

function requestedSchema(format: unknown): Requested | undefined {
  if (format === undefined || format === null) return undefined;
  const { type, json_schema: named } = isObject(format) ? format : {};
  if (type === 'text') return undefined;
  if (type === 'json_object') return { schema: { type: 'object' }, given: false };
  if (type !== 'json_schema' || !isObject(named))
    throw new InvalidRequest('response_format is not valid.', {
      param: type === 'json_schema' ? 'response_format.json_schema' : 'response_format.type',
      code: 'invalid_value',
    });
  const description = typeof named.description === 'string' ? { description: named.description } : {};
  return isObject(named.schema)
    ? { schema: named.schema, given: true, ...description }
    : { schema: { type: 'object' }, given: false, ...description };
}

function described({ schema, description }: Requested): JsonObject {
  return description === undefined || schema.description !== undefined ? schema : { ...schema, description };
}

function jsonTool({ schema, description }: Requested, name: string): Tool {
  if (schema.type !== undefined && schema.type !== 'object')
    throw new InvalidRequest('The schema of an answer must be of an object.', {
      param: 'response_format.json_schema.schema',
      code: 'unsupported_parameter',
    });
  const text = description ?? 'Give the answer with this tool, as its arguments; write nothing else.';
  return { name, description: text, input_schema: { ...schema, type: 'object' } };
}

function freeName(body: JsonObject): string {
  const taken = new Set(declaredTools(body).map(({ name }) => name));
  let name = 'json';
  for (let n = 2; taken.has(name); n++) name = `json_${n}`;
  return name;
}
