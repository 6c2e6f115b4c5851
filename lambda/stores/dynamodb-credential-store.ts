import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { KeyUnavailable } from '../errors.ts';
import {
  CREDENTIAL_PREFIX,
  credentialItem,
  credentialRecord,
  type Item,
  KEY_PREFIX,
  keyItem,
  keyRecord,
} from './credential-items.ts';
import type { CredentialRecord, CredentialStore, GatewayKeyRecord } from './credential-store.ts';

/**
 * Gateway keys and temporary credentials in a DynamoDB table: `pk` is `key#` and the key's SHA-256, or `cred#` and the
 * token's `jti`; `expires_at` (seconds) is the table's TTL attribute. DynamoDB deletes expired items within days, so expiry
 * is checked at every read. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
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
    return this.#unexpired(await this.#get(`${KEY_PREFIX}${hash}`, keyRecord));
  }

  async putKey(record: GatewayKeyRecord): Promise<void> {
    await this.#client
      .send(new PutItemCommand({ TableName: this.#table, Item: keyItem(record) }))
      .catch(unavailable);
  }

  listKeys(): Promise<GatewayKeyRecord[]> {
    return this.#list(KEY_PREFIX, keyRecord);
  }

  revokeKey(hash: string): Promise<boolean> {
    return this.#delete(`${KEY_PREFIX}${hash}`);
  }

  async findCredential(id: string): Promise<CredentialRecord | undefined> {
    return this.#unexpired(await this.#get(`${CREDENTIAL_PREFIX}${id}`, credentialRecord));
  }

  async putCredential(record: CredentialRecord): Promise<void> {
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: credentialItem(record),
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    await this.#client.send(command).catch(unavailable);
  }

  async listCredentials(): Promise<CredentialRecord[]> {
    const records = await this.#list(CREDENTIAL_PREFIX, credentialRecord);
    return records.filter((record) => this.#unexpired(record) !== undefined);
  }

  revokeCredential(id: string): Promise<boolean> {
    return this.#delete(`${CREDENTIAL_PREFIX}${id}`);
  }

  #unexpired<Of extends { readonly expiresAt?: number }>(record: Of | undefined): Of | undefined {
    const expired = record?.expiresAt !== undefined && record.expiresAt * 1000 <= this.#now();
    return expired ? undefined : record;
  }

  async #get<Of>(pk: string, toRecord: (item: Item) => Of): Promise<Of | undefined> {
    const command = new GetItemCommand({
      TableName: this.#table,
      Key: { pk: { S: pk } },
      ConsistentRead: true,
    });
    const { Item } = await this.#client.send(command).catch(unavailable);
    return Item && toRecord(Item);
  }

  /** Reads the whole table: for the operator, not for the function. */
  async #list<Of>(prefix: string, toRecord: (item: Item) => Of): Promise<Of[]> {
    const records: Of[] = [];
    let start: Item | undefined;
    do {
      const command = new ScanCommand({
        TableName: this.#table,
        FilterExpression: 'begins_with(pk, :prefix)',
        ExpressionAttributeValues: { ':prefix': { S: prefix } },
        ...(start ? { ExclusiveStartKey: start } : {}),
      });
      const page = await this.#client.send(command).catch(unavailable);
      records.push(...(page.Items ?? []).map(toRecord));
      start = page.LastEvaluatedKey;
    } while (start);
    return records;
  }

  async #delete(pk: string): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.#table,
      Key: { pk: { S: pk } },
      ReturnValues: 'ALL_OLD',
    });
    const { Attributes } = await this.#client.send(command).catch(unavailable);
    return Attributes !== undefined;
  }
}

function unavailable(error: unknown): never {
  throw new KeyUnavailable('The credentials can not be checked at the moment.', { cause: error });
}
