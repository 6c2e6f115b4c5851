import { describe, expect, test } from '@jest/globals';
import { cachePolicy } from '../../../../lambda/gateway/cache/cache-policy.ts';
import { type CallerOptions, callerOptions } from '../../../../lambda/gateway/request/caller-options.ts';
import type { JsonObject, Operation } from '../../../../lambda/openai/wire.ts';

const optionsOf = (headers: Record<string, string>): CallerOptions => callerOptions(new Headers(headers), {});

/** A body as a parser gives it. */
const parsed = (text: string): JsonObject => JSON.parse(text) as JsonObject;

/** Whether it is read and written, as two letters. */
function uses(operation: Operation, body: JsonObject, headers: Record<string, string>): string {
  const { read, write } = cachePolicy(operation, body, optionsOf(headers));
  return `${read ? 'r' : '-'}${write ? 'w' : '-'}`;
}

const DETERMINISTIC = [
  '{"temperature":0}',
  '{"temperature":0.0}',
  '{"temperature":-0}',
  '{"temperature":0e5}',
  '{"seed":0}',
  '{"seed":42}',
  '{"seed":-1}',
  '{"seed":9007199254740993}',
  '{"seed":0,"temperature":1}',
  '{"seed":null,"temperature":0}',
  '{"temperature":0,"top_p":0.9}',
];

const SAMPLED = [
  '{}',
  '{"temperature":1}',
  '{"temperature":1e-9}',
  '{"temperature":null}',
  '{"temperature":"0"}',
  '{"temperature":false}',
  '{"temperature":[]}',
  '{"seed":null}',
  '{"seed":null,"temperature":null}',
  '{"top_p":0}',
  '{"metadata":{"seed":1,"temperature":0}}',
];

const WORDS: [Operation, boolean][] = [
  ['chat', false],
  ['completions', false],
  ['embeddings', true],
  ['moderations', true],
];

describe.each(WORDS)('%s', (operation, always) => {
  test.each(DETERMINISTIC)('uses the cache for %s', (text) => {
    expect(uses(operation, parsed(text), {})).toBe('rw');
  });

  test.each(SAMPLED)('of %s is the same by its operation alone', (text) => {
    expect(uses(operation, parsed(text), {})).toBe(always ? 'rw' : '--');
  });

  const bodies: [string, boolean][] = [
    ['{"temperature":0}', true],
    ['{"temperature":1}', always],
  ];
  const useCaches: [string | undefined, (deterministic: boolean) => boolean][] = [
    [undefined, (deterministic) => deterministic],
    ['auto', (deterministic) => deterministic],
    ['AUTO', (deterministic) => deterministic],
    ['always', () => true],
    ['never', () => false],
  ];
  const controls: [string | undefined, string][] = [
    [undefined, 'rw'],
    ['no-cache', '-w'],
    ['no-store', 'r-'],
    ['no-cache, no-store', '--'],
    ['No-Cache', '-w'],
    ['max-age=0', '-w'],
    ['max-age=60', 'rw'],
    ['max-age=60, no-store', 'r-'],
    ['max-age=0, no-store', '--'],
    ['private, max-age="60"', 'rw'],
    ['only-if-cached', 'rw'],
  ];
  const table = bodies.flatMap(([body, deterministic]) =>
    useCaches.flatMap(([useCache, wants]) =>
      controls.map(([control, allowed]) => ({
        body,
        useCache,
        control,
        expected: wants(deterministic) ? allowed : '--',
      })),
    ),
  );

  test.each(table)('$body, x-bt-use-cache $useCache, cache-control $control: $expected', (row) => {
    const headers = {
      ...(row.useCache === undefined ? {} : { 'x-bt-use-cache': row.useCache }),
      ...(row.control === undefined ? {} : { 'cache-control': row.control }),
    };
    expect(uses(operation, parsed(row.body), headers)).toBe(row.expected);
  });
});

describe('times', () => {
  const policyFor = (headers: Record<string, string>) => cachePolicy('embeddings', {}, optionsOf(headers));

  test('an entry lives a week, or as long as the caller says', () => {
    expect(policyFor({}).ttl).toBe(604_800);
    expect(policyFor({ 'x-bt-cache-ttl': '5' }).ttl).toBe(5);
  });

  test('an age that the caller does not limit has no limit', () => {
    expect(policyFor({})).not.toHaveProperty('maxAge');
    expect(policyFor({ 'cache-control': 'max-age=7' }).maxAge).toBe(7);
  });
});
