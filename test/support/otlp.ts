/** What a collector that goes by the rules would refuse in a body of OTLP/HTTP's JSON. https://opentelemetry.io/docs/specs/otlp/ */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  /** By their keys, each as the one value that it has. */
  readonly attributes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

type Fields = Record<string, unknown>;

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  request: ['resourceSpans'],
  resourceSpans: ['resource', 'scopeSpans', 'schemaUrl'],
  resource: ['attributes', 'droppedAttributesCount'],
  scopeSpans: ['scope', 'spans', 'schemaUrl'],
  scope: ['name', 'version', 'attributes', 'droppedAttributesCount'],
  span: [
    ...['traceId', 'spanId', 'traceState', 'parentSpanId', 'flags', 'name', 'kind', 'startTimeUnixNano'],
    ...['endTimeUnixNano', 'attributes', 'droppedAttributesCount', 'events', 'links', 'status'],
  ],
  status: ['code', 'message'],
};

/** The one span of a request to a collector. Throws where anything in it is not as the protocol has it. */
export function spanIn(body: string): OtlpSpan {
  const request = fieldsOf(JSON.parse(body), 'request');
  const resourceSpans = fieldsOf(only(request.resourceSpans), 'resourceSpans');
  const resource = fieldsOf(resourceSpans.resource, 'resource');
  if (attributesOf(resource.attributes)['service.name'] === undefined) throw new Error('no service.name');
  const scopeSpans = fieldsOf(only(resourceSpans.scopeSpans), 'scopeSpans');
  fieldsOf(scopeSpans.scope, 'scope');
  const span = fieldsOf(only(scopeSpans.spans), 'span');
  const status = fieldsOf(span.status, 'status');
  expectThat(matches(span.traceId, /^(?!0+$)[0-9a-f]{32}$/), 'traceId');
  expectThat(matches(span.spanId, /^(?!0+$)[0-9a-f]{16}$/), 'spanId');
  expectThat(span.parentSpanId === undefined || matches(span.parentSpanId, /^[0-9a-f]{16}$/), 'parentSpanId');
  expectThat(typeof span.name === 'string' && span.name !== '', 'name');
  expectThat(Number.isInteger(span.kind) && Number(span.kind) >= 1 && Number(span.kind) <= 5, 'kind');
  const [start, end] = [span.startTimeUnixNano, span.endTimeUnixNano];
  expectThat(matches(start, /^\d{19}$/) && matches(end, /^\d{19}$/), 'a time is a text of nanoseconds');
  expectThat(String(start) <= String(end), 'a span ends after it began');
  expectThat(status.code === undefined || [0, 1, 2].includes(Number(status.code)), 'status.code');
  return { ...span, status, attributes: attributesOf(span.attributes) } as unknown as OtlpSpan;
}

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not as OTLP has it: ${what}`);
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function only(list: unknown): unknown {
  if (!Array.isArray(list) || list.length !== 1) throw new Error('not a list of one');
  return list[0];
}

function fieldsOf(value: unknown, kind: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${kind} is no object`);
  const unknown = Object.keys(value).filter((name) => !ALLOWED[kind]?.includes(name));
  expectThat(unknown.length === 0, `${kind} has no field ${unknown.join()}`);
  return value as Fields;
}

function attributesOf(list: unknown): OtlpSpan['attributes'] {
  if (!Array.isArray(list)) throw new Error('attributes are a list');
  const found: Record<string, Record<string, unknown>> = {};
  for (const item of list) {
    const { key, value, ...rest } = item as { key: unknown; value: unknown };
    expectThat(typeof key === 'string' && key !== '' && Object.keys(rest).length === 0, 'a key and a value');
    expectThat(found[String(key)] === undefined, `${String(key)} stands once`);
    checkValue(value, String(key));
    found[String(key)] = value as Record<string, unknown>;
  }
  return found;
}

/** Exactly one of the kinds, its content as proto3's JSON has it. */
function checkValue(value: unknown, key: string): void {
  const entries = Object.entries(value as object);
  const [[kind, inner] = ['', undefined]] = entries;
  expectThat(entries.length === 1, `${key} has one value`);
  if (kind === 'stringValue') expectThat(typeof inner === 'string', key);
  else if (kind === 'boolValue') expectThat(typeof inner === 'boolean', key);
  else if (kind === 'intValue')
    expectThat(matches(inner, /^-?\d{1,19}$/), `${key}: a 64-bit number is a text`);
  else if (kind === 'doubleValue') expectThat(typeof inner === 'number', key);
  else if (kind === 'arrayValue')
    for (const item of (inner as { values: unknown[] }).values) checkValue(item, key);
  else throw new Error(`${key} is of no known kind: ${kind}`);
}

/** The content of an attribute, of whichever kind it is. */
export function contentOf({ attributes }: OtlpSpan, key: string): unknown {
  const value = attributes[key];
  return value === undefined ? undefined : Object.values(value)[0];
}
