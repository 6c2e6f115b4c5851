import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { StreamifyHandler } from 'aws-lambda';
import type { Handler } from '../../../lambda/http/app.ts';
import { createLambdaHandler } from '../../../lambda/http/lambda.ts';
import { LateWork } from '../../../lambda/http/late-work.ts';
import { createLog } from '../../../lambda/log.ts';
import { installAwslambda } from '../../support/awslambda.ts';
import { callShim } from '../../support/lambda-hosts.ts';
import { signal } from '../../support/stage.ts';

let lines: object[];
const log = createLog((level, event, fields) => lines.push({ level, event, ...fields }));
beforeEach(() => {
  lines = [];
});

/** Whether a promise is settled once everything that can go on has gone on. */
async function settled(work: Promise<unknown>): Promise<boolean> {
  let done = false;
  work.then(() => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe('LateWork', () => {
  test('is done at once where there is none', async () => {
    expect(await settled(new LateWork().done(0, log))).toBe(true);
    expect(lines).toEqual([]);
  });

  test('waits for what is added while it waits, and for what that adds', async () => {
    const late = new LateWork();
    const [first, second, third] = [signal(), signal(), signal()];
    late.add(
      first.given.then(() => {
        late.add(
          second.given.then(() => late.add(third.given, log)),
          log,
        );
      }),
      log,
    );
    const done = late.done(60_000, log);
    for (const each of [first, second, third]) {
      expect(await settled(done)).toBe(false);
      each.give();
    }
    expect(await settled(done)).toBe(true);
    expect(lines).toEqual([]);
  });

  test('logs what fails without its message, and waits for the rest', async () => {
    const late = new LateWork();
    const other = signal();
    late.add(Promise.reject(new TypeError('the prompt')), log);
    late.add(other.given, log);
    const done = late.done(60_000, log);
    expect(await settled(done)).toBe(false);
    other.give();
    await done;
    expect(lines).toMatchObject([{ level: 'error', event: 'late work failed', cause: 'TypeError' }]);
    expect(JSON.stringify(lines)).not.toContain('the prompt');
  });

  test('gives up at its limit, and says how much; a failure after that is no unhandled one', async () => {
    const late = new LateWork();
    const broken = Promise.withResolvers<void>();
    late.add(broken.promise, log);
    late.add(new Promise(() => undefined), log);
    late.add(Promise.resolve(), log);
    await late.done(20, log);
    expect(lines).toEqual([{ level: 'error', event: 'late work given up', count: 2 }]);
    broken.reject(new Error('late'));
    await late.done(0, log);
    expect(lines).toMatchObject([
      {},
      { event: 'late work failed' },
      { event: 'late work given up', count: 1 },
    ]);
  });
});

describe('on Lambda', () => {
  let remove: () => void;
  beforeAll(() => {
    remove = installAwslambda();
  });
  afterAll(() => remove());

  const call = (handle: Handler, remainingMs?: number) => {
    const handler = awslambda.streamifyResponse(createLambdaHandler(handle, log, 60_000) as never);
    return callShim(
      handler as unknown as StreamifyHandler,
      'function-url',
      '/v1/health',
      remainingMs === undefined ? {} : { remainingMs },
    );
  };

  test('the caller has the whole answer before late work is done, and the handler waits for all of it', async () => {
    const [first, second] = [signal(), signal()];
    const handle: Handler = async (_request, { waitUntil }) => {
      waitUntil(first.given.then(() => waitUntil(second.given)));
      return new Response('whole');
    };
    const { response, finished } = call(handle);
    expect(await (await response).text()).toBe('whole');
    expect(await settled(finished)).toBe(false);
    first.give();
    expect(await settled(finished)).toBe(false);
    second.give();
    expect((await finished).handlerError).toBeUndefined();
    expect(lines).toEqual([]);
  });

  test('the handler returns before Lambda ends it, and tells what it gave up', async () => {
    const handle: Handler = async (_request, { waitUntil }) => {
      waitUntil(new Promise(() => undefined));
      return new Response('whole');
    };
    const { response, finished } = call(handle, 400);
    expect(await (await response).text()).toBe('whole');
    const outcome = await finished;
    expect(outcome.handlerResolvedAt).toBeDefined();
    expect(outcome.error).toBeUndefined();
    expect(lines).toMatchObject([{ event: 'late work given up', count: 1, requestId: expect.any(String) }]);
  });

  test('late work of an answer that failed is awaited too', async () => {
    const work = signal();
    const handle: Handler = async (_request, { waitUntil }) => {
      waitUntil(work.given);
      throw new TypeError('broken');
    };
    const { response, finished } = call(handle);
    expect((await response).status).toBe(500);
    expect(await settled(finished)).toBe(false);
    work.give();
    expect((await finished).handlerError).toBeUndefined();
  });
});
