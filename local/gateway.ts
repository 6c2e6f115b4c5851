import { type Environment, type GatewayConfig, loadGatewayConfig } from '../lambda/config.ts';
import { AnswerCache } from '../lambda/gateway/cache/answer-cache.ts';
import { createHandler } from '../lambda/http/app.ts';
import type { Log } from '../lambda/log.ts';
import { providerEntries } from '../lambda/providers/entries.ts';
import { createRegistry } from '../lambda/providers/index.ts';
import { environmentKeyRing } from '../lambda/stores/environment-key-ring.ts';
import { JoinedKeyRing } from '../lambda/stores/joined-key-ring.ts';
import { otlpRequestLog } from '../lambda/stores/otlp-request-log.ts';
import { RememberingCredentialStore } from '../lambda/stores/remembering-credential-store.ts';
import type { BannerFacts } from './banner.ts';
import { startDynamoDB } from './dynamodb.ts';
import { ensureLocalKey } from './gateway-key.ts';
import { startServer } from './node-server.ts';
import { fileRequestLog } from './request-log.ts';
import { localSettings } from './settings.ts';
import { localSigningSecret } from './signing-secret.ts';
import { startSimulator } from './simulator/server.ts';
import { startUpkeep } from './upkeep.ts';

export interface LocalGateway extends BannerFacts {
  /** Lets the running answers finish, then closes the stores. */
  close(): Promise<void>;
  /** Breaks what still runs, then closes the stores. */
  abort(): void;
}

/**
 * The gateway with embedded stores and the simulator, on 127.0.0.1. Throws ConfigError that names the field or variable
 * at fault.
 */
export async function startLocalGateway(environment: Environment, log: Log): Promise<LocalGateway> {
  const settings = localSettings(environment);
  const file = loadGatewayConfig(environment, 'gateway.json');
  const entries = providerEntries(file, environment);
  // A mistake in the entries is told before anything is opened.
  createRegistry(entries);
  const simulator = await startSimulator();
  const stores = await startDynamoDB(settings.dataFolder).catch(async (error: unknown) => {
    await simulator.close();
    throw error;
  });
  const closeStores = () => Promise.all([simulator.close(), stores.close()]).then(() => undefined);
  try {
    const simulated = Object.entries(simulator.config.providers).map(([name, entry]) => ({ name, ...entry }));
    const registry = createRegistry([...simulated, ...entries]);
    const ownKeys = environmentKeyRing(environment, registry.values());
    const keyRing = new JoinedKeyRing(simulator.keyRing, ownKeys);
    const config = {
      ...file,
      models: { ...simulator.config.models, ...file.models },
      // What is simulated costs nothing, also where a key has a budget.
      prices: { ...freeOf(simulator.config.models), ...file.prices },
    };
    const credentials = new RememberingCredentialStore(stores.credentials);
    const key = await ensureLocalKey(stores.credentials, settings.localKey);
    const allowProviderKeys = config.allowProviderKeys ?? true;
    const fileLog = fileRequestLog(settings.dataFolder);
    const otlp = otlpRequestLog(config.logging.otlp?.endpoint, environment, keyRing);
    const parts = {
      config,
      log,
      allowProviderKeys,
      registry,
      keyRing,
      credentials,
      signing: localSigningSecret(settings.dataFolder),
      usage: stores.usage,
      requestLogs: otlp ? [fileLog, otlp] : [fileLog],
      cache: stores.cache,
    };
    const answers = new AnswerCache(parts);
    const handle = createHandler(parts, answers);
    const server = await startServer(handle, log, settings.port, config.timeouts.totalMs);
    const endUpkeep = startUpkeep(stores, answers, log);
    const keyless = entries.map(({ name }) => name).filter((name) => registry.get(name)?.keyOptional);
    return {
      url: `http://127.0.0.1:${server.port}/v1`,
      key,
      chosenKey: settings.localKey !== undefined,
      providers: [...new Set([...(await ownKeys.providers()), ...keyless])],
      dataFolder: settings.dataFolder,
      close: () => server.drain().then(endUpkeep).then(closeStores),
      abort: () => server.abort(),
    };
  } catch (error) {
    await closeStores();
    throw error;
  }
}

function freeOf(models: GatewayConfig['models']): GatewayConfig['prices'] {
  const targets = Object.values(models).flat();
  return Object.fromEntries(targets.map(({ model }) => [model, { input: 0, output: 0 }]));
}
