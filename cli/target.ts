import { existsSync, readFileSync } from 'node:fs';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { Environment } from '../lambda/config.ts';
import { type TableStores, tableStoresAt, tableStoresOf } from '../lambda/stores/aws.ts';
import { endpointFile, LOCAL_TABLES, startDynamoDB } from '../local/dynamodb.ts';
import { localSettings } from '../local/settings.ts';
import { OperatorError } from './operator-error.ts';
import { UsageError } from './usage-error.ts';

/** Where the operator works: a local data folder, or a deployed stack. */
export interface Target extends Omit<TableStores, 'client'> {
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
  if (stack !== undefined) return openStack(stack, region);
  if (region !== undefined)
    throw new UsageError('--region belongs to --stack: without it the local data folder is meant.');
  return openLocal(environment);
}

/** A running gateway holds its files, so its own DynamoDB is asked; else the files are opened here. */
async function openLocal(environment: Environment): Promise<Target> {
  const { dataFolder } = localSettings(environment);
  const file = endpointFile(dataFolder);
  if (existsSync(file)) {
    const { endpoint, pid } = JSON.parse(readFileSync(file, 'utf8')) as { endpoint: string; pid: number };
    if (isRunning(pid)) {
      const { client, ...stores } = tableStoresAt(endpoint, LOCAL_TABLES);
      return { ...stores, close: async () => client.destroy() };
    }
  }
  return startDynamoDB(dataFolder);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html */
async function openStack(name: string, region: string | undefined): Promise<Target> {
  const client = new CloudFormationClient(region === undefined ? {} : { region });
  const { Stacks } = await client
    .send(new DescribeStacksCommand({ StackName: name }))
    .catch(async (error: Error) => {
      throw new OperatorError(advice(name, error, await regionOf(client, region)));
    });
  client.destroy();
  const output = (wanted: string) => {
    const value = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === wanted)?.OutputValue;
    if (value !== undefined) return value;
    throw new OperatorError(
      `The stack ${name} has no output ${wanted}: name the gateway's stack, by default SluiceGateway, and deploy it again if it is older.`,
    );
  };
  const names = { credentialsTable: output('CredentialsTableName'), cacheTable: output('CacheTableName') };
  const { client: dynamodb, ...stores } = tableStoresOf(names, region);
  return { ...stores, close: async () => dynamodb.destroy() };
}

async function regionOf(client: CloudFormationClient, region: string | undefined): Promise<string> {
  return region ?? (await client.config.region().catch(() => 'no region'));
}

/** What went wrong at AWS, and what the operator can do. */
function advice(stack: string, error: Error, region: string): string {
  if (/region is missing/i.test(error.message))
    return 'No AWS region is known: give --region, or set AWS_REGION or a region in your AWS profile.';
  if (/does not exist/i.test(error.message))
    return `There is no stack ${stack} in ${region}: give its region with --region; the gateway's stack is SluiceGateway unless it was deployed with another stackPrefix.`;
  if (/ExpiredToken|expired/i.test(`${error.name} ${error.message}`))
    return 'Your AWS credentials have expired: sign in again (aws sso login), then repeat the command.';
  if (/Credentials|Token/.test(error.name))
    return `No usable AWS credentials were found (${error.name}): run aws configure or aws sso login, or set AWS_PROFILE.`;
  if (/AccessDenied|UnauthorizedOperation/.test(error.name))
    return `Your AWS identity may not read the stack ${stack}: it needs cloudformation:DescribeStacks, and the tables' dynamodb actions.`;
  return `The stack ${stack} can not be read in ${region}: ${error.message}`;
}
