import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { tableStoresAt } from '../../lambda/stores/aws.ts';
import { DynamoDBResponseCache } from '../../lambda/stores/dynamodb-response-cache.ts';
import type { CacheEntry } from '../../lambda/stores/response-cache.ts';
import { CACHE_TABLE, LOCAL_TABLES, startDynamoDB } from '../../local/dynamodb.ts';

/** Seconds since the epoch. */
export const NOW = 1_800_000_000;

/** What one item takes of an entry: above this it stands in parts. */
export const PART_BYTES = 350 * 1024;

/** The cache's table in an embedded DynamoDB, and a clock that only the test moves. */
export interface CacheTable {
  readonly endpoint: string;
  readonly client: DynamoDBClient;
  /** Milliseconds since the epoch. */
  now: number;
  cache(client?: Pick<DynamoDBClient, 'send'>): DynamoDBResponseCache;
  /** A client whose every call goes through `each`. */
  intercepted(each: Intercept): DynamoDBClient;
  stop(): Promise<void>;
}

/** A command on its way to the table. `go` sends it. */
export type Intercept = (sent: SentCommand, go: () => Promise<void>) => Promise<void>;

export interface SentCommand {
  /** `PutItemCommand`. */
  readonly name: string;
  /** What the item is: `entry`, `lease`, `part#…`; nothing for a query or a scan. */
  readonly sk: string | undefined;
  readonly consistent: boolean;
}

interface Input {
  Item?: { sk?: { S?: string } };
  Key?: { sk?: { S?: string } };
  ConsistentRead?: boolean;
}

export async function startCacheTable(): Promise<CacheTable> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cache-'));
  const dynamodb = await startDynamoDB(folder);
  const connect = () => tableStoresAt(dynamodb.endpoint, LOCAL_TABLES).client;
  const clients = [connect()];
  const [client = connect()] = clients;
  const table: CacheTable = {
    endpoint: dynamodb.endpoint,
    client,
    now: NOW * 1000,
    cache: (over = client) => new DynamoDBResponseCache(over, CACHE_TABLE, () => table.now),
    intercepted(each) {
      const made = connect();
      clients.push(made);
      return intercept(made, each);
    },
    async stop() {
      for (const each of clients) each.destroy();
      await dynamodb.close();
      rmSync(folder, { recursive: true });
    },
  };
  return table;
}

function intercept(client: DynamoDBClient, each: Intercept): DynamoDBClient {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const { Item, Key, ConsistentRead } = args.input as Input;
      const sent = {
        name: String(context.commandName),
        sk: (Item ?? Key)?.sk?.S,
        consistent: ConsistentRead === true,
      };
      let result: Awaited<ReturnType<typeof next>> | undefined;
      await each(sent, async () => {
        result = await next(args);
      });
      if (result === undefined) throw new Error('the command was not sent');
      return result;
    },
    { step: 'initialize' },
  );
  return client;
}

/** Bytes of which each piece differs from every other, and from those of another seed. */
export function patterned(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let at = 0; at + 4 <= size; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

export function entryOf(sealed: Uint8Array, more: Partial<CacheEntry> = {}): CacheEntry {
  return {
    sealed,
    labels: { scope: 'key#of-nobody', model: 'openai/gpt-test' },
    createdAt: NOW,
    expiresAt: NOW + 60,
    ...more,
  };
}

/** A line for each way in which they differ. Bytes are compared by Buffer: jest would print megabytes. */
export function differences(found: CacheEntry | undefined, wanted: CacheEntry): string[] {
  if (found === undefined) return ['there is none'];
  const { sealed, ...rest } = found;
  const { sealed: wantedSealed, ...wantedRest } = wanted;
  return [
    ...(Buffer.compare(sealed, wantedSealed) === 0 ? [] : [`other bytes: ${sealed.byteLength}`]),
    ...(JSON.stringify(rest) === JSON.stringify(wantedRest) ? [] : [JSON.stringify(rest)]),
  ];
}
