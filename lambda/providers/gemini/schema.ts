import { isObject } from '../../openai/json.ts';
import type { Json, JsonObject } from '../../openai/wire.ts';

/** Keywords whose value is one schema, a list of them, or a map of them. */
const ONE = ['items', 'additionalProperties', 'not', 'if', 'then', 'else', 'contains', 'propertyNames'];
const MANY = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
const NAMED = ['properties', '$defs', 'definitions', 'patternProperties'];

/**
 * JSON Schema as Gemini reads it in `responseJsonSchema` and `parametersJsonSchema`: `const` becomes `enum`, `$ref` stands
 * alone, `definitions` are `$defs`, and an `allOf` of one is that one. Keywords it does not know it ignores.
 * https://ai.google.dev/api/generate-content#FIELDS.response_json_schema
 */
export function responseJsonSchema(schema: JsonObject): JsonObject {
  const { $schema: _, ...rest } = unwrapped(schema);
  if (typeof rest.$ref === 'string') {
    const definitions = isObject(rest.$defs) ? rest.$defs : rest.definitions;
    const target = rest.$ref.replace(/^#\/definitions\//, '#/$defs/');
    return { $ref: target, ...(isObject(definitions) ? { $defs: mapValues(definitions) } : {}) };
  }
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(rest)) {
    if (key === 'const') Object.assign(result, enumOf(value));
    else if (ONE.includes(key)) result[key] = sub(value);
    else if (MANY.includes(key)) result[key] = Array.isArray(value) ? value.map(sub) : value;
    else if (NAMED.includes(key))
      result[key === 'definitions' ? '$defs' : key] = isObject(value) ? mapValues(value) : value;
    else result[key] = value;
  }
  return result;
}

function sub<T extends Json | undefined>(value: T): T | Json {
  if (Array.isArray(value)) return value.map((item) => sub(item));
  return isObject(value) ? responseJsonSchema(value) : value;
}

function mapValues(named: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, sub(value)]));
}

/** `enum` is for strings and numbers; the type alone says most of what another constant would. */
function enumOf(value: Json | undefined): JsonObject {
  if (typeof value === 'string' || typeof value === 'number') return { enum: [value] };
  if (value === null) return { type: 'null' };
  return typeof value === 'boolean' ? { type: 'boolean' } : {};
}

/** Some generators wrap a reference in an `allOf` so as to put a description beside it. */
function unwrapped(schema: JsonObject): JsonObject {
  const { allOf, ...rest } = schema;
  const only = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
  return isObject(only) ? { ...rest, ...only } : schema;
}

/** What Google's subset of OpenAPI's schema has. https://ai.google.dev/api/caching#Schema */
const KEPT = [
  'title',
  'description',
  'format',
  'required',
  'propertyOrdering',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
  'pattern',
  'minimum',
  'maximum',
  'example',
  'default',
];

/** A recursive schema is cut off here: the subset has no references. */
const DEEPEST = 12;

/**
 * JSON Schema in Google's subset of OpenAPI's schema, for models that take no other: references are put in, unions become
 * `anyOf` and `nullable`, `const` an `enum`; what the subset has no word for is left out, as it would be refused.
 */
export function openApiSchema(schema: JsonObject): JsonObject {
  return openApi(schema, schema, 0) ?? {};
}

function openApi(schema: Json | undefined, root: JsonObject, depth: number): JsonObject | undefined {
  if (!isObject(schema) || depth > DEEPEST) return undefined;
  const wire = unwrapped(resolved(schema, root, depth));
  const result: JsonObject = {};
  for (const key of KEPT) if (wire[key] !== undefined) result[key] = wire[key];
  const union = [...list(wire.anyOf), ...list(wire.oneOf)];
  const branches = union.filter((branch) => !isNull(branch));
  const { types, nullable } = typesOf(wire, branches.length < union.length);
  if (nullable) result.nullable = true;
  if (branches.length === 1) Object.assign(result, { ...openApi(branches[0], root, depth + 1), ...result });
  else if (branches.length > 1)
    result.anyOf = branches
      .map((branch) => openApi(branch, root, depth + 1))
      .filter((branch) => branch !== undefined);
  else if (types.length > 1) result.anyOf = types.map((type) => ({ type: type.toUpperCase() }));
  const only = types[0];
  if (types.length === 1 && only !== undefined) result.type = only.toUpperCase();
  addEnum(result, wire);
  addChildren(result, wire, root, depth);
  return result;
}

function addEnum(result: JsonObject, wire: JsonObject): void {
  const values = wire.const === undefined ? list(wire.enum) : [wire.const];
  const strings = values.filter((value) => value !== null).map(String);
  if (values.includes(null)) result.nullable = true;
  if (strings.length === 0 || (result.type !== undefined && result.type !== 'STRING')) return;
  // The subset's enum is for strings only.
  result.type = 'STRING';
  result.enum = strings;
}

function addChildren(result: JsonObject, wire: JsonObject, root: JsonObject, depth: number): void {
  if (isObject(wire.properties)) {
    const entries = Object.entries(wire.properties).flatMap(([name, value]) => {
      const child = openApi(value, root, depth + 1);
      return child === undefined ? [] : [[name, child] as const];
    });
    if (entries.length > 0) result.properties = Object.fromEntries(entries);
    result.type ??= 'OBJECT';
    if (Array.isArray(result.required)) {
      const names = entries.map(([name]) => name);
      result.required = result.required.filter((name) => names.includes(String(name)));
    }
  }
  if (result.type !== 'ARRAY') return;
  // A list whose items are cut off or unknown still has to say what they are.
  const first = Array.isArray(wire.prefixItems) ? wire.prefixItems[0] : undefined;
  result.items = openApi(wire.items ?? first, root, depth + 1) ?? { type: 'STRING' };
}

function typesOf(wire: JsonObject, nullBranch: boolean): { types: string[]; nullable: boolean } {
  const all = (Array.isArray(wire.type) ? wire.type : typeof wire.type === 'string' ? [wire.type] : []).map(
    String,
  );
  const types = all.filter((type) => type !== 'null');
  return { types, nullable: nullBranch || wire.nullable === true || types.length < all.length };
}

function isNull(branch: Json | undefined): boolean {
  return isObject(branch) && (branch.type === 'null' || branch.const === null);
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** The schema that a local reference names, what stands beside the reference kept. */
function resolved(schema: JsonObject, root: JsonObject, depth: number): JsonObject {
  const { $ref, ...beside } = schema;
  if (typeof $ref !== 'string' || depth > DEEPEST) return schema;
  let target: Json | undefined = root;
  for (const step of $ref.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    target = isObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
  }
  return isObject(target) ? resolved({ ...target, ...beside }, root, depth + 1) : beside;
}
