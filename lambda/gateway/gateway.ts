import { autoOperation } from '../openai/auto.ts';
import { isObject } from '../openai/json.ts';
import { checkRequest, type ParsedRequest, parseJson, parseRequest } from '../openai/parse-request.ts';
import type { Operation } from '../openai/wire.ts';
import { DEFAULT_MODERATION_MODEL, isCompletionModel } from '../providers/model-names.ts';
import type { Call, Route } from '../providers/provider.ts';
import { answerHeaders } from './answers/answer-headers.ts';
import { answerCompletion } from './answers/completions.ts';
import { answerEmbeddings } from './answers/embeddings.ts';
import { Followers, followedBody, statusOf } from './answers/followed.ts';
import { answerModeration } from './answers/moderations.ts';
import { outcomeLog, type Settle } from './answers/outcome-log.ts';
import { type Rendered, render } from './answers/render.ts';
import type { Ask, ModelAnswer, Walk } from './answers/walk.ts';
import type { AnswerCache } from './cache/answer-cache.ts';
import type { Ran } from './cache/flight.ts';
import { openAccount } from './limits/account.ts';
import type { GatewayParts } from './parts.ts';
import { openRecord } from './records/record.ts';
import type { CallerOptions } from './request/caller-options.ts';
import { contextWith, type RequestContext } from './request/context.ts';
import type { Principal } from './request/principal.ts';
import type { ServerTiming } from './request/server-timing.ts';
import { candidatesFor } from './routing/candidates.ts';
import { refuseFurtherModels } from './routing/further-models.ts';
import { resolveRoutes } from './routing/routes.ts';
import { type Answer, attempt } from './upstream/attempts.ts';
import { preparation } from './upstream/prepare.ts';

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
  parts: GatewayParts & { readonly answers: AnswerCache },
): Promise<ModelAnswer> {
  const { bytes, headers, options, principal, responseHeaders, timing } = request;
  const { body, operation } = parsed(request, parts);
  const stream = (operation === 'chat' || operation === 'completions') && body.stream === true;
  const call: Call = { operation, body, bytes, headers, stream };
  const { model } = body;
  const { traceparent } = headers;
  const trace = traceparent === undefined ? {} : { traceparent };
  const followed = { operation, model, body, stream, principal, options, context, responseHeaders, ...trace };
  const followers = new Followers();
  followers.add(openRecord(followed, parts));
  try {
    refuseFurtherModels(body, principal);
    const usable = await resolveRoutes(model, principal, options.endpointName, parts);
    const place = await parts.answers.open({ call, routes: usable, principal, options, context, timing });
    const account = await openAccount(followed, parts, call, usable);
    followers.add(account?.follower);
    const routes = account?.routes ?? usable;
    const ask = (full: boolean, signal?: AbortSignal) =>
      answerCall({
        call,
        routes,
        full,
        request,
        context: signal ? contextWith(context, { signal }) : context,
        parts,
        followers,
      });
    const { answer, cached } = place
      ? await place.answer((signal) => ask(true, signal))
      : { answer: (await ask(false)).answer, cached: false };
    const how = { status: 200, cached, contentType: answer.headers['content-type'] ?? '' };
    return { ...answer, body: followedBody(answer.body, how, followers) };
  } catch (failure) {
    followers.ended({ status: statusOf(failure), failure });
    throw failure;
  }
}

interface Asked {
  readonly call: Call;
  readonly routes: readonly Route[];
  /** A stream keeps its usage chunk. */
  readonly full: boolean;
  readonly request: ModelRequest;
  readonly context: RequestContext;
  readonly parts: GatewayParts;
  readonly followers: Followers;
}

/** The answer to a call whose routes are known, from the provider. */
async function answerCall({ call, routes, full, request, context, parts, followers }: Asked): Promise<Ran> {
  const { principal, timing } = request;
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
  let failure: unknown;
  let model = '';
  const settle: Settle = (answer) => {
    const log = logged(answer);
    model = `${answer.route.provider.name}/${answer.route.model}`;
    return (outcome) => {
      failure ??= outcome.failure;
      log(outcome);
      followers.settled(answer, outcome);
    };
  };
  const walk: Walk = { routes, ask, principal, settle, answered, full };
  const answer = await answerOperation(call, walk);
  return { answer, model: () => model, failure: () => failure };
}

async function answerOperation(call: Call, walk: Walk): Promise<ModelAnswer> {
  if (call.operation === 'embeddings') return answerEmbeddings(call, walk);
  if (call.operation === 'completions') return answerCompletion(call, walk);
  if (call.operation === 'moderations') return answerModeration(call, walk);
  const { ask, answered, principal, settle, full } = walk;
  const answer = await ask(call);
  return answered(answer, await render(answer, principal, settle(answer), full));
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
