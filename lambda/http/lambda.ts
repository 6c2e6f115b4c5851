import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Context } from 'aws-lambda';
import type { RequestContext } from '../gateway/request/context.ts';
import type { Log } from '../log.ts';
import type { Handler } from './app.ts';
import { type HttpEvent, readEvent } from './lambda-event.ts';
import { LateWork } from './late-work.ts';
import { errorResponse } from './respond.ts';

/** Time kept back at the end of an invocation for an error frame and for what comes after the last byte. */
const RESERVE_MS = 2_000;
/** Time kept back of that, in which the handler returns: one that Lambda has to end counts as failed. */
const RETURN_MS = 250;

export type StreamingHandler = (event: HttpEvent, stream: Writable, lambda: Context) => Promise<void>;

/**
 * The core as a response-streaming Lambda handler: status and headers go out with the first write, and the handler
 * resolves when everything is done, since Lambda freezes the process then.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
 */
export function createLambdaHandler(handle: Handler, log: Log, totalMs: number): StreamingHandler {
  return async (event, stream, lambda) => {
    const controller = new AbortController();
    // Without a listener a reset of the Runtime API's socket would end the process.
    stream.on('error', () => controller.abort());
    const late = new LateWork();
    const requestId = event.requestContext?.requestId ?? lambda.awsRequestId;
    const left = lambda.getRemainingTimeInMillis() - RESERVE_MS;
    const bound = log.with({ requestId });
    const context: RequestContext = {
      requestId,
      signal: controller.signal,
      deadline: Date.now() + Math.max(0, Math.min(totalMs, left)),
      log: bound,
      waitUntil: (work) => late.add(work, bound),
    };
    try {
      await send(await respond(event, handle, context), stream);
    } finally {
      await late.done(lambda.getRemainingTimeInMillis() - RETURN_MS, bound);
    }
  };
}

async function respond(event: HttpEvent, handle: Handler, context: RequestContext): Promise<Response> {
  try {
    const { request, target, iam } = readEvent(event);
    return await handle(request, context, iam === undefined ? { target } : { target, iam });
  } catch (error) {
    return errorResponse(error, context);
  }
}

async function send(response: Response, stream: Writable): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  // The length is the platform's to tell: it may frame the body otherwise.
  delete headers['content-length'];
  const out = awslambda.HttpResponseStream.from(stream as awslambda.HttpResponseStream, {
    statusCode: response.status,
    headers,
  });
  const reader = response.body?.getReader();
  const ended = finished(out, { readable: false });
  // Handled below; a failure while a read is pending must not count as unhandled.
  ended.catch(() => undefined);
  try {
    // Only a write sends status and headers: an empty body needs an empty one.
    let written = false;
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      written = true;
      if (!out.write(part.value)) await Promise.race([once(out, 'drain'), ended]);
    }
    if (!written) out.write('');
    out.end();
    await ended;
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    throw error;
  }
}
