import type { RequestRecord } from './request-log.ts';

/** What gives way in a line that is too long, in this order. */
const CUT = ['output', 'input', 'usage', 'error', 'model', 'path', 'parent', 'answered_model'] as const;

/**
 * One logged request as one line of JSON, without the line's end. A line of more than `maxBytes` in UTF-8 has `truncated`
 * set, and of its answer, then of its input, only the beginning: of a text the text's, of another value that of its JSON.
 */
export function requestLine(record: RequestRecord, maxBytes: number): string {
  let fields: Record<string, unknown> = lineFields(record);
  let line = JSON.stringify(fields);
  for (const name of CUT) {
    if (Buffer.byteLength(line) <= maxBytes) return line;
    const value = fields[name];
    if (value === undefined) continue;
    fields = { ...fields, truncated: true, [name]: '' };
    const room = maxBytes - Buffer.byteLength(JSON.stringify(fields));
    fields[name] = beginning(typeof value === 'string' ? value : JSON.stringify(value), room);
    line = JSON.stringify(fields);
  }
  return line;
}

function lineFields(record: RequestRecord) {
  return {
    request_id: record.requestId,
    trace_id: record.traceId,
    span_id: record.spanId,
    parent_span_id: record.parentSpanId,
    parent: record.target.parent,
    caller: record.caller,
    operation: record.operation,
    path: record.path,
    model: record.model,
    provider: record.provider,
    answered_model: record.answeredModel,
    status: record.status,
    error: record.error,
    cached: record.cached,
    stream: record.stream,
    started_at: isoTime(record.startedAt),
    first_byte_at: isoTime(record.firstByteAt),
    ended_at: isoTime(record.endedAt),
    duration_ms: record.endedAt - record.startedAt,
    usage: record.usage,
    cost_usd: record.costUsd,
    truncated: record.truncated,
    input: record.input,
    output: record.output,
  };
}

function isoTime(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}

/** As much of the beginning of `text` as fits into `room` bytes between the quotes of a JSON string. */
function beginning(text: string, room: number): string {
  if (room <= 0) return '';
  // No character takes less than a byte. What is cut here in the middle of a pair is one character more than fits.
  const bytes = Buffer.from(JSON.stringify(text.slice(0, room + 2)).slice(1, -1));
  if (bytes.byteLength <= room) return text.slice(0, room);
  let end = room;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  const escaped = bytes.toString('utf8', 0, end);
  // An escape that was cut in two: a backslash that no other escapes, and what is there of its digits.
  const whole = escaped.replace(/(?<!\\)((?:\\\\)*)\\(?:u[0-9a-f]{0,3})?$/, '$1');
  return JSON.parse(`"${whole}"`);
}
