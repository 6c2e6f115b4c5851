/** The gateway's core without HTTP in front of it, over tables in another process: what one request costs it, and what it asks. */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseGatewayConfig } from '../lambda/config.ts';
import { createHandler, type Handler } from '../lambda/http/app.ts';
import { createLog } from '../lambda/log.ts';
import { providerEntries } from '../lambda/providers/entries.ts';
import { createRegistry } from '../lambda/providers/index.ts';
import { type TableStores, tableStoresAt } from '../lambda/stores/aws.ts';
import { environmentKeyRing } from '../lambda/stores/environment-key-ring.ts';
import { RememberingCredentialStore } from '../lambda/stores/remembering-credential-store.ts';
import { LOCAL_TABLES } from '../local/dynamodb.ts';
import { CLIENT_KEY, type Server } from './servers.ts';

const SECRET = Buffer.from('a signing secret of the bench, not a real one');

/** One gateway process's worth of state: nothing is remembered when it begins. */
export class Core {
  readonly stores: TableStores;
  readonly #handle: Handler;
  readonly #late = new Set<Promise<unknown>>();
  #reads = 0;

  constructor(endpoint: string, upstream: Server) {
    this.stores = tableStoresAt(endpoint, LOCAL_TABLES);
    this.stores.client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName === 'GetItemCommand' || commandName === 'QueryCommand') this.#reads += 1;
          return next(args);
        },
      { step: 'initialize' },
    );
    const environment = {
      OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}/v1`,
      OPENAI_API_KEY: 'sk-bench-not-a-real-key',
    };
    const config = parseGatewayConfig('{}', 'gateway.json');
    const registry = createRegistry(providerEntries(config, environment));
    const silent = createLog(() => undefined);
    const signing = { current: async () => SECRET, refresh: async () => SECRET };
    this.#handle = createHandler({
      config,
      log: silent,
      allowProviderKeys: false,
      registry,
      keyRing: environmentKeyRing(environment, registry.values()),
      credentials: new RememberingCredentialStore(this.stores.credentials),
      signing,
      usage: this.stores.usage,
      requestLogs: [],
      cache: this.stores.cache,
    });
  }

  /** Reads of the tables so far. */
  get reads(): number {
    return this.#reads;
  }

  /** A request's whole answer, as text. Throws where it is no success. */
  async ask(path: string, body: object, key = CLIENT_KEY): Promise<{ text: string; cached: boolean }> {
    const request = new Request(`http://127.0.0.1/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const response = await this.#handle(request, {
      requestId: randomUUID(),
      signal: new AbortController().signal,
      deadline: Date.now() + 60_000,
      log: createLog(() => undefined),
      waitUntil: (work) => {
        const tracked = work.catch(() => undefined).finally(() => this.#late.delete(tracked));
        this.#late.add(tracked);
      },
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path}: status ${response.status}`);
    return { text, cached: response.headers.get('x-bt-cached') === 'HIT' };
  }

  /** When everything is done that comes after the last byte. */
  async rest(): Promise<void> {
    while (this.#late.size > 0) await Promise.all(this.#late);
    await nextTurn();
  }

  close(): void {
    this.stores.client.destroy();
  }
}
