import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import database from 'dynalite/db/index.js';
import { ConfigError } from '../lambda/config.ts';
import { type TableStores, tableStoresAt } from '../lambda/stores/aws.ts';
import { removeExpired } from './expiry.ts';

/** Another process has the files open. */
export class FolderInUse extends ConfigError {}

export const CREDENTIALS_TABLE = 'sluice-credentials';
export const CACHE_TABLE = 'sluice-cache';

/** The tables of a local run. */
export const LOCAL_TABLES = { credentialsTable: CREDENTIALS_TABLE, cacheTable: CACHE_TABLE };

export interface LocalDynamoDB extends Omit<TableStores, 'client'> {
  readonly endpoint: string;
  /** Removes what has expired, as DynamoDB would; returns how many items. */
  removeExpired(): Promise<number>;
  close(): Promise<void>;
}

/** Where a running gateway's DynamoDB listens: read by the operator's CLI, which can't open the files a second time. */
export function endpointFile(dataFolder: string): string {
  return join(dataFolder, 'dynamodb.json');
}

/**
 * The embedded DynamoDB over the files in `dataFolder`. `told`: where it listens is told to the operator's CLI. Throws ConfigError,
 * FolderInUse.
 */
export async function startDynamoDB(dataFolder: string, told = true): Promise<LocalDynamoDB> {
  createFolder(dataFolder);
  const unlock = await locked(dataFolder);
  try {
    const started = await startInFolder(dataFolder, told);
    return { ...started, close: () => started.close().finally(unlock) };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function startInFolder(dataFolder: string, told: boolean): Promise<LocalDynamoDB> {
  const path = join(dataFolder, 'dynamodb');
  await (await openDatabase(path, dataFolder)).close();
  const server = dynalite({ path, createTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { client, ...stores } = tableStoresAt(endpoint, LOCAL_TABLES);
  try {
    await Promise.all([
      createTable(client, CREDENTIALS_TABLE, ['pk']),
      createTable(client, CACHE_TABLE, ['pk', 'sk']),
    ]);
    await Promise.all(
      [CREDENTIALS_TABLE, CACHE_TABLE].map((table) => tableActive(client, table, dataFolder)),
    );
  } catch (error) {
    await stop(client, server);
    throw error;
  }
  if (told)
    writeFileSync(endpointFile(dataFolder), JSON.stringify({ endpoint, pid: process.pid }), { mode: 0o600 });
  return {
    endpoint,
    ...stores,
    async removeExpired() {
      const now = Date.now();
      const credentials = await removeExpired(client, CREDENTIALS_TABLE, ['pk'], now);
      return credentials + (await removeExpired(client, CACHE_TABLE, ['pk', 'sk'], now));
    },
    async close() {
      if (told) rmSync(endpointFile(dataFolder), { force: true });
      await stop(client, server);
    },
  };
}

function createFolder(dataFolder: string): void {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigError(`SLUICE_DATA: ${dataFolder} can not be made a folder (${codeOf(error)}).`);
  }
}

/**
 * Gives the folder to this process until it unlocks it or ends, however that may be: a database of nothing, since dynalite ends
 * the process where it can't open the files, and another one may take them between our own look and that.
 */
async function locked(dataFolder: string): Promise<() => Promise<void>> {
  const lock = await openDatabase(join(dataFolder, 'lock'), dataFolder);
  return () => lock.close();
}

/** Throws ConfigError, FolderInUse. */
async function openDatabase(path: string, dataFolder: string): Promise<{ close(): Promise<void> }> {
  const { db } = database.create({ path });
  try {
    await db.open();
    return db;
  } catch (error) {
    const code = codeOf((error as Error).cause);
    if (code === 'LEVEL_LOCKED')
      throw new FolderInUse(`SLUICE_DATA: ${dataFolder} is in use by another gateway.`);
    throw new ConfigError(`SLUICE_DATA: the database in ${dataFolder} can not be opened (${code}).`);
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}

async function createTable(client: DynamoDBClient, table: string, keys: readonly string[]): Promise<void> {
  try {
    await client.send(
      new CreateTableCommand({
        TableName: table,
        AttributeDefinitions: keys.map((name) => ({ AttributeName: name, AttributeType: 'S' })),
        KeySchema: keys.map((name, i) => ({ AttributeName: name, KeyType: i === 0 ? 'HASH' : 'RANGE' })),
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
}

const ACTIVE_CHECKS = 100;

/** A new table serves a moment later only; one whose creation was broken off never does. */
async function tableActive(client: DynamoDBClient, table: string, dataFolder: string): Promise<void> {
  for (let checks = 0; checks < ACTIVE_CHECKS; checks++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await sleep(20);
  }
  throw new ConfigError(
    `SLUICE_DATA: the database in ${dataFolder} was never completed: remove that folder and start again.`,
  );
}

const STOP_MS = 5_000;

/** Requests at hand end first: in the middle of one dynalite throws out of nowhere where its files are closed. */
function stop(client: DynamoDBClient, server: Server): Promise<void> {
  return new Promise((resolve) => {
    const resting = setInterval(() => server.closeIdleConnections(), 5);
    const hanging = setTimeout(() => server.closeAllConnections(), STOP_MS);
    server.close(() => {
      clearInterval(resting);
      clearTimeout(hanging);
      client.destroy();
      resolve();
    });
  });
}
