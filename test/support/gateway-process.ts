/**
 * The deployed function's parts behind node:http instead of Lambda's runtime, so that a test can have several such processes on
 * the same stores, kill one, and leave one as a caller. Run by `startSharedStores`.
 */
import { loadLambdaConfig, processEnvironment } from '../../lambda/config.ts';
import { createHandler } from '../../lambda/http/app.ts';
import { createLog, writeJsonLine } from '../../lambda/log.ts';
import { providerEntries } from '../../lambda/providers/entries.ts';
import { createRegistry } from '../../lambda/providers/index.ts';
import { createAwsStores } from '../../lambda/stores/aws.ts';
import { startServer } from '../../local/node-server.ts';

const environment = processEnvironment();
const config = loadLambdaConfig(environment);
const log = createLog(writeJsonLine);
const { requestLog, ...stores } = createAwsStores(config, log);
const handle = createHandler({
  ...stores,
  config: config.gateway,
  log,
  allowProviderKeys: false,
  registry: createRegistry(providerEntries(config.gateway, environment)),
  requestLogs: [requestLog],
});
const server = await startServer(handle, log, 0, config.gateway.timeouts.totalMs);
process.on('SIGTERM', () => void server.drain().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify({ listening: `http://127.0.0.1:${server.port}/v1` })}\n`);
