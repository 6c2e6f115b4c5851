import { telemetryName } from '../providers/telemetry-names.ts';
import { inputMessages, outputMessages } from './otlp-messages.ts';
import type { RequestRecord } from './request-log.ts';

/** As JSON has it: 64-bit numbers are texts. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } };

const CLIENT = 3;
const ERROR = 2;

const OPERATIONS: Readonly<Record<string, string>> = { completions: 'text_completion' };

/** A request as a span, by OpenTelemetry's GenAI conventions. https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ */
export function spanRequest(record: RequestRecord): object {
  const operation = OPERATIONS[record.operation] ?? record.operation;
  const span = {
    traceId: record.traceId,
    spanId: record.spanId,
    ...(record.parentSpanId === undefined ? {} : { parentSpanId: record.parentSpanId }),
    name: record.model === undefined ? (record.path ?? operation) : `${operation} ${record.model}`,
    kind: CLIENT,
    startTimeUnixNano: nanoseconds(record.startedAt),
    endTimeUnixNano: nanoseconds(record.endedAt),
    attributes: attributes({ ...identity(record, operation), ...requested(record), ...answered(record) }),
    status: record.error === undefined ? {} : { code: ERROR, message: record.error.message },
  };
  const scopeSpans = [{ scope: { name: 'sluice' }, spans: [span] }];
  return {
    resourceSpans: [{ resource: { attributes: attributes({ 'service.name': 'sluice' }) }, scopeSpans }],
  };
}

function identity(record: RequestRecord, operation: string): Record<string, unknown> {
  return {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': record.vendor === undefined ? undefined : telemetryName(record.vendor),
    'gen_ai.request.model': record.model,
    'gen_ai.request.stream': record.stream,
    'http.response.status_code': record.status,
    'error.type': record.error?.code ?? record.error?.type,
    'sluice.request.id': record.requestId,
    'sluice.caller': record.caller,
    'sluice.provider': record.provider,
    'sluice.path': record.path,
    'sluice.cached': record.cached,
    'sluice.cost_usd': record.costUsd,
    'sluice.truncated': record.truncated,
  };
}

/** OpenAI's sampling fields by the conventions' names. */
const SAMPLING: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'top_p',
  top_k: 'top_k',
  seed: 'seed',
  frequency_penalty: 'frequency_penalty',
  presence_penalty: 'presence_penalty',
  max_tokens: 'max_tokens',
  max_completion_tokens: 'max_tokens',
  n: 'choice.count',
};

function requested({ input }: RequestRecord): Record<string, unknown> {
  const body = fields(input);
  const sampling = Object.entries(SAMPLING)
    .filter(([field]) => Number.isFinite(body[field]))
    .map(([field, name]) => [`gen_ai.request.${name}`, body[field]]);
  const stop = typeof body.stop === 'string' ? [body.stop] : body.stop;
  const messages = inputMessages(body);
  return {
    ...Object.fromEntries(sampling),
    'gen_ai.request.stop_sequences': Array.isArray(stop) ? stop : undefined,
    'gen_ai.input.messages': json(messages.length > 0 ? messages : input),
    'gen_ai.tool.definitions': json(body.tools),
  };
}

function answered(record: RequestRecord): Record<string, unknown> {
  const { id, model } = fields(record.output);
  const usage = fields(record.usage);
  const messages = outputMessages(record.output);
  const reasons = messages.flatMap(({ finish_reason: reason }) => (reason === undefined ? [] : [reason]));
  return {
    'gen_ai.response.id': id,
    'gen_ai.response.model': model ?? record.answeredModel,
    'gen_ai.response.finish_reasons': reasons.length > 0 ? reasons : undefined,
    'gen_ai.usage.input_tokens': usage.prompt_tokens,
    'gen_ai.usage.output_tokens': usage.completion_tokens,
    'gen_ai.usage.cache_read.input_tokens': fields(usage.prompt_tokens_details).cached_tokens,
    'gen_ai.usage.cache_creation.input_tokens': fields(usage.prompt_tokens_details).cache_creation_tokens,
    'gen_ai.usage.reasoning.output_tokens': fields(usage.completion_tokens_details).reasoning_tokens,
    'gen_ai.output.messages': json(messages.length > 0 ? messages : record.output),
    'gen_ai.response.time_to_first_chunk':
      record.firstByteAt === undefined ? undefined : (record.firstByteAt - record.startedAt) / 1000,
  };
}

function json(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** Numbers that may have a fraction are of one type whether they have one or not: a backend's column is of one type. */
const DOUBLES = new Set([
  ...['temperature', 'top_p', 'top_k', 'frequency_penalty', 'presence_penalty'].map(
    (name) => `gen_ai.request.${name}`,
  ),
  'gen_ai.response.time_to_first_chunk',
  'sluice.cost_usd',
]);

function attributes(values: Readonly<Record<string, unknown>>): { key: string; value: AnyValue }[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const any = typeof value === 'number' && DOUBLES.has(key) ? { doubleValue: value } : anyValue(value);
    return any === undefined ? [] : [{ key, value: any }];
  });
}

function anyValue(value: unknown): AnyValue | undefined {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  if (!Array.isArray(value)) return undefined;
  return { arrayValue: { values: value.map(anyValue).filter((item) => item !== undefined) } };
}

function nanoseconds(milliseconds: number): string {
  return `${milliseconds}000000`;
}
