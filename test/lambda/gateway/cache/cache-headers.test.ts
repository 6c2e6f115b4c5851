import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { hitHeaders, keptHeaders, missHeaders } from '../../../../lambda/gateway/cache/cache-headers.ts';

const NOW = 1_800_000_000;
const policy = { read: true, write: true, ttl: 60 };
const answer = {
  headers: { 'x-bt-used-endpoint': 'openai' },
  requestId: 'first',
  createdAt: NOW - 5,
  ttl: 60,
};

afterEach(() => {
  jest.restoreAllMocks();
});

/** Milliseconds behind the second in which it is. */
function atMillisecond(more: number): void {
  jest.spyOn(Date, 'now').mockReturnValue(NOW * 1000 + more);
}

describe('a hit', () => {
  test('tells its age in whole seconds, and the request that was answered', () => {
    atMillisecond(999);
    expect(hitHeaders(answer, false)).toEqual({
      'x-bt-used-endpoint': 'openai',
      'x-bt-cached': 'HIT',
      'x-bt-original-request-id': 'first',
      age: '5',
      'cache-control': 'max-age=60',
    });
  });

  test('is never younger than nothing, though another machine’s clock is ahead', () => {
    atMillisecond(0);
    expect(hitHeaders({ ...answer, createdAt: NOW + 3 }, false)).toMatchObject({ age: '0' });
  });

  test('that streams is not to be held back on its way', () => {
    expect(hitHeaders(answer, true)).toMatchObject({
      'cache-control': 'max-age=60, no-transform',
      'x-accel-buffering': 'no',
    });
  });
});

describe('a miss', () => {
  test('that is kept tells how long', () => {
    expect(missHeaders(policy, false)).toEqual({ age: '0', 'cache-control': 'max-age=60' });
  });

  test('that is not kept tells nothing', () => {
    expect(missHeaders({ ...policy, write: false }, false)).toEqual({});
    expect(missHeaders({ ...policy, write: false }, true)).toEqual({});
  });
});

test('what is true of one request only is not kept', () => {
  const kept = {
    'content-type': 'application/json',
    'x-bt-used-endpoint': 'openai',
    'x-sluice-dropped': 'seed',
    'openai-version': '2020-10-01',
  };
  const others = {
    'x-request-id': 'a',
    'x-upstream-request-id': 'b',
    'x-ratelimit-remaining-requests': '1',
    'openai-processing-ms': '5',
    'openai-organization': 'of-nobody',
    'server-timing': 'upstream;dur=1.0',
    'set-cookie': 'of=nobody',
    'cache-control': 'no-store',
    age: '9',
  };
  expect(keptHeaders({ ...others, ...kept })).toEqual(kept);
});
