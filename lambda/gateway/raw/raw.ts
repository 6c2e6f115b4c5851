import type { GatewayConfig } from '../../config.ts';
import type { GatewayError } from '../../errors.ts';
import type { ProviderRegistry } from '../../providers/index.ts';
import type { Provider, ProviderKey, RawCall } from '../../providers/provider.ts';
import type { KeyRing } from '../../stores/key-ring.ts';
import { BodyFailure, BodyReader, readAll } from '../../streams/body-reader.ts';
import type { RequestContext } from '../request/context.ts';
import type { Principal } from '../request/principal.ts';
import { DEFAULT_PROVIDER } from '../routing/candidates.ts';
import { endpoint, keysFor, notConfigured } from '../routing/routes.ts';
import { decompressed } from '../upstream/decompress.ts';
import { ExchangeFailure, exchange } from '../upstream/exchange.ts';
import { connectionError, upstreamError, vendorError } from '../upstream/upstream-error.ts';
import { type Opened, type RawAnswer, rawAnswer } from './raw-answer.ts';
import { withinScope } from './raw-scope.ts';

export interface RawParts {
  readonly config: Pick<GatewayConfig, 'timeouts' | 'retries' | 'models'>;
  readonly registry: ProviderRegistry;
  readonly keyRing: KeyRing;
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);
const MAX_ERROR_BYTES = 256 * 1024;

/**
 * Relays a call to OpenAI, or to the provider that `endpointName` names, as it is: status, headers and bytes come back
 * as they were, errors too. Only a refused key of the gateway's own becomes 502. Throws GatewayError.
 */
export async function relayRaw(
  given: RawCall,
  principal: Principal,
  endpointName: string | undefined,
  context: RequestContext,
  parts: RawParts,
): Promise<RawAnswer> {
  const handle = endpoint(endpointName ?? DEFAULT_PROVIDER, parts.registry);
  const call = await withinScope(given, handle, principal, parts);
  let keys = await keysFor(handle, principal, parts.keyRing);
  if (keys.length === 0) throw notConfigured([{ handle, model: '' }]);
  const provider = await handle.load('');
  const ownKey = principal.apiKey !== undefined;
  let refreshed = false;
  for (let attempts = 1; ; attempts++) {
    const key = keys[(attempts - 1) % keys.length] ?? {};
    const last = attempts >= parts.config.retries.attempts;
    const opened = await open(provider, call, key, ownKey, context, parts).catch((error: unknown) => {
      context.signal.throwIfAborted();
      if (last || !mayRepeat(call, error)) throw connectionError(provider.name, error);
      return undefined;
    });
    if (opened === undefined) continue;
    if (opened.response.status !== 401 || ownKey)
      return rawAnswer(provider.name, opened, key, ownKey, context.log);
    const replayable = call.body === null || call.body instanceof Uint8Array;
    if (!refreshed && replayable && !last) {
      refreshed = true;
      const fresh = (await parts.keyRing.refresh(provider.name)).filter(
        (other) => other.apiKey !== key.apiKey,
      );
      if (fresh.length > 0) {
        opened.reader.cancel();
        keys = fresh;
        continue;
      }
    }
    throw await refused(provider, key, opened, principal);
  }
}

async function open(
  provider: Provider,
  call: RawCall,
  key: ProviderKey,
  ownKey: boolean,
  context: RequestContext,
  parts: RawParts,
): Promise<Opened> {
  const { connectMs, firstByteMs, idleMs } = parts.config.timeouts;
  const request = await provider.authorize(provider.encodeRaw(call, key), key);
  const now = Date.now();
  const firstByteBy = Math.min(now + firstByteMs, context.deadline);
  const response = await exchange(request, {
    connectMs,
    firstByteMs: firstByteBy - now,
    signal: context.signal,
  });
  let started = false;
  // A refusal of the key is read here, all else is relayed as it is.
  const body = response.status === 401 && !ownKey ? decompressed(response) : response.body;
  const reader = new BodyReader(body, () =>
    started ? Math.min(idleMs, context.deadline - Date.now()) : firstByteBy - Date.now(),
  );
  const first = await reader.read();
  started = true;
  return { response, reader, first };
}

/** A streamed body can be sent but once, and only what the provider never saw, or may see twice, is sent again. */
function mayRepeat(call: RawCall, error: unknown): boolean {
  const broken = error instanceof ExchangeFailure || error instanceof BodyFailure;
  if (!broken || error.reason === 'timeout') return false;
  if (call.body !== null && !(call.body instanceof Uint8Array)) return false;
  return IDEMPOTENT.has(call.method) || (error instanceof ExchangeFailure && !error.sent);
}

async function refused(
  provider: Provider,
  key: ProviderKey,
  { response, reader, first }: Opened,
  principal: Principal,
): Promise<GatewayError> {
  const body = await readAll(reader, MAX_ERROR_BYTES, first).catch(() => Buffer.alloc(0));
  const route = { provider, model: '', key };
  return upstreamError(
    route,
    response,
    vendorError(route, response.status, body.toString('utf8')),
    principal,
  );
}
