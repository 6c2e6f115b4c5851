import type { GatewayConfig } from '../config.ts';
import { type GatewayError, InvalidRequest, PermissionDenied } from '../errors.ts';
import type { ProviderRegistry } from '../providers/index.ts';
import type { Provider, ProviderKey, RawCall, Route } from '../providers/provider.ts';
import type { KeyRing } from '../stores/key-ring.ts';
import { BodyReader, readAll } from '../streams/body-reader.ts';
import type { Principal } from './authenticate.ts';
import type { RequestContext } from './context.ts';
import { decompressed } from './decompress.ts';
import { ExchangeFailure, exchange, type UpstreamResponse } from './exchange.ts';
import { checkScope, endpoint, keysFor, notConfigured } from './routes.ts';
import { connectionError, upstreamError } from './upstream-error.ts';
import { vendorRequestId } from './vendor-headers.ts';

export interface RawParts {
  readonly config: Pick<GatewayConfig, 'timeouts' | 'retries'>;
  readonly registry: ProviderRegistry;
  readonly keyRing: KeyRing;
}

export interface RawAnswer {
  readonly provider: string;
  readonly response: UpstreamResponse;
  readonly body: ReadableStream<Uint8Array> | null;
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);
const MAX_ERROR_BYTES = 256 * 1024;

/** Headers that belong to one connection or to one host. RFC 9110, section 7.6.1; the rest would mislead the caller. */
const NOT_RELAYED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
  'server-timing',
  'openai-organization',
  'openai-project',
]);

/**
 * Relays a call to OpenAI, or to the provider that `endpointName` names, as it is: status, headers and bytes come back
 * as they were, errors too. Only a refused key of the gateway's own becomes 502. Throws GatewayError.
 */
export async function relayRaw(
  call: RawCall,
  principal: Principal,
  endpointName: string | undefined,
  context: RequestContext,
  parts: RawParts,
): Promise<RawAnswer> {
  checkRawScope(call, principal);
  const handle = endpoint(endpointName ?? 'openai', parts.registry);
  let keys = await keysFor(handle, principal, parts.keyRing);
  if (keys.length === 0) throw notConfigured([{ handle, model: '' }]);
  const provider = await handle.load();
  let refreshed = false;
  for (let attempts = 1; ; attempts++) {
    const key = keys[(attempts - 1) % keys.length] ?? {};
    const last = attempts >= parts.config.retries.attempts;
    const result = await send(provider, call, key, context, parts).catch((error: unknown) => {
      context.signal.throwIfAborted();
      if (last || !mayRepeat(call, error)) throw connectionError(provider.name, error);
      return undefined;
    });
    if (result === undefined) continue;
    if (result.status !== 401 || principal.kind === 'provider-key')
      return answer(provider.name, result, context, parts);
    const replayable = call.body === null || call.body instanceof Uint8Array;
    if (!refreshed && replayable && !last) {
      refreshed = true;
      const fresh = (await parts.keyRing.refresh(provider.name)).filter(
        (other) => other.apiKey !== key.apiKey,
      );
      if (fresh.length > 0) {
        result.body.destroy();
        keys = fresh;
        continue;
      }
    }
    throw await refused(provider, key, result, principal);
  }
}

async function send(
  provider: Provider,
  call: RawCall,
  key: ProviderKey,
  context: RequestContext,
  parts: RawParts,
): Promise<UpstreamResponse> {
  const { connectMs, firstByteMs } = parts.config.timeouts;
  const request = await provider.authorize(provider.encodeRaw(call, key), key);
  const left = context.deadline - Date.now();
  return exchange(request, { connectMs, firstByteMs: Math.min(firstByteMs, left), signal: context.signal });
}

/** A streamed body can be sent but once, and only what the provider never saw, or may see twice, is sent again. */
function mayRepeat(call: RawCall, error: unknown): boolean {
  if (!(error instanceof ExchangeFailure) || error.reason === 'timeout') return false;
  if (call.body !== null && !(call.body instanceof Uint8Array)) return false;
  return IDEMPOTENT.has(call.method) || !error.sent;
}

/** The model that the body names decides for a caller who may not use every model; no model, no way through. */
function checkRawScope(call: RawCall, principal: Principal): void {
  if (principal.models === undefined) return;
  let model: unknown;
  if (call.body instanceof Uint8Array && /json/i.test(call.headers['content-type'] ?? '')) {
    try {
      model = (JSON.parse(Buffer.from(call.body).toString('utf8')) as { model?: unknown } | null)?.model;
    } catch {
      throw new InvalidRequest('The body is not valid JSON.', { code: 'invalid_json' });
    }
  }
  if (typeof model === 'string') {
    checkScope(model, principal);
    return;
  }
  throw new PermissionDenied(
    'This API key may use certain models only, and this request names none of them.',
    {
      code: 'model_not_allowed',
    },
  );
}

async function refused(
  provider: Provider,
  key: ProviderKey,
  response: UpstreamResponse,
  principal: Principal,
): Promise<GatewayError> {
  const reader = new BodyReader(decompressed(response), () => 5_000);
  const body = await readAll(reader, MAX_ERROR_BYTES).catch(() => Buffer.alloc(0));
  const route: Route = { provider, model: '', key };
  return upstreamError(
    route,
    response,
    provider.decodeError(response.status, body.toString('utf8')),
    principal,
  );
}

function answer(
  provider: string,
  response: UpstreamResponse,
  context: RequestContext,
  parts: RawParts,
): RawAnswer {
  const { idleMs } = parts.config.timeouts;
  const reader = new BodyReader(response.body, () => Math.min(idleMs, context.deadline - Date.now()));
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await reader.read();
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        } catch (failure) {
          // Bytes of an unknown format can't carry an error: the connection breaks, as the provider's did.
          controller.error(connectionError(provider, failure));
        }
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  );
  return { provider, response, body: response.status === 204 || response.status === 304 ? null : body };
}

/** The provider's headers as the caller gets them. Its request id steps aside for the gateway's own. */
export function rawHeaders({ provider, response }: RawAnswer): [string, string][] {
  const result: [string, string][] = [];
  const connection = new Set((response.headers.connection ?? '').toLowerCase().split(/ *, */));
  for (let i = 0; i + 1 < response.rawHeaders.length; i += 2) {
    const name = (response.rawHeaders[i] ?? '').toLowerCase();
    const hidden =
      NOT_RELAYED.has(name) ||
      connection.has(name) ||
      name.startsWith('access-control-') ||
      name === 'x-request-id';
    if (!hidden) result.push([name, response.rawHeaders[i + 1] ?? '']);
  }
  const id = vendorRequestId(response.headers);
  if (id !== undefined) result.push(['x-upstream-request-id', id]);
  result.push(['x-bt-used-endpoint', provider], ['x-bt-cached', 'MISS']);
  return result;
}
