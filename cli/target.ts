import { existsSync, readFileSync } from 'node:fs';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ConfigError, type Environment } from '../lambda/config.ts';
import { type TableStores, tableStoresAt, tableStoresOf } from '../lambda/stores/aws.ts';
import { endpointFile, LOCAL_TABLES, startDynamoDB } from '../local/dynamodb.ts';
import { localSettings } from '../local/settings.ts';

/** Where the operator works: a local data folder, or a deployed stack. */
export interface Target extends Omit<TableStores, 'client'> {
  close(): Promise<void>;
}

/** `stack` is a CloudFormation stack's name; without one the local data folder is meant. Throws ConfigError. */
export async function openTarget(stack: string | undefined, environment: Environment): Promise<Target> {
  return stack === undefined ? openLocal(environment) : openStack(stack);
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
async function openStack(name: string): Promise<Target> {
  const client = new CloudFormationClient({});
  const { Stacks } = await client
    .send(new DescribeStacksCommand({ StackName: name }))
    .catch((error: Error) => {
      throw new ConfigError(`The stack ${name} can not be read: ${error.message}`);
    });
  client.destroy();
  const output = (wanted: string) => {
    const value = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === wanted)?.OutputValue;
    if (value !== undefined) return value;
    throw new ConfigError(`The stack ${name} has no output ${wanted}: name the gateway's stack.`);
  };
  const names = { credentialsTable: output('CredentialsTableName'), cacheTable: output('CacheTableName') };
  const { client: dynamodb, ...stores } = tableStoresOf(names);
  return { ...stores, close: async () => dynamodb.destroy() };
}
