import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { Environment } from '../lambda/config.ts';
import { type TableStores, tableStoresAt, tableStoresOf } from '../lambda/stores/aws.ts';
import { endpointFile, FolderInUse, LOCAL_TABLES, startDynamoDB } from '../local/dynamodb.ts';
import { localSettings } from '../local/settings.ts';
import { awsAdvice, codeOf } from './aws-advice.ts';
import { OperatorError } from './operator-error.ts';
import { UsageError } from './usage-error.ts';

/** Where the operator works: a local data folder, or a deployed stack. */
export interface Target extends Omit<TableStores, 'client'> {
  /** What the operator calls it. */
  readonly place: string;
  close(): Promise<void>;
}

/**
 * `stack` is a CloudFormation stack's name; without one the local data folder is meant. `region` is the stack's, else that of
 * the operator's AWS profile. Throws ConfigError, OperatorError.
 */
export async function openTarget(
  stack: string | undefined,
  region: string | undefined,
  environment: Environment,
): Promise<Target> {
  if (stack === '')
    throw new UsageError(
      '--stack needs a name: SluiceGateway, unless it was deployed with another stackPrefix.',
    );
  if (region === '') throw new UsageError('--region needs a name, such as eu-west-1.');
  if (stack !== undefined) return openStack(stack, region);
  if (region !== undefined)
    throw new UsageError('--region belongs to --stack: without it the local data folder is meant.');
  return openLocal(environment);
}

const GIVEN_UP = 100;

/** A running gateway holds its files, so its own DynamoDB is asked; else the files are opened here. */
async function openLocal(environment: Environment): Promise<Target> {
  const { dataFolder } = localSettings(environment);
  const place = `the data folder ${dataFolder}`;
  for (let tries = 1; ; tries++) {
    const endpoint = await runningAt(endpointFile(dataFolder));
    if (endpoint !== undefined) {
      const { client, ...stores } = tableStoresAt(endpoint, LOCAL_TABLES);
      return { ...stores, place, close: async () => client.destroy() };
    }
    try {
      return { ...(await startDynamoDB(dataFolder, false)), place };
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      if (tries === GIVEN_UP)
        throw new OperatorError(
          `${place} is in use by a process that does not answer: a gateway that hangs? Stop it, and repeat the command.`,
        );
      // Another command has the files for a moment, or a gateway is about to tell where it listens.
      await sleep(100);
    }
  }
}

/** Where a gateway's DynamoDB answers; undefined where the file is what a gateway left that ended otherwise than by a signal. */
async function runningAt(file: string): Promise<string | undefined> {
  try {
    const { endpoint, pid } = JSON.parse(readFileSync(file, 'utf8')) as { endpoint: string; pid: number };
    if (!isRunning(pid)) return undefined;
    // Another process may have that number by now, and another server that port.
    const answer = await fetch(endpoint, { signal: AbortSignal.timeout(5_000) });
    return (await answer.text()).startsWith('healthy: dynamodb') ? endpoint : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is one all the same.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html */
async function openStack(name: string, region: string | undefined): Promise<Target> {
  const client = new CloudFormationClient(region === undefined ? {} : { region });
  const { Stacks } = await client
    .send(new DescribeStacksCommand({ StackName: name }))
    .catch(async (error: Error) => {
      throw new OperatorError(stackAdvice(name, error, await regionOf(client, region)));
    });
  const place = `the stack ${name} in ${await regionOf(client, region)}`;
  client.destroy();
  const output = (wanted: string) => {
    const value = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === wanted)?.OutputValue;
    if (value !== undefined) return value;
    throw new OperatorError(
      `The stack ${name} has no output ${wanted}: name the gateway's stack, SluiceGateway unless it was deployed with another stackPrefix; if it is that one, deploy it again (npx cdk deploy --all).`,
    );
  };
  const names = { credentialsTable: output('CredentialsTableName'), cacheTable: output('CacheTableName') };
  const { client: dynamodb, ...stores } = tableStoresOf(names, region);
  return { ...stores, place, close: async () => dynamodb.destroy() };
}

async function regionOf(client: CloudFormationClient, region: string | undefined): Promise<string> {
  return region ?? (await client.config.region().catch(() => 'no region'));
}

/** What went wrong at AWS, and what the operator can do. */
function stackAdvice(stack: string, error: Error, region: string): string {
  if (/does not exist/i.test(error.message))
    return `There is no stack ${stack} in ${region}: give its region with --region; the gateway's stack is SluiceGateway unless it was deployed with another stackPrefix.`;
  return (
    awsAdvice(error) ?? `The stack ${stack} can not be read in ${region}: ${error.message || codeOf(error)}`
  );
}
