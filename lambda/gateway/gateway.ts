import { autoOperation } from '../openai/auto.ts';
import { isObject } from '../openai/json.ts';
import { checkRequest, type ParsedRequest, parseJson, parseRequest } from '../openai/parse-request.ts';
import type { Operation } from '../openai/wire.ts';
import { DEFAULT_MODERATION_MODEL, isCompletionModel } from '../providers/model-names.ts';
import type { Call, Route } from '../providers/provider.ts';
import { openAccount } from './account.ts';
import { answerHeaders } from './answer-headers.ts';
import { type Answer, attempt } from './attempts.ts';
import type { CallerOptions } from './caller-options.ts';
import { candidatesFor } from './candidates.ts';
import { answerCompletion } from './completions.ts';
import type { RequestContext } from './context.ts';
import { answerEmbeddings } from './embeddings.ts';
import { Followers, followedBody, statusOf } from './followed.ts';
import { answerModeration } from './moderations.ts';
import { outcomeLog, type Settle } from './outcome-log.ts';
import type { GatewayParts } from './parts.ts';
import { preparation } from './prepare.ts';
import type { Principal } from './principal.ts';
import { openRecord } from './record.ts';
import { type Rendered, render } from './render.ts';
import { resolveRoutes } from './routes.ts';
import type { ServerTiming } from './server-timing.ts';
import type { Ask, ModelAnswer, Walk } from './walk.ts';

/** A request to a model route, its caller known. */
export interface ModelRequest {
  /** `auto`: the one of chat and completions that fits the model. */
  readonly operation: Operation | 'auto';
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly options: CallerOptions;
  readonly principal: Principal;
  readonly timing: ServerTiming;
  /** Headers that the response gets whatever becomes of the request: the walk may add to them. */
  readonly responseHeaders: Record<string, string>;
}

/**
 * The walk from the parsed request to the answer: route, reserve, ask, render. Throws GatewayError for everything that goes
 * wrong before the answer's first byte.
 */
export async function callModel(
  request: ModelRequest,
  context: RequestContext,
  parts: GatewayParts,
): Promise<ModelAnswer> {
  const { bytes, headers, options, principal, responseHeaders } = request;
  const { body, operation } = parsed(request, parts);
  const stream = (operation === 'chat' || operation === 'completions') && body.stream === true;
  const call: Call = { operation, body, bytes, headers, stream };
  const { model } = body;
  const followed = { operation, model, body, stream, principal, options, context, responseHeaders };
  const followers = new Followers();
  followers.add(openRecord(followed, parts));
  try {
    const usable = await resolveRoutes(model, principal, options.endpointName, parts);
    const account = await openAccount(followed, parts, call, usable);
    followers.add(account?.follower);
    const answer = await answerCall(call, account?.routes ?? usable, request, context, parts, followers);
    return { ...answer, body: followedBody(answer.body, 200, followers) };
  } catch (failure) {
    followers.ended({ status: statusOf(failure), failure });
    throw failure;
  }
}

/** The answer to a call whose routes are known. */
async function answerCall(
  call: Call,
  routes: readonly Route[],
  { principal, timing }: ModelRequest,
  context: RequestContext,
  parts: GatewayParts,
  followers: Followers,
): Promise<ModelAnswer> {
  const attemptParts = { ...parts, prepare: preparation(context) };
  const ask: Ask = (asked, chosen = routes) => attempt(chosen, asked, principal, context, attemptParts);
  const started = performance.now();
  const answered = (answer: Answer, { body, contentType }: Rendered): ModelAnswer => {
    timing.add('upstream', answer.response.headersMs || performance.now() - started);
    const whole = body instanceof Uint8Array;
    return {
      body,
      headers: { ...answerHeaders(answer, timing, !whole || call.stream), 'content-type': contentType },
    };
  };
  const logged = outcomeLog(context.log, timing);
  const settle: Settle = (answer) => {
    const log = logged(answer);
    return (outcome) => {
      log(outcome);
      followers.settled(answer, outcome);
    };
  };
  const walk: Walk = { routes, ask, principal, settle, answered };
  if (call.operation === 'embeddings') return answerEmbeddings(call, walk);
  if (call.operation === 'completions') return answerCompletion(call, walk);
  if (call.operation === 'moderations') return answerModeration(call, walk);
  const answer = await ask(call);
  return answered(answer, await render(answer, principal, settle(answer)));
}

function parsed(
  { bytes, operation }: ModelRequest,
  parts: GatewayParts,
): { body: ParsedRequest; operation: Operation } {
  if (operation === 'moderations') return { body: withModerationModel(bytes), operation };
  if (operation !== 'auto') return { body: parseRequest(bytes, operation), operation };
  // Of a completion nothing but the model is checked, which is what the choice needs.
  const body = parseRequest(bytes, 'completions');
  const [first] = candidatesFor(body.model, parts);
  const chosen = autoOperation(body, first !== undefined && isCompletionModel(first.model));
  return { body: checkRequest(body, chosen), operation: chosen };
}

/** The one operation whose model may be left out: the body goes on as it came, and is routed and checked by what is meant. */
function withModerationModel(bytes: Uint8Array): ParsedRequest {
  const json = parseJson(bytes);
  const unnamed = isObject(json) && (json.model === undefined || json.model === null);
  return checkRequest(unnamed ? { ...json, model: DEFAULT_MODERATION_MODEL } : json, 'moderations');
}
