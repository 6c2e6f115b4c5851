import { RateLimit } from '../../errors.ts';
import type { Amounts } from '../../stores/usage-store.ts';
import { NANO_USD } from './counters.ts';
import type { Asked } from './rate-limit-headers.ts';

/** OpenAI's clients try a 429 again unless they are told that it is of no use. */
const NO_RETRY = { 'x-should-retry': 'false' };

/** What a refused reservation is for its caller. `wanted` is what was to be reserved; `now` in milliseconds. */
export function limitError(
  { window, used }: Asked,
  wanted: Amounts,
  expiresAt: number | undefined,
  now: number,
): RateLimit {
  const { limits } = window.counter;
  const end = window.resetsAt ?? expiresAt ?? Math.ceil(now / 1000);
  const seconds = Math.max(1, end - now / 1000);
  if (window.window === 'minute') {
    const tooLarge = limits.tokens !== undefined && wanted.tokens > limits.tokens;
    const requests = !tooLarge && isFull(limits.requests, limits.tokens, used.requests + wanted.requests);
    const message = requests
      ? `This API key may make ${limits.requests} requests a minute.`
      : tooLarge
        ? `This request may use ${wanted.tokens} tokens, and this API key ${limits.tokens} a minute: shorten it or lower its token limit.`
        : `This API key may use ${limits.tokens} tokens a minute, and this request up to ${wanted.tokens} of them.`;
    return new RateLimit(message, seconds, tooLarge ? { headers: NO_RETRY } : {});
  }
  return new RateLimit(exhausted(window, used, wanted), seconds, {
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    headers: NO_RETRY,
  });
}

/** Whether it is this limit that refused. What is used may be less by now, and then it is the only one that there is. */
function isFull(limit: number | undefined, other: number | undefined, wanted: number): boolean {
  return limit !== undefined && (other === undefined || wanted > limit);
}

function exhausted({ window, counter }: Asked['window'], used: Amounts, wanted: Amounts): string {
  const { requests, nanoUsd } = counter.limits;
  if (requests !== undefined && isFull(requests, nanoUsd, used.requests + wanted.requests))
    return `This credential was made for ${requests} ${requests === 1 ? 'request' : 'requests'}, and they are used up.`;
  const left = dollars(Math.max(0, (nanoUsd ?? 0) - used.nanoUsd));
  const whose =
    window === 'life' ? 'This credential has' : `The budget of this API key for this ${window} has`;
  return `${whose} ${left} left of ${dollars(nanoUsd ?? 0)}, and this request may cost up to ${dollars(wanted.nanoUsd)}.`;
}

function dollars(nanoUsd: number): string {
  return `$${Number((nanoUsd / NANO_USD).toPrecision(4))}`;
}
