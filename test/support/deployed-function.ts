import { jest } from '@jest/globals';
import type { StreamifyHandler } from 'aws-lambda';
import { installAwslambda } from './awslambda.ts';
import { type Answer, type FakeUpstream, startUpstream } from './fake-upstream.ts';
import { callShim, type EventKind, startSurroundings } from './lambda-hosts.ts';

/** The deployed function in this process, under the shim of `awslambda`, before one fake OpenAI. */
export interface DeployedFunction {
  readonly upstream: FakeUpstream;
  /** Where its tables are. */
  readonly dynamodb: string;
  call(kind: EventKind, path: string, init?: Parameters<typeof callShim>[3]): ReturnType<typeof callShim>;
  stop(): Promise<void>;
}

/** Once in a test file: the function reads its environment as it is loaded. */
export async function deployFunction(answer: Answer): Promise<DeployedFunction> {
  const before = { ...process.env };
  // The function logs to stdout, which is the test runner's here.
  const stdout = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const upstream = await startUpstream(answer);
  const providers = { openai: { kind: 'openai', baseUrl: `${upstream.origin}/v1` } };
  // A busy test machine is no slow cache.
  const timeouts = { cacheMs: 50_000 };
  const surroundings = await startSurroundings({ openai: 'key-of-nobody' }, { providers, timeouts });
  Object.assign(process.env, surroundings.environment);
  installAwslambda();
  const { handler } = (await import('../../lambda/index.ts')) as unknown as { handler: StreamifyHandler };
  return {
    upstream,
    dynamodb: surroundings.environment.AWS_ENDPOINT_URL_DYNAMODB ?? '',
    call: (kind, path, init) => callShim(handler, kind, path, init),
    async stop() {
      process.env = before;
      stdout.mockRestore();
      await upstream.close();
      await surroundings.close();
    },
  };
}
