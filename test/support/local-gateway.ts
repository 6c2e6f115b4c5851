import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashKey } from '../../lambda/gateway/callers/bearer.ts';
import { createLog, type LogFields } from '../../lambda/log.ts';
import { type TableStores, tableStoresAt } from '../../lambda/stores/aws.ts';
import type { GatewayKeyRecord } from '../../lambda/stores/credential-store.ts';
import { endpointFile, LOCAL_TABLES } from '../../local/dynamodb.ts';
import { startLocalGateway } from '../../local/gateway.ts';

export const LOCAL_KEY = 'sk-sluice-test-key-of-nobody';

export interface TestGateway {
  /** With `/v1`. */
  readonly url: string;
  /** Every line the gateway logged, as one text each. */
  readonly lines: string[];
  readonly dataFolder: string;
  /** The gateway's own stores, asked past it. */
  readonly stores: TableStores;
  /** Puts a gateway key of these rights into the store. */
  addKey(rights?: Partial<GatewayKeyRecord>): Promise<string>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly environment?: Record<string, string>;
  /** The content of gateway.json. */
  readonly config?: { readonly timeouts?: object; readonly [section: string]: unknown };
}

/** A busy test machine is no slow cache. */
function patient(config: { readonly timeouts?: object } = {}): object {
  return { ...config, timeouts: { cacheMs: 50_000, ...config.timeouts } };
}

/** The local gateway as users run it, on a free port, its state in a folder of its own. */
export async function startGateway({
  environment = {},
  config,
}: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const file = join(folder, 'gateway.json');
  writeFileSync(file, JSON.stringify(patient(config)));
  const lines: string[] = [];
  const log = createLog((level, event, fields: LogFields) =>
    lines.push(JSON.stringify({ level, event, ...fields })),
  );
  const gateway = await startLocalGateway(
    {
      PORT: '0',
      SLUICE_DATA: join(folder, 'data'),
      SLUICE_LOCAL_KEY: LOCAL_KEY,
      SLUICE_CONFIG: file,
      ...environment,
    },
    log,
  );
  const dataFolder = join(folder, 'data');
  const { endpoint } = JSON.parse(readFileSync(endpointFile(dataFolder), 'utf8'));
  const stores = tableStoresAt(endpoint, LOCAL_TABLES);
  const call = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${LOCAL_KEY}`);
    return fetch(`${gateway.url}${path}`, { ...init, headers });
  };
  return {
    url: gateway.url,
    lines,
    dataFolder,
    stores,
    async addKey(rights = {}) {
      const key = `sk-sluice-${randomBytes(8).toString('hex')}-of-nobody`;
      await stores.credentials.putKey({
        hash: hashKey(key),
        name: key.slice(10, 18),
        createdAt: 0,
        ...rights,
      });
      return key;
    },
    fetch: call,
    post: (path, body, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set('content-type', 'application/json');
      return call(path, { ...init, method: 'POST', headers, body: JSON.stringify(body) });
    },
    async stop() {
      gateway.abort();
      await gateway.close();
      stores.client.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
