import { ConfigError, processEnvironment } from '../lambda/config.ts';
import { createLog } from '../lambda/log.ts';
import { banner } from '../local/banner.ts';
import { readDotEnv } from '../local/dotenv.ts';
import { type LocalGateway, startLocalGateway } from '../local/gateway.ts';
import { writeReadableLine } from '../local/log.ts';

/** `npm start`: the gateway on this machine. */
async function main(): Promise<void> {
  // What the shell sets comes before what the file says.
  const environment = { ...readDotEnv('.env'), ...processEnvironment() };
  const gateway = await startLocalGateway(environment, createLog(writeReadableLine));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(gateway));
  process.stdout.write(banner(gateway));
}

let stopping = false;

/** The first signal lets the running answers finish; a second one breaks them. */
function stop(gateway: LocalGateway): void {
  if (stopping) {
    gateway.abort();
    return;
  }
  stopping = true;
  process.stdout.write('stopping: running answers finish first\n');
  gateway.close().then(() => process.exit(0), fail);
}

function fail(error: unknown): never {
  const message =
    error instanceof ConfigError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`sluice: ${message}\n`);
  process.exit(1);
}

main().catch(fail);
