import { Hono } from 'hono';
import { InvalidRequest, ModelNotFound } from '../errors.ts';
import { AnswerCache } from '../gateway/cache/answer-cache.ts';
import { callRaw } from '../gateway/call-raw.ts';
import { authenticate } from '../gateway/callers/authenticate.ts';
import type { AuthenticateParts } from '../gateway/callers/authenticate-parts.ts';
import { createIdentities, type IamIdentity } from '../gateway/callers/identities.ts';
import { mintCredential } from '../gateway/callers/mint.ts';
import { callModel } from '../gateway/gateway.ts';
import { admitRequest } from '../gateway/limits/admission.ts';
import type { GatewayParts } from '../gateway/parts.ts';
import { callerOptions } from '../gateway/request/caller-options.ts';
import { contextWith, type RequestContext } from '../gateway/request/context.ts';
import type { Principal } from '../gateway/request/principal.ts';
import { ServerTiming } from '../gateway/request/server-timing.ts';
import { ModelCatalog } from '../gateway/routing/models.ts';
import { forwardedHeaders } from '../gateway/upstream/forwarded-headers.ts';
import type { Operation } from '../openai/wire.ts';
import { createCors } from './cors.ts';
import { readBody } from './request-body.ts';
import { errorResponse, jsonResponse } from './respond.ts';
import { parseTarget, percentDecoded, type Target } from './target.ts';

/** What the routes get beside the request. */
interface Bindings {
  /** Its log names the caller once that is known. */
  context: RequestContext;
  readonly target: Target;
  readonly timing: ServerTiming;
  /** What every response to this request has. */
  readonly common: Record<string, string>;
  readonly wire: Wire;
}

/** What an adapter knows of the request's wire form that a `Request` hides or makes dear to read. */
export interface Wire {
  /** The request target as it was received: a `Request` has its dots resolved. */
  readonly target?: string;
  /** The headers, their names in lower case. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  /** The IAM identity that signed the request, where AWS tells one. */
  readonly iam?: IamIdentity;
}

type Route = { Bindings: Bindings };

/** The core: a request in, a response out, on web standards. */
export type Handler = (request: Request, context: RequestContext, wire?: Wire) => Promise<Response>;

/** What the routes work with: the parts of the process, and what is made of them once. */
type Parts = GatewayParts & Pick<AuthenticateParts, 'identities'> & { readonly answers: AnswerCache };

/** `answers` is made of the parts where the process has no use of its own for it. */
export function createHandler(parts: GatewayParts, answers = new AnswerCache(parts)): Handler {
  const { iam, oidc } = parts.config.identities;
  const identities =
    iam.length + oidc.length > 0 ? createIdentities(parts.config.identities, { log: parts.log }) : undefined;
  const app = createApp({ ...parts, identities, answers });
  const cors = createCors(parts.config.cors.origins);
  return async (request, context, wire = {}) => {
    const preflight = cors.preflight(request);
    if (preflight) return preflight;
    const common = { ...cors.headers(request), 'x-request-id': context.requestId };
    try {
      const target = parseTarget(wire.target ?? request.url);
      return await app.fetch(request, { context, target, timing: new ServerTiming(), common, wire });
    } catch (error) {
      return errorResponse(error, context, common);
    }
  };
}

function createApp(parts: Parts): Hono<Route> {
  const app = new Hono<Route>({
    getPath: (_request, options) => (options?.env as Bindings | undefined)?.target.path ?? '/',
  });
  const catalog = new ModelCatalog(parts);
  const model = (operation: Operation | 'auto') => (request: Request, env: Bindings) =>
    serveModel(operation, request, env, parts);
  app.post('/chat/completions', (c) => model('chat')(c.req.raw, c.env));
  app.post('/completions', (c) => model('completions')(c.req.raw, c.env));
  app.post('/embeddings', (c) => model('embeddings')(c.req.raw, c.env));
  app.post('/moderations', (c) => model('moderations')(c.req.raw, c.env));
  app.post('/auto', (c) => model('auto')(c.req.raw, c.env));
  app.get('/models', async (c) => {
    const principal = await caller(c.req.raw, c.env, parts);
    const data = await catalog.list(principal, c.env.context);
    return jsonResponse({ object: 'list', data }, c.env.common);
  });
  app.get('/models/:id{.+}', async (c) => {
    const principal = await caller(c.req.raw, c.env, parts);
    const id = percentDecoded(c.env.target.path.slice('/models/'.length), 'model');
    const found = (await catalog.list(principal, c.env.context)).find((entry) => entry.id === id);
    if (found) return jsonResponse(found, c.env.common);
    throw new ModelNotFound('This gateway lists no model of this name.');
  });
  app.post('/credentials', async (c) => {
    const principal = await caller(c.req.raw, c.env, parts);
    const { orgName } = callerOptions(c.req.raw.headers, principal, c.env.target.orgName);
    const { context, common } = c.env;
    await admitRequest({ principal, context, responseHeaders: common }, parts);
    const key = await mintCredential(await readBody(c.req.raw), principal, orgName, parts);
    return jsonResponse({ key }, { ...common, 'cache-control': 'no-store' });
  });
  app.all('/credentials', () => onlyMethods('/credentials', 'POST'));
  app.get('/health', (c) => jsonResponse({ status: 'ok' }, c.env.common));
  app.all('/health', () => onlyMethods('/health', 'GET, HEAD'));
  app.all('/auto', () => onlyMethods('/auto', 'POST'));
  // Everything that is not ours is the provider's.
  app.notFound((c) => serveRaw(c.req.raw, c.env, parts));
  app.onError((error, c) => errorResponse(error, c.env.context, c.env.common));
  return app;
}

/** Paths that are ours alone: no provider has another method for them. */
function onlyMethods(path: string, allow: string): never {
  throw new InvalidRequest(
    `${path} answers ${allow} only.`,
    { code: 'method_not_allowed', headers: { allow } },
    405,
  );
}

async function caller(request: Request, env: Bindings, parts: Parts): Promise<Principal> {
  const principal = await env.timing.measure('auth', authenticate(request.headers, env.wire.iam, parts));
  env.context = contextWith(env.context, { log: env.context.log.with({ caller: principal.id }) });
  return principal;
}

async function serveModel(
  operation: Operation | 'auto',
  request: Request,
  env: Bindings,
  parts: Parts,
): Promise<Response> {
  const principal = await caller(request, env, parts);
  const { defaultTtlSeconds } = parts.config.cache;
  const options = callerOptions(request.headers, principal, env.target.orgName, defaultTtlSeconds);
  const bytes = await readBody(request);
  const ownKey = principal.apiKey !== undefined;
  const headers = forwardedHeaders(env.wire.headers ?? request.headers, { ownKey });
  const { timing, common } = env;
  const call = { operation, bytes, headers, options, principal, timing, responseHeaders: common };
  const answer = await callModel(call, env.context, parts);
  const body = answer.body as ConstructorParameters<typeof Response>[0];
  return new Response(body, { headers: { ...answer.headers, ...common } });
}

async function serveRaw(request: Request, env: Bindings, parts: Parts): Promise<Response> {
  const principal = await caller(request, env, parts);
  const { path, search, orgName } = env.target;
  const options = callerOptions(request.headers, principal, orgName);
  const wanted = principal.modelLists !== undefined || options.logging !== undefined;
  const body = await rawBody(request, wanted);
  const call = {
    method: request.method,
    target: `${path}${search}`,
    headers: forwardedHeaders(env.wire.headers ?? request.headers, {
      raw: true,
      ownKey: principal.apiKey !== undefined,
    }),
    body,
  };
  const raw = { call, principal, options, responseHeaders: env.common };
  const answer = await callRaw(raw, env.context, parts);
  const { status, headers, body: bytes } = answer;
  env.context.log.info('relayed', {
    status,
    provider: answer.provider,
    ms: Math.round(env.timing.totalMs()),
  });
  const content = request.method === 'HEAD' ? null : bytes;
  return new Response(content as ConstructorParameters<typeof Response>[0], {
    status,
    // What the gateway says of itself comes before what the provider said under the same name.
    headers: [...headers.filter(([name]) => !(name in env.common)), ...Object.entries(env.common)],
  });
}

/** A body up to this size is read first, so that it can be sent a second time; a larger one goes on as it comes. */
const REPLAYABLE_BYTES = 256 * 1024;

async function rawBody(
  request: Request,
  wanted: boolean,
): Promise<Uint8Array | ReadableStream<Uint8Array> | null> {
  const length = request.headers.get('content-length');
  const none = length === null ? !request.headers.has('transfer-encoding') : Number(length) === 0;
  if (none || request.method === 'GET' || request.method === 'HEAD') return null;
  const small = length !== null && Number(length) <= REPLAYABLE_BYTES;
  return small || wanted ? readBody(request) : request.body;
}
