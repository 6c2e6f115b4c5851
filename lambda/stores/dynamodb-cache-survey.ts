import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { CacheCounts, CacheStats, EntryChoice, LabelCounts } from './response-cache.ts';

export type Item = Record<string, AttributeValue>;

/** The sort keys of an entry and of its lease; the counters' partition, with a day as sort key. */
export const ENTRY = 'entry';
export const LEASE = 'lease';
export const COUNTS = 'counts';
export const COUNTED = ['hit', 'miss', 'skip', 'shared', 'failed'] as const;

type Client = Pick<DynamoDBClient, 'send'>;

export function keyOf(pk: string, sk: string) {
  return { pk: { S: pk }, sk: { S: sk } };
}

/** Reads the whole table but for the sealed bytes. `now` in milliseconds. */
export async function surveyed(client: Client, table: string, now: number): Promise<CacheStats> {
  const days: [string, CacheCounts][] = [];
  let entries = 0;
  let bytes = 0;
  for await (const item of items(client, table, ['size', 'expires_at', ...COUNTED])) {
    if (Number(item.expires_at?.N ?? 0) * 1000 <= now) continue;
    if (item.pk?.S === COUNTS) days.push([item.sk?.S ?? '', countsIn(item)]);
    if (item.sk?.S !== ENTRY) continue;
    entries++;
    bytes += Number(item.size?.N ?? 0);
  }
  return { entries, bytes, counts: Object.fromEntries(days.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** Reads the whole table but for the sealed bytes. `now` in milliseconds. */
export async function labelled(client: Client, table: string, now: number): Promise<LabelCounts> {
  const scopes = new Map<string, number>();
  const models = new Map<string, number>();
  for await (const { sk, expires_at: expiry, scope, model } of items(client, table, [
    'expires_at',
    'scope',
    'model',
  ])) {
    if (sk?.S !== ENTRY || Number(expiry?.N ?? 0) * 1000 <= now) continue;
    for (const [counts, label = ''] of [[scopes, scope?.S] as const, [models, model?.S] as const])
      counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const sorted = (counts: Map<string, number>) =>
    Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { scopes: sorted(scopes), models: sorted(models) };
}

const AT_ONCE = 25;

/** Removes the chosen entries with their parts; every part of the table where nothing is chosen. */
export async function purged(client: Client, table: string, choice: EntryChoice): Promise<number> {
  const everything = choice.scope === undefined && choice.model === undefined;
  const scopes = choice.scope === undefined ? undefined : new Set([choice.scope].flat());
  const chosen = new Set<string>();
  const all: { pk: string; sk: string }[] = [];
  for await (const { pk, sk, scope, model } of items(client, table, ['scope', 'model'])) {
    if (pk?.S === undefined || sk?.S === undefined || pk.S === COUNTS || sk.S === LEASE) continue;
    all.push({ pk: pk.S, sk: sk.S });
    const fits =
      (scopes === undefined || scopes.has(scope?.S ?? '')) &&
      (choice.model === undefined || model?.S === choice.model);
    if (sk.S === ENTRY && fits) chosen.add(pk.S);
  }
  const gone = all.filter(({ pk }) => everything || chosen.has(pk));
  // Entries first: without them their parts are nothing.
  await removed(
    client,
    table,
    gone.filter(({ sk }) => sk === ENTRY),
  );
  await removed(
    client,
    table,
    gone.filter(({ sk }) => sk !== ENTRY),
  );
  return chosen.size;
}

async function removed(
  client: Client,
  table: string,
  keys: readonly { pk: string; sk: string }[],
): Promise<void> {
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const some = keys.slice(at, at + AT_ONCE).map(({ pk, sk }) => keyOf(pk, sk));
    await Promise.all(some.map((Key) => client.send(new DeleteItemCommand({ TableName: table, Key }))));
  }
}

async function* items(client: Client, table: string, attributes: readonly string[]): AsyncGenerator<Item> {
  const names = ['pk', 'sk', ...attributes];
  let start: Item | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        // Many of them are DynamoDB's reserved words.
        ProjectionExpression: names.map((name) => `#${name}`).join(', '),
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ...(start ? { ExclusiveStartKey: start } : {}),
      }),
    );
    yield* page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start);
}

function countsIn(item: Item): CacheCounts {
  const of = (name: keyof CacheCounts) => Number(item[name]?.N ?? 0);
  return { hit: of('hit'), miss: of('miss'), skip: of('skip'), shared: of('shared'), failed: of('failed') };
}
