import { randomUUID } from 'node:crypto';
import { types } from 'node:util';
import type { Context, StreamifyHandler } from 'aws-lambda';
import { type Outcome, type Reader, type RuntimeStream, ShimResponse } from './awslambda-response.ts';
import { FUNCTION } from './lambda-function.ts';
import { DELIMITER, INTEGRATION_RESPONSE, type Prelude, type RuntimeError } from './lambda-response.ts';

export type { Outcome } from './awslambda-response.ts';

/** The keys under which Lambda's runtime client marks a streaming handler. */
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

/** What the runtime client's request has on Node 24 (Node 20 had 16 KiB). */
const DEFAULT_HIGH_WATER_MARK = 65_536;

/**
 * Sets the global `awslambda` as Lambda's Node runtime does, to be called before a handler's module is imported.
 * Gives back what takes it away again.
 */
export function installAwslambda(): () => void {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'awslambda');
  const value = {
    streamifyResponse<T extends object>(handler: T, options?: { highWaterMark?: number }): T {
      const mark = options?.highWaterMark;
      Object.assign(
        handler,
        { [STREAMING]: 'response' },
        mark === undefined ? {} : { [HIGH_WATER_MARK]: mark },
      );
      return handler;
    },
    HttpResponseStream: {
      from(stream: RuntimeStream, prelude: object): RuntimeStream {
        stream.setContentType(INTEGRATION_RESPONSE);
        const json = JSON.stringify(prelude);
        stream._onBeforeFirstWrite = (write) => {
          write(json);
          write(DELIMITER);
        };
        return stream;
      },
    },
  };
  Object.defineProperty(globalThis, 'awslambda', { value, configurable: true, writable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'awslambda');
    else Object.defineProperty(globalThis, 'awslambda', before);
  };
}

export interface InvokeOptions {
  /** The function's timeout: what is not over by then ends as Lambda ends it. */
  readonly remainingMs?: number;
  readonly requestId?: string;
  /** Is given each piece of the body. While its promise is pending nothing more is taken: a slow caller. */
  readonly reader?: Reader;
}

export interface Invocation {
  /** As soon as it has been sent. Rejects where the response ends without. */
  readonly prelude: Promise<Prelude>;
  /** The pieces of the body as they are sent. Throws where the response is cut off. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Never rejects. */
  readonly finished: Promise<Outcome>;
}

/** Runs a streaming handler as aws-lambda-ric 4 does. */
export function invoke(handler: StreamifyHandler, event: unknown, options: InvokeOptions = {}): Invocation {
  if (Reflect.get(handler, STREAMING) !== 'response') {
    throw new TypeError('The handler is not wrapped in awslambda.streamifyResponse: Lambda would buffer it.');
  }
  const highWaterMark = Reflect.get(handler, HIGH_WATER_MARK) ?? DEFAULT_HIGH_WATER_MARK;
  const response = new ShimResponse(Number(highWaterMark), options.reader);
  const { remainingMs = 900_000 } = options;
  const context = runtimeContext(options.requestId ?? randomUUID(), Date.now() + remainingMs);
  const finished = run(() => handler(event, response.face as never, context), response, remainingMs);
  const prelude = response.prelude.promise;
  // Whoever waits for `finished` alone must not be told of it twice.
  prelude.catch(() => undefined);
  return { prelude, body: response, finished };
}

async function run(call: () => unknown, response: ShimResponse, remainingMs: number): Promise<Outcome> {
  const seen: { handlerError?: unknown; handlerResolvedAt?: number } = {};
  const processInvoke = async () => {
    try {
      const result = call();
      if (!isPromise(result)) throw new Error('Streaming does not support non-async handlers.');
      await result;
      seen.handlerResolvedAt = performance.now();
      await response.done;
    } catch (error) {
      seen.handlerError = error;
      await new Promise((resolve) => setImmediate(resolve));
      response.fail(runtimeError(error));
      await response.done;
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, remainingMs);
  }).then(() => {
    const message = `Task timed out after ${(remainingMs / 1000).toFixed(2)} seconds`;
    response.cutOff({ errorType: 'Sandbox.Timedout', errorMessage: message });
  });
  await Promise.race([processInvoke(), deadline, response.crashed]);
  clearTimeout(timer);
  return { ...response.outcome(), ...seen };
}

/** The context that aws-lambda-ric 4 gives a handler: the callback-era methods are gone. */
function runtimeContext(awsRequestId: string, deadline: number): Context {
  const context = {
    invokedFunctionArn: FUNCTION.arn,
    awsRequestId,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    functionName: FUNCTION.name,
    functionVersion: FUNCTION.version,
    memoryLimitInMB: FUNCTION.memoryMb,
    logGroupName: FUNCTION.logGroup,
    logStreamName: FUNCTION.logStream,
  };
  return context as unknown as Context;
}

function runtimeError(error: unknown): RuntimeError {
  // jest's modules have an Error of their own, so that instanceof would miss those that Node throws.
  if (!types.isNativeError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] };
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
