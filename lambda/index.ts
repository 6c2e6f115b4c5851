import { loadLambdaConfig, processEnvironment } from './config.ts';
import { createHandler } from './http/app.ts';
import { createLambdaHandler } from './http/lambda.ts';
import { createLog, writeJsonLine } from './log.ts';
import { providerEntries } from './providers/entries.ts';
import { createRegistry } from './providers/index.ts';
import { createAwsStores } from './stores/aws.ts';
import { environmentKeyRing } from './stores/environment-key-ring.ts';
import { JoinedKeyRing } from './stores/joined-key-ring.ts';
import { otlpRequestLog } from './stores/otlp-request-log.ts';

const environment = processEnvironment();
const config = loadLambdaConfig(environment);
const log = createLog(writeJsonLine);
const stores = createAwsStores(config, log);
const registry = createRegistry(providerEntries(config.gateway, environment));

// The function's role: Lambda puts its credentials where the AWS SDK looks for them. No other key is read from there.
const underRole = [...registry.values()].filter(({ vendor }) => vendor.keyParts !== undefined);
const keyRing = new JoinedKeyRing(stores.keyRing, environmentKeyRing(environment, underRole));

// Read while the function still initializes; a failure shows at the first request that needs one of them.
keyRing.providers().catch(() => undefined);
stores.signing.current().catch(() => undefined);

const otlp = otlpRequestLog(config.gateway.logging.otlp?.endpoint, environment, stores.keyRing);

const handle = createHandler({
  config: config.gateway,
  log,
  allowProviderKeys: config.gateway.allowProviderKeys ?? false,
  registry,
  keyRing,
  credentials: stores.credentials,
  signing: stores.signing,
  usage: stores.usage,
  requestLogs: otlp ? [stores.requestLog, otlp] : [stores.requestLog],
  cache: stores.cache,
});

export const handler = awslambda.streamifyResponse(
  createLambdaHandler(handle, log, config.gateway.timeouts.totalMs),
);
