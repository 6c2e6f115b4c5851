import type { GatewayConfig } from '../config.ts';
import { autoOperation } from '../openai/auto.ts';
import { checkRequest, type ParsedRequest, parseRequest } from '../openai/parse-request.ts';
import type { Operation } from '../openai/wire.ts';
import type { ProviderRegistry } from '../providers/index.ts';
import { isCompletionModel } from '../providers/model-names.ts';
import type { Call } from '../providers/provider.ts';
import type { CredentialStore } from '../stores/credential-store.ts';
import type { KeyRing } from '../stores/key-ring.ts';
import { answerHeaders } from './answer-headers.ts';
import { type Answer, attempt } from './attempts.ts';
import type { Principal } from './authenticate.ts';
import type { CallerOptions } from './caller-options.ts';
import { answerCompletion } from './completions.ts';
import type { RequestContext } from './context.ts';
import { answerEmbeddings } from './embeddings.ts';
import { outcomeLog } from './outcome-log.ts';
import { preparation } from './prepare.ts';
import { type Rendered, render } from './render.ts';
import { candidatesFor, resolveRoutes } from './routes.ts';
import type { ServerTiming } from './server-timing.ts';
import type { Ask, ModelAnswer, Walk } from './walk.ts';

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
  /** `auto`: the one of chat and completions that fits the model. */
  readonly operation: Operation | 'auto';
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly options: CallerOptions;
  readonly principal: Principal;
  readonly timing: ServerTiming;
}

/**
 * The walk from the parsed request to the answer: route, ask, render. Throws GatewayError for everything that goes wrong
 * before the answer's first byte.
 */
export async function callModel(
  request: ModelRequest,
  context: RequestContext,
  parts: GatewayParts,
): Promise<ModelAnswer> {
  const { bytes, headers, options, principal, timing } = request;
  const { body, operation } = parsed(request, parts);
  const stream = operation !== 'embeddings' && body.stream === true;
  const call: Call = { operation, body, bytes, headers, stream };
  const routes = await resolveRoutes(body.model, principal, options.endpointName, parts);
  const attemptParts = { ...parts, prepare: preparation(context) };
  const ask: Ask = (asked, chosen = routes) => attempt(chosen, asked, principal, context, attemptParts);
  const started = performance.now();
  const answered = (answer: Answer, { body, contentType }: Rendered): ModelAnswer => {
    timing.add('upstream', answer.response.headersMs || performance.now() - started);
    const whole = body instanceof Uint8Array;
    return {
      body,
      headers: { ...answerHeaders(answer, timing, !whole || stream), 'content-type': contentType },
    };
  };
  const settle = outcomeLog(context.log, timing);
  const walk: Walk = { routes, ask, principal, settle, answered };
  if (operation === 'embeddings') return answerEmbeddings(call, walk);
  if (operation === 'completions') return answerCompletion(call, walk);
  const answer = await ask(call);
  return answered(answer, await render(answer, principal, settle(answer)));
}

function parsed(
  { bytes, operation }: ModelRequest,
  parts: GatewayParts,
): { body: ParsedRequest; operation: Operation } {
  if (operation !== 'auto') return { body: parseRequest(bytes, operation), operation };
  // Of a completion nothing but the model is checked, which is what the choice needs.
  const body = parseRequest(bytes, 'completions');
  const [first] = candidatesFor(body.model, parts);
  const chosen = autoOperation(body, first !== undefined && isCompletionModel(first.model));
  return { body: checkRequest(body, chosen), operation: chosen };
}
