import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseGatewayConfig } from '../../lambda/config.ts';
import { hashKey } from '../../lambda/gateway/callers/bearer.ts';
import type { GatewayParts } from '../../lambda/gateway/parts.ts';
import { createHandler, type Wire } from '../../lambda/http/app.ts';
import { createLog } from '../../lambda/log.ts';
import { providerEntries } from '../../lambda/providers/entries.ts';
import { createRegistry } from '../../lambda/providers/index.ts';
import type { GatewayKeyRecord } from '../../lambda/stores/credential-store.ts';
import { environmentKeyRing } from '../../lambda/stores/environment-key-ring.ts';
import { type LocalDynamoDB, startDynamoDB } from '../../local/dynamodb.ts';
import { localSigningSecret } from '../../local/signing-secret.ts';
import { type Answer, type FakeUpstream, startUpstream } from './fake-upstream.ts';
import { CHAT, UPSTREAM_KEY } from './stage.ts';

/** The core of a gateway, without a server in front of it. */
export interface CoreGateway {
  fetch(path: string, init?: RequestInit, wire?: Wire): Promise<Response>;
  post(path: string, body: object, key: string, init?: RequestInit, wire?: Wire): Promise<Response>;
  chat(key: string, more?: object, init?: RequestInit): Promise<Response>;
  /** Resolves when everything is done that goes on after the last byte. */
  settled(): Promise<void>;
}

/** A fake OpenAI, an embedded DynamoDB, and gateways between them, with parts of the test's own where it needs a fault. */
export interface CoreStage {
  readonly upstream: FakeUpstream;
  readonly dynamodb: LocalDynamoDB;
  readonly folder: string;
  /** Every line that a gateway logged. */
  readonly lines: string[];
  answer: Answer;
  gateway(config?: object, parts?: Partial<GatewayParts>): CoreGateway;
  addKey(rights?: Partial<GatewayKeyRecord>): Promise<string>;
  stop(): Promise<void>;
}

export async function startCore(environment: Record<string, string> = {}): Promise<CoreStage> {
  const upstream = await startUpstream((...call) => stage.answer(...call));
  const folder = mkdtempSync(join(tmpdir(), 'sluice-core-'));
  const dynamodb = await startDynamoDB(folder);
  const lines: string[] = [];
  const keys = { OPENAI_API_KEY: UPSTREAM_KEY, OPENAI_BASE_URL: `${upstream.origin}/v1`, ...environment };
  const stage: CoreStage = {
    upstream,
    dynamodb,
    folder,
    lines,
    answer: () => {
      throw new Error('the test set no answer');
    },
    gateway: (config = {}, parts = {}) => coreGateway(stage, keys, config, parts),
    async addKey(rights = {}) {
      const key = `sk-sluice-${randomBytes(8).toString('hex')}-of-nobody`;
      await dynamodb.credentials.putKey({ hash: hashKey(key), name: 'test', createdAt: 0, ...rights });
      return key;
    },
    async stop() {
      await dynamodb.close();
      await upstream.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return stage;
}

function coreGateway(
  { dynamodb, folder, lines }: CoreStage,
  environment: Record<string, string>,
  file: object,
  parts: Partial<GatewayParts>,
): CoreGateway {
  const config = parseGatewayConfig(JSON.stringify(file), 'gateway.json');
  const registry = createRegistry(providerEntries(config, environment));
  const log = createLog((level, event, fields) => lines.push(JSON.stringify({ level, event, ...fields })));
  const late = new Set<Promise<unknown>>();
  const handle = createHandler({
    config,
    log,
    allowProviderKeys: config.allowProviderKeys ?? true,
    registry,
    keyRing: environmentKeyRing(environment, registry.values()),
    credentials: dynamodb.credentials,
    signing: localSigningSecret(folder),
    usage: dynamodb.usage,
    requestLogs: [],
    cache: dynamodb.cache,
    ...parts,
  });
  const gateway: CoreGateway = {
    fetch(path, init = {}, wire) {
      const request = new Request(`http://127.0.0.1/v1${path}`, init);
      const requestId = randomUUID();
      const context = {
        requestId,
        signal: request.signal,
        deadline: Date.now() + 60_000,
        log: log.with({ requestId }),
        waitUntil: (work: Promise<unknown>) => void late.add(work),
      };
      return handle(request, context, wire);
    },
    post(path, body, key, init = {}, wire) {
      const headers = new Headers(init.headers);
      headers.set('content-type', 'application/json');
      if (key !== '') headers.set('authorization', `Bearer ${key}`);
      return gateway.fetch(path, { ...init, method: 'POST', headers, body: JSON.stringify(body) }, wire);
    },
    chat: (key, more, init) => gateway.post('/chat/completions', { ...CHAT, ...more }, key, init),
    async settled() {
      while (late.size > 0) {
        const works = [...late];
        await Promise.all(works);
        for (const work of works) late.delete(work);
      }
    },
  };
  return gateway;
}
