import type { RequestRecord } from '../../lambda/stores/request-log.ts';

/** A logged request that says nothing in particular. */
export function requestRecord(more: Partial<RequestRecord> = {}): RequestRecord {
  const endedAt = Date.now();
  return {
    requestId: 'request-1',
    spanId: '0123456789abcdef',
    traceId: '0123456789abcdef0123456789abcdef',
    target: { parent: 'project_name:demo' },
    caller: 'caller-1',
    operation: 'chat',
    model: 'gpt-test',
    provider: 'openai',
    answeredModel: 'gpt-test-2026',
    input: { messages: [{ role: 'user', content: 'Hello' }] },
    output: { choices: [] },
    cached: false,
    stream: false,
    status: 200,
    startedAt: endedAt - 100,
    endedAt,
    truncated: false,
    ...more,
  };
}
