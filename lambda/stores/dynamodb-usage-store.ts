import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Amounts, Counter, Reservation, UsageStore } from './usage-store.ts';

const PREFIX = 'use#';
const ATTRIBUTES = { requests: 'requests', tokens: 'tokens', nanoUsd: 'nano_usd' } as const;
type Name = keyof typeof ATTRIBUTES;
const NAMES = Object.keys(ATTRIBUTES) as Name[];

/**
 * Counters in the credentials' table: `pk` is `use#` and the counter's id. A reservation is one conditional update, which
 * DynamoDB applies whole or not at all.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.AtomicCounters
 */
export class DynamoDBUsageStore implements UsageStore {
  readonly #client: Pick<DynamoDBClient, 'send'>;
  readonly #table: string;

  constructor(client: Pick<DynamoDBClient, 'send'>, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async reserve(counter: Counter, amounts: Amounts): Promise<Reservation> {
    const limited = NAMES.filter((name) => counter.limits[name] !== undefined);
    const rooms = limited.map((name) => [name, (counter.limits[name] ?? 0) - amounts[name]] as const);
    // A new item has no attribute to compare: what does not fit into an empty counter fits into none.
    if (rooms.some(([, room]) => room < 0)) return { granted: false, used: await this.read(counter.id) };
    try {
      return { granted: true, used: await this.#add(counter.id, counter.expiresAt, amounts, rooms) };
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      return { granted: false, used: await this.read(counter.id) };
    }
  }

  async adjust({ id, expiresAt }: Counter, by: Amounts): Promise<void> {
    await this.#add(id, expiresAt, by, []);
  }

  async read(id: string): Promise<Amounts> {
    const command = new GetItemCommand({ TableName: this.#table, Key: keyOf(id), ConsistentRead: true });
    const { Item } = await this.#client.send(command);
    return amountsOf(Item);
  }

  async #add(
    id: string,
    expiresAt: number,
    amounts: Amounts,
    rooms: readonly (readonly [Name, number])[],
  ): Promise<Amounts> {
    const conditions = rooms.map(([name]) => `(attribute_not_exists(#${name}) OR #${name} <= :${name}_room)`);
    const { Attributes } = await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: keyOf(id),
        UpdateExpression: `SET expires_at = :expires_at ADD ${NAMES.map((name) => `#${name} :${name}`).join(', ')}`,
        ...(conditions.length === 0 ? {} : { ConditionExpression: conditions.join(' AND ') }),
        ExpressionAttributeNames: Object.fromEntries(NAMES.map((name) => [`#${name}`, ATTRIBUTES[name]])),
        ExpressionAttributeValues: {
          ':expires_at': { N: String(expiresAt) },
          ...Object.fromEntries(NAMES.map((name) => [`:${name}`, { N: String(amounts[name]) }])),
          ...Object.fromEntries(rooms.map(([name, room]) => [`:${name}_room`, { N: String(room) }])),
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return amountsOf(Attributes);
  }
}

function keyOf(id: string) {
  return { pk: { S: `${PREFIX}${id}` } };
}

function amountsOf(item: Record<string, { N?: string }> | undefined): Amounts {
  const of = (name: Name) => Number(item?.[ATTRIBUTES[name]]?.N ?? 0);
  return { requests: of('requests'), tokens: of('tokens'), nanoUsd: of('nanoUsd') };
}
