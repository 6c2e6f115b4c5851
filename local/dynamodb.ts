import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreateTableCommand, type DynamoDBClient, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { ConfigError } from '../lambda/config.ts';
import { credentialStoreAt } from '../lambda/stores/aws.ts';
import type { CredentialStore } from '../lambda/stores/credential-store.ts';

export const CREDENTIALS_TABLE = 'sluice-credentials';

export interface LocalDynamoDB {
  readonly endpoint: string;
  readonly credentials: CredentialStore;
  close(): Promise<void>;
}

/** Where a running gateway's DynamoDB listens: read by the operator's CLI, which can't open the files a second time. */
export function endpointFile(dataFolder: string): string {
  return join(dataFolder, 'dynamodb.json');
}

/** The embedded DynamoDB over the files in `dataFolder`. Throws ConfigError where another process holds them. */
export async function startDynamoDB(dataFolder: string): Promise<LocalDynamoDB> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const server = dynalite({ path: join(dataFolder, 'dynamodb'), createTableMs: 0 });
  await listen(server, dataFolder);
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { client, credentials } = credentialStoreAt(endpoint, CREDENTIALS_TABLE);
  try {
    await createTable(client);
  } catch (error) {
    await stop(client, server);
    if (isLocked(error)) throw new ConfigError(`SLUICE_DATA: ${dataFolder} is in use by another gateway.`);
    throw error;
  }
  writeFileSync(endpointFile(dataFolder), JSON.stringify({ endpoint, pid: process.pid }), { mode: 0o600 });
  return {
    endpoint,
    credentials,
    async close() {
      rmSync(endpointFile(dataFolder), { force: true });
      await stop(client, server);
    },
  };
}

function listen(server: Server, dataFolder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', () =>
      reject(new ConfigError(`SLUICE_DATA: the database in ${dataFolder} can not be opened.`)),
    );
    server.listen(0, '127.0.0.1', resolve);
  });
}

async function createTable(client: DynamoDBClient): Promise<void> {
  try {
    await client.send(
      new CreateTableCommand({
        TableName: CREDENTIALS_TABLE,
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && error.name !== 'ResourceInUseException';
}

function stop(client: DynamoDBClient, server: Server): Promise<void> {
  client.destroy();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
