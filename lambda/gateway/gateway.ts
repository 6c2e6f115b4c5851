import type { GatewayConfig } from '../config.ts';
import { InvalidRequest } from '../errors.ts';
import { failureFields } from '../log.ts';
import { asksForUsage } from '../openai/chunks.ts';
import { parseRequest } from '../openai/parse-request.ts';
import { replayAsStream } from '../openai/replay.ts';
import type { Operation } from '../openai/wire.ts';
import type { ProviderRegistry } from '../providers/index.ts';
import type { Call } from '../providers/provider.ts';
import type { CredentialStore } from '../stores/credential-store.ts';
import type { KeyRing } from '../stores/key-ring.ts';
import { answerHeaders } from './answer-headers.ts';
import { CallerLeft, type Outcome } from './answer-stream.ts';
import { type Answer, attempt } from './attempts.ts';
import type { Principal } from './authenticate.ts';
import type { CallerOptions } from './caller-options.ts';
import type { RequestContext } from './context.ts';
import { relayJson, relayStream } from './relay.ts';
import { resolveRoutes } from './routes.ts';
import type { ServerTiming } from './server-timing.ts';

/** The parts a gateway is put together from; each process makes them once. */
export interface GatewayParts {
  readonly config: GatewayConfig;
  /** Whether a bearer that is no key of ours is taken for the caller's own provider key. */
  readonly allowProviderKeys: boolean;
  readonly registry: ProviderRegistry;
  readonly keyRing: KeyRing;
  readonly credentials: CredentialStore;
}

/** A request to a model route, its caller known. */
export interface ModelRequest {
  readonly operation: Operation;
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly options: CallerOptions;
  readonly principal: Principal;
  readonly timing: ServerTiming;
}

/** A successful answer on its way out. */
export interface ModelAnswer {
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
}

/**
 * The walk from the parsed request to the answer: route, ask, relay. Throws GatewayError for everything that goes wrong
 * before the answer's first byte.
 */
export async function callModel(
  request: ModelRequest,
  context: RequestContext,
  parts: GatewayParts,
): Promise<ModelAnswer> {
  const { operation, bytes, headers, options, principal, timing } = request;
  const body = parseRequest(bytes, operation);
  const call: Call = {
    operation,
    body,
    bytes,
    headers,
    stream: operation !== 'embeddings' && body.stream === true,
  };
  const routes = await resolveRoutes(body.model, principal, options.endpointName, parts);
  const answer = await timing.measure('upstream', attempt(routes, call, principal, context, parts));
  const { provider, model } = answer.route;
  const log = context.log.with({ provider: provider.name, model: model.slice(0, 128) });
  const settle = (outcome: Outcome) => logOutcome(log, timing, outcome);
  const out = (stream: boolean, type: string) => ({
    ...answerHeaders(answer.response.headers, provider.name, timing, stream),
    'content-type': type,
  });
  if (provider.answer.kind !== 'relay')
    throw new InvalidRequest('This model is not served here.', { param: 'model' });
  if (call.stream && isEventStream(answer)) {
    const stream = await relayStream(answer, provider.answer, call, principal, settle);
    return { body: stream, headers: out(true, contentType(answer)) };
  }
  const { body: whole, json, usage } = await relayJson(answer, provider.answer, principal);
  settle({ usage });
  if (!call.stream) return { body: whole, headers: out(false, contentType(answer)) };
  // A vendor that does not stream this model: the caller gets the stream that was asked for all the same.
  return { body: replayAsStream(json, asksForUsage(call.body)), headers: out(true, EVENT_STREAM) };
}

const EVENT_STREAM = 'text/event-stream; charset=utf-8';

function contentType({ response }: Answer): string {
  return response.headers['content-type'] ?? 'application/json';
}

function isEventStream(answer: Answer): boolean {
  return /^text\/event-stream/i.test(contentType(answer));
}

function logOutcome(log: RequestContext['log'], timing: ServerTiming, { usage, failure }: Outcome): void {
  const fields = {
    ms: Math.round(timing.totalMs()),
    promptTokens: usage?.prompt_tokens,
    completionTokens: usage?.completion_tokens,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens,
  };
  if (failure === undefined) log.info('answered', { status: 200, ...fields });
  else if (failure instanceof CallerLeft) log.info('caller left', fields);
  else log.warn('stream failed', { ...fields, ...failureFields(failure) });
}
