import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import dynalite from 'dynalite';
import { ConfigError } from '../../lambda/config.ts';
import { tableStoresAt } from '../../lambda/stores/aws.ts';
import { CREDENTIALS_TABLE, endpointFile, LOCAL_TABLES, startDynamoDB } from '../../local/dynamodb.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-dynamodb-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** The message that a start is refused with. */
async function refusal(): Promise<string> {
  const failure: unknown = await startDynamoDB(folder).then(
    (started) => started.close(),
    (error: unknown) => error,
  );
  if (failure instanceof ConfigError) return failure.message;
  throw new Error('it was not refused', { cause: failure });
}

test('what was stored is there after a restart', async () => {
  const record = { hash: 'a', name: 'first', createdAt: 1 };
  const first = await startDynamoDB(folder);
  await first.credentials.putKey(record);
  await first.close();
  const second = await startDynamoDB(folder);
  expect(await second.credentials.listKeys()).toEqual([record]);
  await second.close();
});

test('requests at hand end before it closes', async () => {
  for (const answered of [0, 0, 5, 10, 20, 40, 60, 80]) {
    const started = await startDynamoDB(folder);
    const written = Array.from({ length: 100 }, (_, i) =>
      started.usage.adjust(
        { id: `${answered} ${i}`, expiresAt: 1, limits: {} },
        { requests: 1, tokens: 1, nanoUsd: 1 },
      ),
    );
    const ends = Promise.allSettled(written);
    // Some are answered by then, some are at hand, and some come too late; what breaks in the middle ends the process.
    await written[answered];
    await started.close();
    expect((await ends)[answered]?.status).toBe('fulfilled');
  }
});

test('where it listens stands in a file of the user’s alone, for as long as it runs', async () => {
  const { endpoint, close } = await startDynamoDB(join(folder, 'new'));
  const file = endpointFile(join(folder, 'new'));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ endpoint, pid: process.pid });
  expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(statSync(join(folder, 'new')).mode & 0o077).toBe(0);
  await close();
  expect(existsSync(file)).toBe(false);
});

test('a folder that is in use is refused, and can be used afterwards', async () => {
  const first = await startDynamoDB(folder);
  expect(await refusal()).toBe(`SLUICE_DATA: ${folder} is in use by another gateway.`);
  expect(await first.credentials.listKeys()).toEqual([]);
  await first.close();
  await (await startDynamoDB(folder)).close();
});

test('a table whose creation was broken off is told: it would never answer', async () => {
  const server = dynalite({ path: join(folder, 'dynamodb'), createTableMs: 1_000 }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { client } = tableStoresAt(`http://127.0.0.1:${port}`, LOCAL_TABLES);
  await client.send(
    new CreateTableCommand({
      TableName: CREDENTIALS_TABLE,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  client.destroy();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  expect(await refusal()).toMatch(/^SLUICE_DATA: the database in .* was never completed: remove that folder/);
});
