import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { KeyUnavailable } from '../errors.ts';
import type { CredentialStore, GatewayKeyRecord } from './credential-store.ts';

type Item = Record<string, AttributeValue>;

const KEY_PREFIX = 'key#';

/**
 * Gateway keys in a DynamoDB table: `pk` is `key#` and the key's SHA-256, `expires_at` (seconds) is the table's TTL
 * attribute. DynamoDB deletes expired items within days, so expiry is checked at every read.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 */
export class DynamoDBCredentialStore implements CredentialStore {
  readonly #client: Pick<DynamoDBClient, 'send'>;
  readonly #table: string;
  readonly #now: () => number;

  constructor(client: Pick<DynamoDBClient, 'send'>, table: string, now: () => number = Date.now) {
    this.#client = client;
    this.#table = table;
    this.#now = now;
  }

  async findKey(hash: string): Promise<GatewayKeyRecord | undefined> {
    const command = new GetItemCommand({ TableName: this.#table, Key: keyOf(hash), ConsistentRead: true });
    const { Item } = await this.#client.send(command).catch(unavailable);
    const record = Item && toRecord(Item);
    const expired = record?.expiresAt !== undefined && record.expiresAt * 1000 <= this.#now();
    return expired ? undefined : record;
  }

  async putKey(record: GatewayKeyRecord): Promise<void> {
    await this.#client
      .send(new PutItemCommand({ TableName: this.#table, Item: toItem(record) }))
      .catch(unavailable);
  }

  /** Reads the whole table: for the operator, not for the function. */
  async listKeys(): Promise<GatewayKeyRecord[]> {
    const records: GatewayKeyRecord[] = [];
    let start: Item | undefined;
    do {
      const command = new ScanCommand({
        TableName: this.#table,
        ...(start ? { ExclusiveStartKey: start } : {}),
      });
      const page = await this.#client.send(command).catch(unavailable);
      const keys = (page.Items ?? []).filter((item) => item.pk?.S?.startsWith(KEY_PREFIX));
      records.push(...keys.map(toRecord));
      start = page.LastEvaluatedKey;
    } while (start);
    return records;
  }

  async revokeKey(hash: string): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.#table,
      Key: keyOf(hash),
      ReturnValues: 'ALL_OLD',
    });
    const { Attributes } = await this.#client.send(command).catch(unavailable);
    return Attributes !== undefined;
  }
}

function unavailable(error: unknown): never {
  throw new KeyUnavailable('The credentials can not be checked at the moment.', { cause: error });
}

function keyOf(hash: string): { pk: AttributeValue } {
  return { pk: { S: `${KEY_PREFIX}${hash}` } };
}

function toItem({ hash, name, createdAt, expiresAt, models }: GatewayKeyRecord): Item {
  return {
    ...keyOf(hash),
    name: { S: name },
    created_at: { N: String(createdAt) },
    ...(expiresAt === undefined ? {} : { expires_at: { N: String(expiresAt) } }),
    ...(models === undefined ? {} : { models: { L: models.map((model) => ({ S: model })) } }),
  };
}

function toRecord(item: Item): GatewayKeyRecord {
  const expiresAt = item.expires_at?.N;
  const models = item.models?.L?.map((model) => model.S ?? '');
  return {
    hash: (item.pk?.S ?? '').slice(KEY_PREFIX.length),
    name: item.name?.S ?? '',
    createdAt: Number(item.created_at?.N ?? 0),
    ...(expiresAt === undefined ? {} : { expiresAt: Number(expiresAt) }),
    ...(models === undefined ? {} : { models }),
  };
}
