/** What is measured: one table of loads, each with the figures that are read from it. */
import type { LoadResult } from './load.ts';
import { median } from './statistics.ts';

export type Target = 'direct' | 'relay' | 'gateway';
export const TARGETS: readonly Target[] = ['direct', 'relay', 'gateway'];

/** One round of one load on one target. */
export interface Sample extends LoadResult {
  /** CPU that the target's process used in the round, ms. Direct: the mock upstream's. */
  readonly cpuMs: number;
}

export interface Budget {
  readonly limit: 'at least' | 'at most';
  readonly value: number;
}

/** How the gateway's figure stands to another's: divided by it, or the difference from it. */
export interface Comparison {
  readonly to: 'direct' | 'relay';
  readonly by: 'ratio' | 'difference';
  readonly budget?: Budget;
}

export interface Metric {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  readonly of: (sample: Sample) => number;
  readonly comparison: Comparison;
}

export interface Scenario {
  readonly id: string;
  /** What to ask of a target. The gateway may be asked otherwise than the mock: for a conversion, say. */
  readonly request: (target: Target) => { readonly path: string; readonly body: object };
  readonly connections: number;
  /** Of one round on one target. */
  readonly seconds: number;
  readonly staggerMs: number;
  /** Relative to the other scenarios'; 0 where another one warms the same code. */
  readonly warmUp: number;
  /** How a whole answer ends; a target that is asked for another format has its own end. */
  readonly endsWith: string | Readonly<Record<Target, string>>;
  readonly metrics: readonly Metric[];
}

const MESSAGES = [
  { role: 'system', content: 'You are the keeper of the sluice. Answer in one short paragraph.' },
  { role: 'user', content: 'How much water may go through the gate today, and who decides that?' },
];

/** A chat request to the mock, without anything that would let the gateway cache it. */
export function chatRequest(model: string, stream: boolean): { path: string; body: object } {
  return { path: '/v1/chat/completions', body: { model, messages: MESSAGES, ...(stream ? { stream } : {}) } };
}

const chat = (model: string, stream: boolean) => () => chatRequest(model, stream);

export const JSON_END = '}';
export const STREAM_END = 'data: [DONE]';
const MESSAGE_END = '"message_stop"}';

/** The mock and the relay stream Anthropic's own format; the gateway makes OpenAI's of it. */
function message(target: Target): { path: string; body: object } {
  const body = { model: 'claude-bench', stream: true, max_tokens: 1000, messages: MESSAGES.slice(1) };
  return { path: target === 'gateway' ? '/v1/chat/completions' : '/v1/messages', body };
}

export const SCENARIOS: readonly Scenario[] = [
  {
    id: 'json-1',
    request: chat('gpt-bench-json', false),
    connections: 1,
    seconds: 0.8,
    staggerMs: 0,
    warmUp: 0,
    endsWith: JSON_END,
    metrics: [
      {
        id: 'json_p50',
        label: 'JSON, p50, c=1',
        unit: 'ms',
        of: (sample) => median(sample.totalMs),
        comparison: { to: 'direct', by: 'difference' },
      },
    ],
  },
  {
    id: 'json-32',
    request: chat('gpt-bench-json', false),
    connections: 32,
    seconds: 1.5,
    staggerMs: 0,
    warmUp: 3,
    endsWith: JSON_END,
    metrics: [
      {
        id: 'requests_per_second',
        label: 'JSON, c=32',
        unit: 'requests/s',
        of: (sample) => sample.count / sample.elapsed,
        comparison: { to: 'relay', by: 'ratio', budget: { limit: 'at least', value: 0.45 } },
      },
      {
        id: 'cpu_per_request',
        label: 'CPU per JSON request',
        unit: 'ms',
        of: (sample) => sample.cpuMs / sample.count,
        comparison: { to: 'relay', by: 'ratio' },
      },
    ],
  },
  {
    id: 'paced',
    request: chat('gpt-bench-paced', true),
    connections: 4,
    seconds: 1.5,
    staggerMs: 30,
    warmUp: 0,
    endsWith: STREAM_END,
    metrics: [
      {
        id: 'first_byte',
        label: 'First byte of a paced stream, p50',
        unit: 'ms',
        of: (sample) => median(sample.firstByteMs),
        comparison: { to: 'relay', by: 'difference', budget: { limit: 'at most', value: 1.5 } },
      },
    ],
  },
  {
    id: 'streams',
    request: chat('gpt-bench-stream', true),
    connections: 16,
    seconds: 1.5,
    staggerMs: 0,
    warmUp: 1.5,
    endsWith: STREAM_END,
    metrics: [
      {
        id: 'streams_per_second',
        label: 'Streams of 200 deltas, c=16',
        unit: 'streams/s',
        of: (sample) => sample.count / sample.elapsed,
        comparison: { to: 'relay', by: 'ratio', budget: { limit: 'at least', value: 0.6 } },
      },
      {
        id: 'cpu_per_stream',
        label: 'CPU per such stream',
        unit: 'ms',
        of: (sample) => sample.cpuMs / sample.count,
        comparison: { to: 'relay', by: 'ratio' },
      },
    ],
  },
  {
    // Under the load above a slow server finds many deltas in one read. Here each comes by itself, as a model's do.
    id: 'trickle',
    request: chat('gpt-bench-trickle', true),
    connections: 48,
    seconds: 1,
    staggerMs: 5.5,
    warmUp: 1,
    endsWith: STREAM_END,
    metrics: [
      {
        id: 'cpu_per_paced_stream',
        label: 'CPU per stream of 50 deltas, 5 ms apart, c=48',
        unit: 'ms',
        of: (sample) => sample.cpuMs / sample.count,
        comparison: { to: 'relay', by: 'ratio' },
      },
    ],
  },
  {
    id: 'converted',
    request: message,
    connections: 8,
    seconds: 1.5,
    staggerMs: 0,
    warmUp: 1.5,
    endsWith: { direct: MESSAGE_END, relay: MESSAGE_END, gateway: STREAM_END },
    metrics: [
      {
        id: 'cpu_per_converted_stream',
        label: 'CPU per Anthropic stream of 500 deltas, converted',
        unit: 'ms',
        of: (sample) => sample.cpuMs / sample.count,
        comparison: { to: 'relay', by: 'ratio', budget: { limit: 'at most', value: 2.5 } },
      },
    ],
  },
];
