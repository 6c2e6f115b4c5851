import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KeyUnavailable } from '../../../lambda/errors.ts';
import { tableStoresAt } from '../../../lambda/stores/aws.ts';
import type { CredentialStore, GatewayKeyRecord } from '../../../lambda/stores/credential-store.ts';
import { DynamoDBCredentialStore } from '../../../lambda/stores/dynamodb-credential-store.ts';
import { RememberingCredentialStore } from '../../../lambda/stores/remembering-credential-store.ts';
import {
  CREDENTIALS_TABLE,
  LOCAL_TABLES,
  type LocalDynamoDB,
  startDynamoDB,
} from '../../../local/dynamodb.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-credentials-'));
const NOW = 1_800_000_000;
let dynamodb: LocalDynamoDB;
let client: DynamoDBClient;
let now: number;

beforeAll(async () => {
  dynamodb = await startDynamoDB(folder);
  ({ client } = tableStoresAt(dynamodb.endpoint, LOCAL_TABLES));
});

beforeEach(async () => {
  now = NOW * 1000;
  const left = await dynamodb.credentials.listKeys();
  await Promise.all(left.map(({ hash }) => dynamodb.credentials.revokeKey(hash)));
});

afterAll(async () => {
  client.destroy();
  await dynamodb.close();
  rmSync(folder, { recursive: true });
});

function record(hash: string, more: Partial<GatewayKeyRecord> = {}): GatewayKeyRecord {
  return { hash, name: `key ${hash}`, createdAt: NOW, ...more };
}

const overDynamoDB = () => new DynamoDBCredentialStore(client, CREDENTIALS_TABLE, () => now);
const stores: [string, () => CredentialStore][] = [
  ['DynamoDBCredentialStore', overDynamoDB],
  ['RememberingCredentialStore', () => new RememberingCredentialStore(overDynamoDB(), () => now)],
];

describe.each(stores)('%s', (_, createStore) => {
  test('gives a key back with everything that it was put with', async () => {
    const store = createStore();
    const whole = record('a', { expiresAt: NOW + 60, models: ['gpt-test', 'groq/llama'] });
    await store.putKey(whole);
    await store.putKey(record('b'));
    await store.putKey(record('c', { models: [] }));
    expect(await store.findKey('a')).toEqual(whole);
    expect(await store.findKey('b')).toEqual(record('b'));
    expect(await store.findKey('c')).toEqual(record('c', { models: [] }));
  });

  test('finds no key that was never put', async () => {
    expect(await createStore().findKey('nobody')).toBeUndefined();
  });

  test('finds a new key at once, though it was asked for before', async () => {
    const store = createStore();
    await store.findKey('a');
    await overDynamoDB().putKey(record('a'));
    expect(await store.findKey('a')).toEqual(record('a'));
  });

  test('checks the expiry at every read: DynamoDB deletes late', async () => {
    const store = createStore();
    await store.putKey(record('a', { expiresAt: NOW + 1 }));
    now += 999;
    expect(await store.findKey('a')).toBeDefined();
    now += 1;
    expect(await store.findKey('a')).toBeUndefined();
  });

  test('gives the key as it was put last', async () => {
    const store = createStore();
    await store.putKey(record('a', { models: ['gpt-test'] }));
    await store.findKey('a');
    await store.putKey(record('a', { name: 'another' }));
    expect(await store.findKey('a')).toEqual(record('a', { name: 'another' }));
  });

  test('revokes a key at once, and says whether there was one', async () => {
    const store = createStore();
    await store.putKey(record('a'));
    await store.findKey('a');
    expect(await store.revokeKey('a')).toBe(true);
    expect(await store.findKey('a')).toBeUndefined();
    expect(await store.revokeKey('a')).toBe(false);
  });

  test('lists all keys, those that have expired too, and nothing else', async () => {
    const store = createStore();
    await store.putKey(record('a', { expiresAt: NOW - 1 }));
    await store.putKey(record('b'));
    const foreign = { pk: { S: 'credential#x' }, name: { S: 'no key' } };
    await client.send(new PutItemCommand({ TableName: CREDENTIALS_TABLE, Item: foreign }));
    const listed = (await store.listKeys()).toSorted((one, other) => one.hash.localeCompare(other.hash));
    expect(listed).toEqual([record('a', { expiresAt: NOW - 1 }), record('b')]);
  });
});

describe('DynamoDBCredentialStore', () => {
  test('lists keys past the one megabyte that DynamoDB gives at a time', async () => {
    const store = overDynamoDB();
    const hashes = ['a', 'b', 'c', 'd', 'e'];
    for (const hash of hashes) await store.putKey(record(hash, { name: hash.repeat(300_000) }));
    expect((await store.listKeys()).map(({ hash }) => hash).toSorted()).toEqual(hashes);
  });

  test('that can not be reached is a 503, whatever was asked', async () => {
    const gone = new DynamoDBClient({
      endpoint: 'http://127.0.0.1:9',
      region: 'local',
      credentials: { accessKeyId: 'nobody', secretAccessKey: 'nobody' },
      maxAttempts: 1,
    });
    const store = new DynamoDBCredentialStore(gone, CREDENTIALS_TABLE);
    const calls = [store.findKey('a'), store.putKey(record('a')), store.listKeys(), store.revokeKey('a')];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { status: 503, code: 'store_unavailable' },
      });
    }
  });
});

/** A store in memory that counts its reads and can be down. */
class SwitchedStore implements CredentialStore {
  readonly records = new Map<string, GatewayKeyRecord>();
  reads = 0;
  down = false;

  async findKey(hash: string): Promise<GatewayKeyRecord | undefined> {
    this.reads++;
    if (this.down) throw new KeyUnavailable('down');
    return this.records.get(hash);
  }

  async putKey(key: GatewayKeyRecord): Promise<void> {
    this.records.set(key.hash, key);
  }

  async listKeys(): Promise<GatewayKeyRecord[]> {
    return [...this.records.values()];
  }

  async revokeKey(hash: string): Promise<boolean> {
    return this.records.delete(hash);
  }

  async findCredential(): Promise<undefined> {
    return undefined;
  }

  async putCredential(): Promise<void> {}

  async listCredentials(): Promise<[]> {
    return [];
  }

  async revokeCredential(): Promise<boolean> {
    return false;
  }
}

describe('RememberingCredentialStore', () => {
  let below: SwitchedStore;
  let store: RememberingCredentialStore;

  beforeEach(async () => {
    below = new SwitchedStore();
    store = new RememberingCredentialStore(below, () => now);
    await below.putKey(record('a'));
  });

  test('asks for a key once in five seconds', async () => {
    await store.findKey('a');
    now += 4_999;
    expect(await store.findKey('a')).toEqual(record('a'));
    expect(below.reads).toBe(1);
    now += 1;
    await store.findKey('a');
    expect(below.reads).toBe(2);
  });

  test('does not remember that there was no key', async () => {
    await store.findKey('b');
    await store.findKey('b');
    expect(below.reads).toBe(2);
  });

  test('goes on for callers of the last five seconds while the store is down; others get a 503', async () => {
    await store.findKey('a');
    below.down = true;
    now += 4_999;
    expect(await store.findKey('a')).toEqual(record('a'));
    await expect(store.findKey('b')).rejects.toBeInstanceOf(KeyUnavailable);
    now += 1;
    await expect(store.findKey('a')).rejects.toBeInstanceOf(KeyUnavailable);
  });

  test('ends a key that was revoked elsewhere within five seconds, however often it is used', async () => {
    await store.findKey('a');
    await below.revokeKey('a');
    now += 2_500;
    expect(await store.findKey('a')).toBeDefined();
    now += 2_500;
    expect(await store.findKey('a')).toBeUndefined();
  });

  test('holds a bounded number of keys, and finds the others all the same', async () => {
    const many = Array.from({ length: 10_001 }, (_, index) => record(`key-${index}`));
    for (const key of many) await below.putKey(key);
    for (const { hash } of many) await store.findKey(hash);
    expect(await store.findKey('key-0')).toEqual(record('key-0'));
    expect(below.reads).toBe(many.length + 1);
  });
});
