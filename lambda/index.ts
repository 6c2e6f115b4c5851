import { loadLambdaConfig } from './config.ts';
import { createHandler } from './http/app.ts';
import { createLambdaHandler } from './http/lambda.ts';
import { createLog, writeJsonLine } from './log.ts';
import { createRegistry } from './providers/index.ts';
import { createAwsStores } from './stores/aws.ts';

const config = loadLambdaConfig();
const log = createLog(writeJsonLine);
const { credentials, keyRing } = createAwsStores(config, log);
const registry = createRegistry(
  Object.entries(config.gateway.providers).map(([name, entry]) => ({ name, ...entry })),
);

// Read while the function still initializes; a failure shows at the first request that needs a key.
keyRing.providers().catch(() => undefined);

const handle = createHandler({
  config: config.gateway,
  allowProviderKeys: config.gateway.allowProviderKeys ?? false,
  registry,
  keyRing,
  credentials,
});

export const handler = awslambda.streamifyResponse(
  createLambdaHandler(handle, log, config.gateway.timeouts.totalMs),
);
