import { describe, expect, test } from '@jest/globals';
import { requestLine } from '../../../lambda/stores/request-line.ts';
import type { RequestRecord } from '../../../lambda/stores/request-log.ts';

const RECORD: RequestRecord = {
  requestId: 'request-1',
  spanId: '0123456789abcdef',
  traceId: '0123456789abcdef0123456789abcdef',
  target: { parent: 'project_name:demo' },
  caller: 'caller-1',
  operation: 'chat',
  model: 'fast',
  provider: 'groq',
  answeredModel: 'llama',
  input: { messages: [{ role: 'user', content: 'Grüße\nund 👋' }] },
  output: { choices: [] },
  usage: { prompt_tokens: 3 },
  costUsd: 0.25,
  cached: false,
  stream: true,
  status: 200,
  startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  firstByteAt: Date.UTC(2026, 0, 2, 3, 4, 5, 106),
  endedAt: Date.UTC(2026, 0, 2, 3, 4, 6, 6),
  truncated: false,
};
const bytes = (line: string) => Buffer.byteLength(line);
const empty = bytes(requestLine({ ...RECORD, input: '', output: '', truncated: true }, 1_000_000));

describe('requestLine', () => {
  test('says everything of a request in one line', () => {
    const line = requestLine(
      { ...RECORD, parentSpanId: 'fedcba9876543210', path: 'POST /responses' },
      10_000,
    );
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      request_id: 'request-1',
      trace_id: '0123456789abcdef0123456789abcdef',
      span_id: '0123456789abcdef',
      parent_span_id: 'fedcba9876543210',
      parent: 'project_name:demo',
      caller: 'caller-1',
      operation: 'chat',
      path: 'POST /responses',
      model: 'fast',
      provider: 'groq',
      answered_model: 'llama',
      status: 200,
      cached: false,
      stream: true,
      started_at: '2026-01-02T03:04:05.006Z',
      first_byte_at: '2026-01-02T03:04:05.106Z',
      ended_at: '2026-01-02T03:04:06.006Z',
      duration_ms: 1_000,
      usage: { prompt_tokens: 3 },
      cost_usd: 0.25,
      truncated: false,
      input: RECORD.input,
      output: { choices: [] },
    });
  });

  test('leaves out what is not known, and tells an error', () => {
    const error = { message: 'It failed.', type: 'api_error', code: null };
    const { model, provider, answeredModel, output, usage, costUsd, firstByteAt, ...rest } = RECORD;
    const fields = JSON.parse(requestLine({ ...rest, input: undefined, status: 502, error }, 10_000));
    expect(fields).toMatchObject({ status: 502, error });
    for (const name of ['model', 'provider', 'answered_model', 'input', 'output', 'usage', 'cost_usd'])
      expect(fields).not.toHaveProperty(name);
    expect(fields).not.toHaveProperty('first_byte_at');
  });

  test('keeps numbers that JavaScript would round', () => {
    const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
    const line = requestLine({ ...RECORD, input: { seed: rawJSON('9007199254740993') } }, 10_000);
    expect(line).toContain('"seed":9007199254740993');
  });

  test('cuts the answer first: its beginning, as text', () => {
    const output = { text: 'x'.repeat(1_000) };
    const line = requestLine({ ...RECORD, input: 'short', output }, 1_200);
    const fields = JSON.parse(line);
    expect(bytes(line)).toBe(1_200);
    expect(fields.truncated).toBe(true);
    expect(fields.input).toBe('short');
    expect(JSON.stringify(output).startsWith(fields.output)).toBe(true);
  });

  test('cuts the input too where the answer is not enough', () => {
    const line = requestLine({ ...RECORD, input: 'in'.repeat(1_000), output: 'out' }, empty + 100);
    const fields = JSON.parse(line);
    expect(fields).toMatchObject({ truncated: true, output: '', input: 'in'.repeat(50) });
    expect(bytes(line)).toBe(empty + 100);
  });

  test.each([
    ['two-byte letters', 'ü'],
    ['surrogate pairs', '👋'],
    ['quotes', '"'],
    ['backslashes', '\\'],
    ['control characters', '\u0001'],
    ['halves of a pair', '\ud83d'],
    ['a mixture', 'aü€👋"\\\n\u0001\ud83dz'],
  ])('counts bytes, and breaks no character: %s', (_, piece) => {
    const output = piece.repeat(60);
    for (let room = 0; room < 60; room++) {
      const line = requestLine({ ...RECORD, input: '', output }, empty + room);
      expect(bytes(line)).toBeLessThanOrEqual(empty + room);
      const fields = JSON.parse(line);
      expect(output.startsWith(fields.output)).toBe(true);
      // As much as fits: the next character, with both its halves, would be too much.
      const next = output.slice(fields.output.length)[Symbol.iterator]().next().value;
      const longer = JSON.stringify({ ...fields, output: `${fields.output}${next}` });
      expect(bytes(longer)).toBeGreaterThan(empty + room);
    }
  });

  test('fits whatever a caller sent, long names too', () => {
    const long = '"'.repeat(5_000);
    const error = { message: long, type: 'api_error', code: null };
    const target = { parent: long };
    const all = { ...RECORD, target, model: long, path: long, answeredModel: long, error, usage: { long } };
    const line = requestLine({ ...all, input: long, output: long }, 2_000);
    expect(bytes(line)).toBeLessThanOrEqual(2_000);
    expect(JSON.parse(line)).toMatchObject({ request_id: 'request-1', truncated: true, status: 200 });
  });

  test('tells what was cut before it got here', () => {
    expect(JSON.parse(requestLine({ ...RECORD, truncated: true }, 10_000)).truncated).toBe(true);
  });
});
