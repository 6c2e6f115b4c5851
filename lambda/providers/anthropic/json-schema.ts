import { isObject } from '../../openai/json.ts';
import type { Json, JsonObject } from '../../openai/wire.ts';

/**
 * What the vendor's constrained decoding takes of JSON Schema. A keyword that it refuses is left out of the schema and
 * said in the description instead. https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
const FORMATS = new Set('date-time time date duration email hostname uri ipv4 ipv6 uuid'.split(' '));
const KEPT = new Set(
  '$schema $id $ref title description default const enum type required minItems'.split(' '),
);
const SAID = new Set(
  (
    'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern minItems maxItems ' +
    'uniqueItems minProperties maxProperties not format'
  ).split(' '),
);
const MAPS = new Set(['properties', '$defs', 'definitions']);
const LISTS = new Set(['anyOf', 'allOf', 'oneOf']);

/** The vendor's limit is 24; compiling was seen to time out from 11 on. */
const MAX_OPTIONAL = 10;

/** Keywords that change what a schema means, and that neither the vendor's subset nor a sentence can say. */
const BEYOND =
  'patternProperties propertyNames dependentSchemas dependentRequired if then else prefixItems contains additionalItems unevaluatedProperties unevaluatedItems'.split(
    ' ',
  );

/** Whether the vendor's decoding can follow the schema: it is finite, closed, and not too loose. */
export function isNative(schema: JsonObject): boolean {
  let optional = 0;
  const followed = new Set<string>();
  const visit = (node: unknown, inside: readonly string[]): boolean => {
    if (!isObject(node)) return true;
    const ref = node.$ref;
    if (typeof ref === 'string') {
      if (inside.includes(ref)) return false;
      if (!followed.has(ref) && !visit(target(schema, ref), [...inside, ref])) return false;
      followed.add(ref);
    }
    if (isOpen(node) || BEYOND.some((key) => key in node)) return false;
    const required = Array.isArray(node.required) ? node.required : [];
    optional += Object.keys(children(node.properties)).filter((name) => !required.includes(name)).length;
    return subschemas(node).every((child) => visit(child, inside));
  };
  return visit(schema, []) && optional <= MAX_OPTIONAL;
}

/** Objects of any keys: closed, as the vendor wants every object, nothing could stand in them. */
function isOpen(node: JsonObject): boolean {
  if (isObject(node.additionalProperties) || node.additionalProperties === true) return true;
  const isObjectType = node.type === 'object' || (Array.isArray(node.type) && node.type.includes('object'));
  if (!isObjectType || Object.keys(children(node.properties)).length > 0) return false;
  return node.additionalProperties !== false && !('$ref' in node) && !('anyOf' in node);
}

/** The schema in the vendor's subset: objects closed, `oneOf` as `anyOf`, refused keywords as words. */
export function nativeSchema(schema: JsonObject): JsonObject {
  const result: JsonObject = {};
  // Beside a reference the vendor takes definitions alone.
  if (typeof schema.$ref === 'string') return { $ref: schema.$ref, ...definitions(schema) };
  const said: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (KEPT.has(key) && !(key === 'minItems' && Number(value) > 1)) result[key] = value;
    else if (key === 'format' && FORMATS.has(String(value))) result.format = value;
    else if (MAPS.has(key)) result[key] = mapValues(children(value), nativeOf);
    else if (LISTS.has(key) && Array.isArray(value))
      result[key === 'oneOf' ? 'anyOf' : key] = value.map(nativeOf);
    else if (key === 'items') result.items = Array.isArray(value) ? value.map(nativeOf) : nativeOf(value);
    else if (SAID.has(key) && value !== null && value !== false)
      said.push(`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }
  if (schema.type === 'object' || schema.properties !== undefined) result.additionalProperties = false;
  if (said.length > 0)
    result.description = [result.description, `${said.join('; ')}.`].filter(Boolean).join('\n');
  return result;
}

function nativeOf(value: Json | undefined): Json {
  return isObject(value) ? nativeSchema(value) : (value ?? null);
}

function definitions(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    ['$defs', 'definitions']
      .filter((key) => isObject(schema[key]))
      .map((key) => [key, mapValues(children(schema[key]), nativeOf)]),
  );
}

function subschemas(node: JsonObject): unknown[] {
  return [
    ...Object.values(children(node.properties)),
    ...[...LISTS].flatMap((key) => (Array.isArray(node[key]) ? node[key] : [])),
    ...(Array.isArray(node.items) ? node.items : [node.items]),
  ];
}

function target(root: JsonObject, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined;
  const path = ref.slice(1).split('/').slice(1);
  return path.reduce<unknown>((node, step) => {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    return isObject(node) ? node[key] : undefined;
  }, root);
}

function children(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function mapValues(object: JsonObject, change: (value: Json | undefined) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
