import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StreamifyHandler } from 'aws-lambda';
import { installAwslambda, invoke } from './awslambda.ts';
import { functionUrlEvent } from './lambda-events.ts';

let uninstall: () => void;
let handler: StreamifyHandler;

beforeAll(async () => {
  uninstall = installAwslambda();
  ({ handler } = await import('./lambda-handlers.ts'));
});

afterAll(() => uninstall());

const underShim = (play: string, remainingMs = 5000) =>
  invoke(handler, functionUrlEvent({ method: 'GET', target: `/${play}` }), { remainingMs }).finished;

describe('the shim', () => {
  test('hands on each piece as it is written, and the prelude before all of them', async () => {
    let open = Promise.withResolvers<void>();
    const slow = awslambda.streamifyResponse(async (_event, raw) => {
      const stream = awslambda.HttpResponseStream.from(raw, { statusCode: 202 });
      stream.write('one');
      await open.promise;
      open = Promise.withResolvers();
      stream.write('two');
      await open.promise;
      stream.end();
    });
    const invocation = invoke(slow, {});
    expect(await invocation.prelude).toEqual({ statusCode: 202 });
    const seen: string[] = [];
    for await (const piece of invocation.body) {
      seen.push(Buffer.from(piece).toString());
      open.resolve();
    }
    expect(seen).toEqual(['one', 'two']);
    expect((await invocation.finished).chunks).toHaveLength(2);
  });

  test('a slow caller holds up the handler', async () => {
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    const writer = awslambda.streamifyResponse(async (_event, raw) => {
      const stream = awslambda.HttpResponseStream.from(raw, {});
      order.push(
        `${stream.write('x'.repeat(stream.writableHighWaterMark - 1024))}`,
        `${stream.write('x'.repeat(1024))}`,
      );
      queueMicrotask(() => gate.resolve());
      await new Promise((resolve) => stream.once('drain', resolve));
      order.push('drained');
      stream.end();
    });
    const reader = async () => {
      await gate.promise;
      order.push('taken');
    };
    const { body } = await invoke(writer, {}, { reader }).finished;
    expect(body).toHaveLength(65_536);
    expect(order).toEqual(['true', 'false', 'taken', 'taken', 'drained']);
  });

  test('the caller has everything before the handler is done', async () => {
    const work = Promise.withResolvers<void>();
    const later = awslambda.streamifyResponse(async (_event, raw) => {
      const stream = awslambda.HttpResponseStream.from(raw, {});
      stream.write('all');
      stream.end();
      await work.promise;
    });
    const invocation = invoke(later, {});
    for await (const piece of invocation.body) expect(Buffer.from(piece).toString()).toBe('all');
    work.resolve();
    const { endedAt = Number.NaN, handlerResolvedAt = Number.NaN } = await invocation.finished;
    expect(endedAt).toBeLessThanOrEqual(handlerResolvedAt);
  });

  test('cut off: body throws, prelude rejects where there was none', async () => {
    const event = functionUrlEvent({ method: 'GET', target: '/throw-mid' });
    const { body, finished } = invoke(handler, event);
    const seen: string[] = [];
    const read = async () => {
      for await (const piece of body) seen.push(Buffer.from(piece).toString());
    };
    await expect(read()).rejects.toThrow('cut off: TypeError: in the middle');
    expect(seen).toEqual(['one', 'two']);
    expect((await finished).handlerError).toBeInstanceOf(TypeError);
    const first = invoke(handler, functionUrlEvent({ method: 'GET', target: '/throw-first' }));
    await expect(first.prelude).rejects.toThrow('without a prelude');
  });

  test('an error after the end is known to the runtime alone', async () => {
    const outcome = await underShim('throw-late');
    expect(outcome).not.toHaveProperty('error');
    expect(outcome.handlerError).toMatchObject({ message: 'after the end' });
  });

  test('a stream that is never ended runs into the timeout', async () => {
    expect(await underShim('not-ended', 50)).toMatchObject({
      prelude: { statusCode: 200 },
      error: { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 0.05 seconds' },
    });
  });

  test('writing after the end, or destroying the stream, ends the process', async () => {
    const twice = awslambda.streamifyResponse(async (_event, raw) => {
      const stream = awslambda.HttpResponseStream.from(raw, {});
      stream.write('one');
      stream.end();
      expect(stream.write('two')).toBe(false);
    });
    expect((await invoke(twice, {}).finished).error).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect((await underShim('destroyed')).error).toMatchObject({ errorType: 'Runtime.ExitError' });
  });

  test('the stream is no Writable, as in the runtime client', async () => {
    const look = awslambda.streamifyResponse(async (_event, raw) => {
      const stream = awslambda.HttpResponseStream.from(raw, {});
      stream.write(
        JSON.stringify(['pipe', 'write', 'closed', 'writableHighWaterMark'].map((name) => name in stream)),
      );
      stream.end();
    });
    expect((await invoke(look, {}).finished).body.toString()).toBe('[false,true,false,true]');
  });

  test('gives a context without the callback era, and the remaining time', async () => {
    const look = awslambda.streamifyResponse(async (_event, raw, context) => {
      raw.write(JSON.stringify({ ...context, left: context.getRemainingTimeInMillis() <= 1234 }));
      raw.end();
    });
    const { body } = await invoke(look, {}, { remainingMs: 1234, requestId: 'r-1' }).finished;
    expect(JSON.parse(body.toString())).toMatchObject({ awsRequestId: 'r-1', left: true });
    expect(JSON.parse(body.toString())).not.toHaveProperty('callbackWaitsForEmptyEventLoop');
  });

  test('refuses a handler that Lambda would not stream', () => {
    expect(() => invoke(async () => undefined, {})).toThrow('not wrapped in awslambda.streamifyResponse');
  });
});
