import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { tableStoresAt } from '../../../lambda/stores/aws.ts';
import type { CredentialRecord, CredentialStore } from '../../../lambda/stores/credential-store.ts';
import { DynamoDBCredentialStore } from '../../../lambda/stores/dynamodb-credential-store.ts';
import { RememberingCredentialStore } from '../../../lambda/stores/remembering-credential-store.ts';
import { CREDENTIALS_TABLE, LOCAL_TABLES } from '../../../local/dynamodb.ts';
import { type CoreStage, startCore } from '../../support/core-stage.ts';

const NOW = 1_800_000_000;

let stage: CoreStage;
let tables: ReturnType<typeof tableStoresAt>;
let now: number;
let reads = 0;
beforeAll(async () => {
  stage = await startCore();
  tables = tableStoresAt(stage.dynamodb.endpoint, LOCAL_TABLES);
  tables.client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (commandName === 'GetItemCommand') reads += 1;
        return next(args);
      },
    { step: 'initialize' },
  );
});
afterAll(async () => {
  tables.client.destroy();
  await stage.stop();
});
beforeEach(async () => {
  now = NOW * 1000;
  reads = 0;
  const left = await overDynamoDB().listCredentials();
  for (const { id } of left) await overDynamoDB().revokeCredential(id);
});

const record = (id: string, more: Partial<CredentialRecord> = {}): CredentialRecord => ({
  id,
  parent: { kind: 'gateway-key', hash: 'a'.repeat(64) },
  createdAt: NOW,
  expiresAt: NOW + 600,
  ...more,
});

const overDynamoDB = () => new DynamoDBCredentialStore(tables.client, CREDENTIALS_TABLE, () => now);
const stores: [string, () => CredentialStore][] = [
  ['DynamoDBCredentialStore', overDynamoDB],
  ['RememberingCredentialStore', () => new RememberingCredentialStore(overDynamoDB(), () => now)],
];

describe.each(stores)('temporary credentials in a %s', (_, createStore) => {
  test.each<[string, Partial<CredentialRecord>]>([
    ['nothing more', {}],
    [
      'everything',
      {
        models: ['gpt-test', 'openai/größe'],
        maxRequests: 3,
        maxCostUsd: 0.000_001,
        orgName: 'acme',
        logging: { parent: 'project_name:日本' },
        cacheScope: 'scope#team',
      },
    ],
    ['a provider’s key', { parent: { kind: 'provider-key', id: 'p', sealed: Buffer.from([0, 1, 255]) } }],
    ['an identity', { parent: { kind: 'identity', id: 'i', subject: 'iam#i', grant: 'g' } }],
  ])('come back as they were put, with %s', async (_name, more) => {
    const store = createStore();
    await store.putCredential(record('a', more));
    const found = await store.findCredential('a');
    const { parent } = found ?? {};
    const plain =
      parent?.kind === 'provider-key' ? { ...parent, sealed: Buffer.from(parent.sealed) } : parent;
    expect({ ...found, parent: plain }).toEqual(record('a', more));
  });

  test('never take the place of another', async () => {
    const store = createStore();
    await store.putCredential(record('a'));
    await expect(store.putCredential(record('a', { maxRequests: 9 }))).rejects.toThrow();
    expect(await overDynamoDB().findCredential('a')).toEqual(record('a'));
  });

  test('end at their second, though they are in the table still', async () => {
    const store = createStore();
    await store.putCredential(record('a', { expiresAt: NOW + 3 }));
    now += 2_999;
    expect(await store.findCredential('a')).toBeDefined();
    expect(await store.listCredentials()).toHaveLength(1);
    now += 1;
    expect(await store.findCredential('a')).toBeUndefined();
    expect(await store.listCredentials()).toEqual([]);
  });

  test('are revoked at once, and it is said whether there was one', async () => {
    const store = createStore();
    await store.putCredential(record('a'));
    await store.findCredential('a');
    expect(await store.revokeCredential('a')).toBe(true);
    expect(await store.findCredential('a')).toBeUndefined();
    expect(await store.revokeCredential('a')).toBe(false);
  });

  test('are no keys, and keys are none of them', async () => {
    const store = createStore();
    await store.putCredential(record('a'));
    await store.putKey({ hash: 'b', name: 'b', createdAt: NOW });
    expect(await store.findKey('a')).toBeUndefined();
    expect(await store.findCredential('b')).toBeUndefined();
    expect((await store.listCredentials()).map(({ id }) => id)).toEqual(['a']);
    await store.revokeKey('b');
  });
});

describe('authentication', () => {
  const gateway = () => {
    const at = Date.now();
    const store = new DynamoDBCredentialStore(tables.client, CREDENTIALS_TABLE);
    // Its clock stands still: what is remembered stays so, however slow the machine is.
    return stage.gateway({}, { credentials: new RememberingCredentialStore(store, () => at) });
  };

  test('reads the store once for a cold key and never for a warm one', async () => {
    const key = await stage.addKey();
    const { chat } = gateway();
    stage.answer = (_, response) => void response.end('{"choices":[]}');
    await chat(key);
    expect(reads).toBe(1);
    await chat(key);
    expect(reads).toBe(1);
  });

  test('of a cold credential reads its record and its key’s, of another child only the record', async () => {
    const warm = gateway();
    const key = await stage.addKey();
    const mint = async () =>
      ((await (await warm.post('/credentials', {}, key)).json()) as { key: string }).key;
    const [one, other] = [await mint(), await mint()];
    const cold = gateway();
    reads = 0;
    await cold.chat(one);
    expect(reads).toBe(2);
    await cold.chat(other);
    expect(reads).toBe(3);
    await cold.chat(one);
    expect(reads).toBe(3);
  });

  test('comes before the cache: what was cached for a credential ends with it', async () => {
    const { post, chat, settled } = stage.gateway();
    const made = await post('/credentials', {}, await stage.addKey());
    const { key } = (await made.json()) as { key: string };
    stage.answer = (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(
          '{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}',
        );
    await (await chat(key, { temperature: 0 })).text();
    await settled();
    const hit = await chat(key, { temperature: 0 });
    expect(hit.headers.get('x-bt-cached')).toBe('HIT');
    const { jti } = JSON.parse(Buffer.from(key.split('.')[1] ?? '', 'base64url').toString());
    await stage.dynamodb.credentials.revokeCredential(jti);
    expect((await chat(key, { temperature: 0 })).status).toBe(401);
  });
});
