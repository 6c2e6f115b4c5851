import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayConfig } from '../../config.ts';
import { type GatewayError, InvalidRequest, KeyUnavailable } from '../../errors.ts';
import { failureFields } from '../../log.ts';
import type { Call, Route } from '../../providers/provider.ts';
import type { KeyRing } from '../../stores/key-ring.ts';
import { BodyFailure, BodyReader, readAll } from '../../streams/body-reader.ts';
import type { RequestContext } from '../request/context.ts';
import type { Principal } from '../request/principal.ts';
import { decompressed } from './decompress.ts';
import { ExchangeFailure, exchange, type UpstreamResponse } from './exchange.ts';
import { connectionError, retryAfterSeconds, upstreamError, vendorError } from './upstream-error.ts';

/** A provider's successful answer, its first bytes already here: until then another attempt is possible. */
export interface Answer {
  readonly route: Route;
  /** The call as this route's provider was sent it. */
  readonly call: Call;
  /** What of the caller's request the provider has nothing for. */
  readonly dropped: readonly string[];
  readonly response: UpstreamResponse;
  readonly reader: BodyReader;
  readonly first: Uint8Array | undefined;
}

/** A failed attempt: the error it would be for the caller, and what may be tried next. */
interface Failure {
  readonly error: GatewayError;
  /** `key`: another key may do. `provider`: another provider may. `model`: another model may. `caller`: nothing will. */
  readonly blames: 'key' | 'provider' | 'model' | 'caller';
  /** The same route may be asked again. */
  readonly repeatable: boolean;
  readonly retryAfterSeconds?: number;
  readonly status?: number;
}

/** The call as one route needs it: media fetched, a completion made a chat. */
export type Prepare = (call: Call, route: Route) => Call | Promise<Call>;

export interface AttemptParts {
  readonly config: Pick<GatewayConfig, 'timeouts' | 'retries'>;
  readonly keyRing: KeyRing;
  readonly prepare?: Prepare;
}

const MAX_ERROR_BYTES = 256 * 1024;
const MAX_WAIT_SECONDS = 20;

/**
 * Asks the routes in order until one answers: at most `retries.attempts` upstream calls, over keys and routes together.
 * Throws the last attempt's error.
 */
export async function attempt(
  routes: readonly Route[],
  call: Call,
  principal: Principal,
  context: RequestContext,
  parts: AttemptParts,
): Promise<Answer> {
  let queue = [...routes];
  let refreshed = false;
  for (let attempts = 1; ; attempts++) {
    const route = queue.shift();
    if (route === undefined) throw new KeyUnavailable('No provider is left to ask.');
    const result = await ask(route, call, principal, context, parts).catch((error: unknown) => {
      const others = queue.filter(({ provider }) => provider !== route.provider);
      // What one vendor can't do another may: an alias lists them for that.
      if (!(error instanceof InvalidRequest) || others.length === 0) throw error;
      queue = others;
      return undefined;
    });
    if (result === undefined) continue;
    if ('reader' in result) return result;
    context.log.warn('attempt failed', {
      attempt: attempts,
      provider: route.provider.name,
      ...failureFields(result.error),
    });
    if (result.blames === 'caller' || attempts >= parts.config.retries.attempts) throw result.error;
    queue = withoutBlamed(queue, route, result);
    if (result.status === 401 && !refreshed && principal.apiKey === undefined) {
      refreshed = true;
      queue = [...(await newKeys(route, routes, parts.keyRing, context)), ...queue];
    }
    if (queue.length > 0) continue;
    if (!result.repeatable) throw result.error;
    await pause(result, attempts, context);
    queue = [route];
  }
}

/** What is still worth asking after `failure` of `route`. */
function withoutBlamed(queue: Route[], route: Route, failure: Failure): Route[] {
  if (failure.blames === 'key') return queue;
  const same = (other: Route) =>
    other.provider === route.provider && (failure.blames === 'provider' || other.model === route.model);
  return queue.filter((other) => !same(other));
}

/** Keys that the operator put in place since the ring was last read. */
async function newKeys(
  route: Route,
  tried: readonly Route[],
  ring: KeyRing,
  context: RequestContext,
): Promise<Route[]> {
  try {
    const known = new Set(
      tried.filter((other) => other.provider === route.provider).map(({ key }) => key.apiKey),
    );
    const keys = await ring.refresh(route.provider.name);
    return keys.filter((key) => !known.has(key.apiKey)).map((key) => ({ ...route, key }));
  } catch (error) {
    context.log.warn('keys not refreshed', failureFields(error));
    return [];
  }
}

/** Waits as long as the provider asks, else a little more each time. Throws where the wait would be too long. */
async function pause(failure: Failure, attempts: number, context: RequestContext): Promise<void> {
  const backoff = 0.25 * 2 ** (attempts - 1) * (0.5 + Math.random() / 2);
  const seconds = failure.retryAfterSeconds ?? backoff;
  if (seconds > MAX_WAIT_SECONDS || Date.now() + seconds * 1000 >= context.deadline) throw failure.error;
  await sleep(seconds * 1000, undefined, { signal: context.signal });
}

async function ask(
  route: Route,
  call: Call,
  principal: Principal,
  context: RequestContext,
  parts: AttemptParts,
): Promise<Answer | Failure> {
  const { timeouts } = parts.config;
  const now = Date.now();
  const firstByteBy = Math.min(now + timeouts.firstByteMs, context.deadline);
  const { provider, key } = route;
  const prepared = parts.prepare ? await parts.prepare(call, route) : call;
  const encoded = provider.encodeRequest(prepared, route);
  try {
    const request = await provider.authorize(encoded, key);
    const limits = { connectMs: timeouts.connectMs, firstByteMs: firstByteBy - now, signal: context.signal };
    const response = await exchange(request, limits);
    let started = false;
    const limitMs = () =>
      started ? Math.min(timeouts.idleMs, context.deadline - Date.now()) : firstByteBy - Date.now();
    const reader = new BodyReader(decompressed(response), limitMs);
    if (response.status < 200 || response.status >= 300) {
      return await refusal(route, response, reader, principal);
    }
    const first = await reader.read();
    started = true;
    return { route, call: prepared, dropped: encoded.dropped ?? [], response, reader, first };
  } catch (error) {
    context.signal.throwIfAborted();
    return broken(route, error);
  }
}

function broken(route: Route, error: unknown): Failure {
  const timeout =
    (error instanceof ExchangeFailure || error instanceof BodyFailure) && error.reason === 'timeout';
  return { error: connectionError(route.provider.name, error), blames: 'provider', repeatable: !timeout };
}

async function refusal(
  route: Route,
  response: UpstreamResponse,
  reader: BodyReader,
  principal: Principal,
): Promise<Failure> {
  const { status } = response;
  const body = await readAll(reader, MAX_ERROR_BYTES).catch(() => Buffer.alloc(0));
  const vendor = vendorError(route, status, body.toString('utf8'));
  const error = upstreamError(route, response, vendor, principal);
  const seconds = vendor.retryAfterSeconds ?? retryAfterSeconds(response.headers);
  const blames = blamed(vendor.status ?? status);
  return {
    error,
    blames,
    repeatable: blames !== 'caller' && error.code !== 'provider_auth' && isTransient(vendor.status ?? status),
    status: vendor.status ?? status,
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  };
}

function blamed(status: number): Failure['blames'] {
  if (status === 401 || status === 403 || status === 429 || status === 402) return 'key';
  if (status === 404) return 'model';
  return status >= 500 || status === 408 || status < 400 ? 'provider' : 'caller';
}

/** As the vendors' own clients: https://github.com/openai/openai-node#retries */
function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}
