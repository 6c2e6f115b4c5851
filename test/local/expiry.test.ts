import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TableStores, tableStoresAt } from '../../lambda/stores/aws.ts';
import { LOCAL_TABLES, type LocalDynamoDB, startDynamoDB } from '../../local/dynamodb.ts';
import { removeExpired } from '../../local/expiry.ts';

const DAY = 86_400;
const NOW = Math.floor(Date.now() / 1000);
const ENTRY = { sealed: Buffer.from('x'), labels: { scope: 's', model: 'm' }, createdAt: NOW - 3 * DAY };

const folder = mkdtempSync(join(tmpdir(), 'sluice-expiry-'));
let dynamodb: LocalDynamoDB;
let tables: TableStores;
beforeAll(async () => {
  dynamodb = await startDynamoDB(folder);
  tables = tableStoresAt(dynamodb.endpoint, LOCAL_TABLES);
});
afterAll(async () => {
  tables.client.destroy();
  await dynamodb.close();
  rmSync(folder, { recursive: true, force: true });
});

async function left(TableName: string): Promise<string[]> {
  const { Items = [] } = await tables.client.send(new ScanCommand({ TableName }));
  return Items.map(({ pk }) => pk?.S ?? '').sort();
}

describe('what has expired', () => {
  test('is removed after a day, of both tables, and nothing else', async () => {
    const { cache, credentials, usage } = dynamodb;
    await cache.put('long over', { ...ENTRY, expiresAt: NOW - DAY - 1 });
    await cache.put('over', { ...ENTRY, expiresAt: NOW - 60 });
    await cache.put('living', { ...ENTRY, expiresAt: NOW + 60 });
    await cache.put('in parts', { ...ENTRY, sealed: Buffer.alloc(800_000), expiresAt: NOW - DAY - 1 });
    const key = { name: 'n', createdAt: NOW - 3 * DAY };
    await credentials.putKey({ ...key, hash: 'long-over', expiresAt: NOW - 2 * DAY });
    await credentials.putKey({ ...key, hash: 'over', expiresAt: NOW - 60 });
    await credentials.putKey({ ...key, hash: 'without-end' });
    await usage.adjust(
      { id: 'old', expiresAt: NOW - 2 * DAY, limits: {} },
      { requests: 1, tokens: 1, nanoUsd: 1 },
    );
    expect(await dynamodb.removeExpired()).toBe(7);
    expect(await left(LOCAL_TABLES.cacheTable)).toEqual(['living', 'over']);
    expect(await left(LOCAL_TABLES.credentialsTable)).toEqual(['key#over', 'key#without-end']);
    expect(await dynamodb.removeExpired()).toBe(0);
  });

  test('is left where it was written anew meanwhile', async () => {
    const TableName = LOCAL_TABLES.credentialsTable;
    const put = (expires: number) =>
      tables.client.send(
        new PutItemCommand({
          TableName,
          Item: { pk: { S: 'key#renewed' }, expires_at: { N: String(expires) } },
        }),
      );
    await put(NOW - 2 * DAY);
    const send = async (command: Parameters<typeof tables.client.send>[0]) => {
      if (!(command instanceof ScanCommand)) await put(NOW + DAY);
      return tables.client.send(command);
    };
    const client = { send } as unknown as typeof tables.client;
    expect(await removeExpired(client, TableName, ['pk'], NOW * 1000)).toBe(0);
    expect(await left(TableName)).toContain('key#renewed');
  });
});
