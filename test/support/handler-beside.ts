import { randomUUID } from 'node:crypto';
import { parseGatewayConfig } from '../../lambda/config.ts';
import type { GatewayParts } from '../../lambda/gateway/parts.ts';
import type { RequestContext } from '../../lambda/gateway/request/context.ts';
import { createHandler } from '../../lambda/http/app.ts';
import { createLog } from '../../lambda/log.ts';
import { providerEntries } from '../../lambda/providers/entries.ts';
import { createRegistry } from '../../lambda/providers/index.ts';
import { environmentKeyRing } from '../../lambda/stores/environment-key-ring.ts';
import { startServer } from '../../local/node-server.ts';
import { localSigningSecret } from '../../local/signing-secret.ts';
import { LOCAL_KEY } from './local-gateway.ts';
import { CHAT, type Stage, UPSTREAM_KEY } from './stage.ts';

/** A second gateway on a stage's stores and upstream, with nothing in its memory, its parts replaced as a test wants. */
export interface Beside {
  readonly lines: string[];
  /** Over HTTP. */
  chat(body: object, init?: RequestInit): Promise<Response>;
  /** Without HTTP: the handler sees the caller leave in the same turn. */
  call(body: object, signal: AbortSignal): Promise<Response>;
  stop(): Promise<void>;
}

/** `cacheMs`: what the store may take; a machine that is slow is no fault of the store's. */
export async function startBeside(
  stage: Stage,
  more: Partial<GatewayParts> = {},
  cacheMs = 60_000,
): Promise<Beside> {
  const environment = { OPENAI_API_KEY: UPSTREAM_KEY, OPENAI_BASE_URL: `${stage.upstream.origin}/v1` };
  const config = parseGatewayConfig(
    JSON.stringify({ retries: { attempts: 1 }, timeouts: { cacheMs } }),
    'gateway.json',
  );
  const registry = createRegistry(providerEntries(config, environment));
  const lines: string[] = [];
  const log = createLog((level, event, fields) => lines.push(JSON.stringify({ level, event, ...fields })));
  const { credentials, usage, cache } = stage.gateway.stores;
  const handle = createHandler({
    config,
    log,
    allowProviderKeys: true,
    registry,
    keyRing: environmentKeyRing(environment, registry.values()),
    credentials,
    signing: localSigningSecret(stage.gateway.dataFolder),
    usage,
    requestLogs: [],
    cache,
    ...more,
  });
  // What hangs at the end is not waited for.
  const server = await startServer(handle, log, 0, 60_000, 1);
  const url = `http://127.0.0.1:${server.port}/v1/chat/completions`;
  const requestOf = (body: object, { headers, ...init }: RequestInit = {}) => {
    const all = new Headers(headers);
    all.set('content-type', 'application/json');
    if (!all.has('authorization')) all.set('authorization', `Bearer ${LOCAL_KEY}`);
    return new Request(url, {
      ...init,
      method: 'POST',
      headers: all,
      body: JSON.stringify({ ...CHAT, ...body }),
    });
  };
  return {
    lines,
    chat: (body, init) => fetch(requestOf(body, init)),
    call: (body, signal) => handle(requestOf(body), contextOf(signal, log)),
    async stop() {
      server.abort();
      await server.drain();
    },
  };
}

function contextOf(signal: AbortSignal, log: RequestContext['log']): RequestContext {
  const waitUntil = (work: Promise<unknown>) => void work.catch(() => undefined);
  return { requestId: randomUUID(), signal, deadline: Date.now() + 60_000, log, waitUntil };
}
