import { randomUUID } from 'node:crypto';
import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  COUNTED,
  COUNTS,
  ENTRY,
  type Item,
  keyOf,
  LEASE,
  labelled,
  purged,
  surveyed,
} from './dynamodb-cache-survey.ts';
import type {
  CacheCounts,
  CacheEntry,
  CacheStats,
  CacheSurvey,
  EntryChoice,
  LabelCounts,
  LeaseStore,
  ResponseCache,
} from './response-cache.ts';

const PART = 'part#';
/** An item may have 400 KB, its names and other attributes among them. */
const PART_BYTES = 350 * 1024;
const DAY = 86_400;
const COUNTED_DAYS = 92;

/**
 * Cached responses in a DynamoDB table: `pk` is the entry's id, `sk` is `entry`, `lease` or a part's number. An entry above one
 * item's size stands in parts under an id of their own, written before the item that names them, so that a write that was
 * broken off is a miss. DynamoDB deletes expired items within days: expiry is checked at every read.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
 */
export class DynamoDBResponseCache implements ResponseCache, LeaseStore, CacheSurvey {
  readonly #client: Pick<DynamoDBClient, 'send'>;
  readonly #table: string;
  readonly #now: () => number;

  constructor(client: Pick<DynamoDBClient, 'send'>, table: string, now: () => number = Date.now) {
    this.#client = client;
    this.#table = table;
    this.#now = now;
  }

  async get(id: string): Promise<CacheEntry | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(id, ENTRY) }),
    );
    return this.#entryIn(id, Item, false);
  }

  async put(id: string, entry: CacheEntry): Promise<void> {
    const { sealed, expiresAt } = entry;
    const head: Item = {
      ...keyOf(id, ENTRY),
      scope: { S: entry.labels.scope },
      model: { S: entry.labels.model },
      created_at: { N: String(entry.createdAt) },
      expires_at: { N: String(expiresAt) },
      size: { N: String(sealed.byteLength) },
    };
    if (sealed.byteLength <= PART_BYTES) {
      await this.#put({ ...head, sealed: { B: sealed } });
      return;
    }
    // A name of its own for each write: two writers of one entry never mix their parts.
    const write = randomUUID();
    const parts = Math.ceil(sealed.byteLength / PART_BYTES);
    await Promise.all(
      Array.from({ length: parts }, (_, part) =>
        this.#put({
          ...keyOf(id, partName(write, part)),
          expires_at: { N: String(expiresAt) },
          sealed: { B: sealed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES) },
        }),
      ),
    );
    await this.#put({ ...head, write: { S: write }, parts: { N: String(parts) } });
  }

  async acquire(id: string, holder: string, milliseconds: number): Promise<boolean> {
    const now = this.#now();
    const until = now + milliseconds;
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: {
        ...keyOf(id, LEASE),
        holder: { S: holder },
        until: { N: String(until) },
        expires_at: { N: String(Math.ceil(until / 1000)) },
      },
      // The holder itself asks again where the answer was lost on its way: the client repeats such a call.
      ConditionExpression: 'attribute_not_exists(pk) OR #until <= :now OR #holder = :holder',
      ExpressionAttributeNames: { '#until': 'until', '#holder': 'holder' },
      ExpressionAttributeValues: { ':now': { N: String(now) }, ':holder': { S: holder } },
    });
    return met(this.#client.send(command));
  }

  async release(id: string, holder: string, lingerMs = 0): Promise<void> {
    const held = {
      TableName: this.#table,
      Key: keyOf(id, LEASE),
      ConditionExpression: '#holder = :holder',
      ExpressionAttributeNames: { '#holder': 'holder' },
      ExpressionAttributeValues: { ':holder': { S: holder } },
    };
    if (lingerMs === 0) {
      await met(this.#client.send(new DeleteItemCommand(held)));
      return;
    }
    const until = this.#now() + lingerMs;
    const command = new UpdateItemCommand({
      ...held,
      UpdateExpression: 'SET #until = :until, expires_at = :expires_at',
      ExpressionAttributeNames: { ...held.ExpressionAttributeNames, '#until': 'until' },
      ExpressionAttributeValues: {
        ...held.ExpressionAttributeValues,
        ':until': { N: String(until) },
        ':expires_at': { N: String(Math.ceil(until / 1000)) },
      },
    });
    await met(this.#client.send(command));
  }

  /** Consistent: a waiter must not take over because it does not see the entry that was written just now. */
  async look(id: string): Promise<{ entry: CacheEntry | undefined; leased: boolean }> {
    const command = new QueryCommand({
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :entry AND :lease',
      ExpressionAttributeValues: { ':pk': { S: id }, ':entry': { S: ENTRY }, ':lease': { S: LEASE } },
      ConsistentRead: true,
    });
    const { Items = [] } = await this.#client.send(command);
    const named = (sk: string) => Items.find((item) => item.sk?.S === sk);
    const lease = named(LEASE);
    return {
      entry: await this.#entryIn(id, named(ENTRY), true),
      leased: lease !== undefined && Number(lease.until?.N) > this.#now(),
    };
  }

  async count(counts: Partial<CacheCounts>): Promise<void> {
    const given = COUNTED.filter((name) => (counts[name] ?? 0) > 0);
    if (given.length === 0) return;
    const day = Math.floor(this.#now() / 1000 / DAY) * DAY;
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: keyOf(COUNTS, new Date(day * 1000).toISOString().slice(0, 10)),
      UpdateExpression: `SET expires_at = :expires_at ADD ${given.map((name) => `#${name} :${name}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(given.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ':expires_at': { N: String(day + COUNTED_DAYS * DAY) },
        ...Object.fromEntries(given.map((name) => [`:${name}`, { N: String(counts[name]) }])),
      },
    });
    await this.#client.send(command);
  }

  stats(): Promise<CacheStats> {
    return surveyed(this.#client, this.#table, this.#now());
  }

  labels(): Promise<LabelCounts> {
    return labelled(this.#client, this.#table, this.#now());
  }

  purge(choice: EntryChoice): Promise<number> {
    return purged(this.#client, this.#table, choice);
  }

  async #put(item: Item): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: this.#table, Item: item }));
  }

  async #entryIn(id: string, item: Item | undefined, consistent: boolean): Promise<CacheEntry | undefined> {
    const expiresAt = Number(item?.expires_at?.N ?? 0);
    if (item === undefined || expiresAt * 1000 <= this.#now()) return undefined;
    const sealed = item.sealed?.B ?? (await this.#parts(id, item, consistent));
    if (sealed === undefined) return undefined;
    return {
      sealed,
      labels: { scope: item.scope?.S ?? '', model: item.model?.S ?? '' },
      createdAt: Number(item.created_at?.N ?? 0),
      expiresAt,
    };
  }

  /** Undefined where one of them is missing. */
  async #parts(id: string, item: Item, consistent: boolean): Promise<Uint8Array | undefined> {
    const write = item.write?.S;
    const count = Number(item.parts?.N ?? 0);
    if (write === undefined || count === 0) return undefined;
    const parts = await Promise.all(
      Array.from({ length: count }, async (_, part) => {
        const key = keyOf(id, partName(write, part));
        const command = new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: consistent });
        const { Item } = await this.#client.send(command);
        return Item?.sealed?.B;
      }),
    );
    const there = parts.filter((part) => part !== undefined);
    const sealed = Buffer.concat(there);
    return there.length === count && sealed.byteLength === Number(item.size?.N) ? sealed : undefined;
  }
}

function partName(write: string, part: number): string {
  return `${PART}${write}#${String(part).padStart(4, '0')}`;
}

/** Whether a conditional write was applied. */
async function met(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if ((error as Error).name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}
