import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FrontDoor, type InvocationRecord, type LambdaOptions } from './lambda-front-door.ts';
import { LambdaWorker } from './lambda-worker.ts';

export type { InvocationRecord, LambdaOptions } from './lambda-front-door.ts';

export interface Lambda {
  /** Without a trailing slash; for a REST API with the stage. */
  readonly url: string;
  /** Every invocation so far, oldest first. */
  invocations(): readonly InvocationRecord[];
  /** What the processes wrote to stdout and stderr. */
  logs(): string;
  /** Resolves when nothing runs any more: also what a handler does after it ended its response. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

const CLIENT = fileURLToPath(
  new URL('../lambda-runtime/node_modules/aws-lambda-ric/index.mjs', import.meta.url),
);

/** Found once: a test file asks more than once, and the answer costs a process. */
let missing: string | undefined;

/** Why there is no runtime client here, or an empty string. */
export function lambdaRuntimeClientMissing(): string {
  missing ??= whyMissing();
  return missing;
}

/** The entry of Lambda's own runtime client, where it is installed, built and loadable. */
export function lambdaRuntimeClient(): string | undefined {
  return lambdaRuntimeClientMissing() === '' ? CLIENT : undefined;
}

function whyMissing(): string {
  if (!existsSync(CLIENT)) return 'aws-lambda-ric is not installed: npm ci --prefix test/lambda-runtime';
  const addon = join(dirname(CLIENT), 'rapid-client.node');
  if (!existsSync(addon)) {
    return 'aws-lambda-ric is installed but its addon is not built (needs Linux, cmake, make, g++, xz and python3)';
  }
  // In a process of its own: the addon aborts the whole process where AWS_LAMBDA_RUNTIME_API is not set.
  const probe = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', addon], {
    env: { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9' },
    encoding: 'utf8',
  });
  return probe.status === 0
    ? ''
    : `aws-lambda-ric's addon does not load: ${probe.stderr || probe.error?.message}`;
}

/**
 * Runs a built function under the real runtime client, behind an HTTP server that acts as one of Lambda's front
 * doors. Rejects where the runtime client is missing or the function's module does not load.
 */
export async function startLambda(options: LambdaOptions): Promise<Lambda> {
  const client = lambdaRuntimeClient();
  if (client === undefined) throw new Error(lambdaRuntimeClientMissing());
  const module = options.handler.split('.')[0];
  if (parse(options.bundle).name !== module) {
    throw new Error(
      `The handler ${options.handler} is not in ${basename(options.bundle)}: Lambda looks for ${module}.js`,
    );
  }
  const output: string[] = [];
  const workers = Array.from(
    { length: options.workers ?? 1 },
    () =>
      new LambdaWorker({
        ...options,
        client,
        taskRoot: dirname(options.bundle),
        remainingMs: options.remainingMs ?? 900_000,
        log: (text) => output.push(text),
      }),
  );
  await Promise.all(workers.map((worker) => worker.listen()));
  const door = new FrontDoor(options, workers);
  try {
    await Promise.all(workers.map((worker) => worker.start()));
  } catch (error) {
    await door.stop();
    throw new Error(`${error instanceof Error ? error.message : error}\n${output.join('')}`, {
      cause: error,
    });
  }
  return {
    url: await door.listen(),
    invocations: () => door.records,
    logs: () => output.join(''),
    idle: () => door.idle(),
    stop: () => door.stop(),
  };
}
