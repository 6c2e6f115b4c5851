import { join } from 'node:path';
import { ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { ENVIRONMENT } from '../../lambda/environment.ts';
import { hashKey } from '../../lambda/gateway/callers/bearer.ts';
import { type TableStores, tableStoresAt } from '../../lambda/stores/aws.ts';
import { LOCAL_TABLES } from '../../local/dynamodb.ts';
import { type CountedStore, startCountedStore } from './counted-store.ts';
import { type Answer, type FakeUpstream, startUpstream } from './fake-upstream.ts';
import { startSurroundings } from './lambda-hosts.ts';
import { LOCAL_KEY } from './local-gateway.ts';
import { type LocalProcess, UserFolder } from './local-process.ts';

/** A gateway in a process of its own. */
export interface GatewayProcess {
  /** With `/v1`. */
  readonly url: string;
  readonly process: LocalProcess;
  /** Its way to the tables. */
  readonly store: CountedStore;
  post(path: string, body: object, init?: { signal?: AbortSignal; key?: string }): Promise<Response>;
}

/** Tables, secrets and one fake OpenAI that several gateway processes have in common. */
export interface SharedStores {
  readonly upstream: FakeUpstream;
  readonly stores: TableStores;
  answer: Answer;
  /** `timeouts` are those of the process's gateway.json. A busy test machine is no slow cache. */
  start(timeouts?: object): Promise<GatewayProcess>;
  addKey(name: string): Promise<string>;
  /** The one lease in force, by its entry's id. Throws where there is none, or another. */
  lease(): Promise<{ id: string; until: number }>;
  /** As if the lease had been taken at another time. Milliseconds since the epoch. */
  leaseUntil(id: string, until: number): Promise<void>;
  /** Resolves when nobody holds a lease. */
  leasesOver(): Promise<void>;
  stop(): Promise<void>;
}

const SCRIPT = join(import.meta.dirname, 'gateway-process.ts');
const TableName = LOCAL_TABLES.cacheTable;
const keyOf = (id: string) => ({ pk: { S: id }, sk: { S: 'lease' } });

export async function startSharedStores(): Promise<SharedStores> {
  const user = new UserFolder();
  const surroundings = await startSurroundings({ openai: 'key-of-nobody' }, {});
  const endpoint = surroundings.environment.AWS_ENDPOINT_URL_DYNAMODB ?? '';
  const stores = tableStoresAt(endpoint, LOCAL_TABLES);
  const upstream = await startUpstream((...call) => shared.answer(...call));
  const ways: CountedStore[] = [];
  const leases = async () => {
    const { Items = [] } = await stores.client.send(new ScanCommand({ TableName, ConsistentRead: true }));
    return Items.filter(({ sk, until }) => sk?.S === 'lease' && Number(until?.N) > Date.now());
  };
  const shared: SharedStores = {
    upstream,
    stores,
    answer: () => {
      throw new Error('the test set no answer');
    },
    async start(more = {}) {
      const store = await startCountedStore(endpoint);
      ways.push(store);
      const providers = { openai: { kind: 'openai', baseUrl: `${upstream.origin}/v1` } };
      // One call upstream for each request: a second one is a second asker's.
      // A busy test machine is no slow cache.
      const timeouts = { cacheMs: 50_000, ...more };
      const config = { providers, retries: { attempts: 1 }, timeouts };
      const file = user.write(`gateway-${ways.length}.json`, JSON.stringify(config));
      const own = { [ENVIRONMENT.config]: file, AWS_ENDPOINT_URL_DYNAMODB: store.origin };
      return started(user.run({ ...surroundings.environment, ...own }, [SCRIPT]), store);
    },
    async addKey(name) {
      const key = `sk-sluice-${name}-of-nobody`;
      await stores.credentials.putKey({ hash: hashKey(key), name, createdAt: 0 });
      return key;
    },
    async lease() {
      const [lease, ...others] = await leases();
      if (lease?.pk?.S === undefined || others.length > 0) throw new Error('there is not one lease');
      return { id: lease.pk.S, until: Number(lease.until?.N) };
    },
    async leaseUntil(id, until) {
      const values = { ':until': { N: String(until) } };
      const names = { '#until': 'until' };
      const UpdateExpression = 'SET #until = :until';
      const change = { ExpressionAttributeNames: names, ExpressionAttributeValues: values, UpdateExpression };
      await stores.client.send(new UpdateItemCommand({ TableName, Key: keyOf(id), ...change }));
    },
    async leasesOver() {
      while ((await leases()).length > 0);
    },
    async stop() {
      await user.remove();
      await Promise.all(ways.map((way) => way.close()));
      stores.client.destroy();
      await Promise.all([surroundings.close(), upstream.close()]);
    },
  };
  return shared;
}

async function started(process: LocalProcess, store: CountedStore): Promise<GatewayProcess> {
  await process.printed('{"listening":');
  const url = /"listening":"([^"]+)"/.exec(process.stdout)?.[1] ?? '';
  return {
    url,
    process,
    store,
    post: (path, body, { signal, key = LOCAL_KEY } = {}) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const content = JSON.stringify(body);
      return fetch(`${url}${path}`, {
        method: 'POST',
        headers,
        body: content,
        ...(signal ? { signal } : {}),
      });
    },
  };
}
