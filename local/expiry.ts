import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';

type Item = Record<string, AttributeValue>;

const DAY = 86_400;

/**
 * Removes the items that expired a day ago or earlier, as DynamoDB's TTL does within days and the embedded one never. `keys` are
 * the table's key attributes, `now` in milliseconds. Returns how many there were.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 */
export async function removeExpired(
  client: Pick<DynamoDBClient, 'send'>,
  table: string,
  keys: readonly string[],
  now: number,
): Promise<number> {
  const expired = {
    names: { '#expires_at': 'expires_at' },
    condition: '#expires_at <= :before',
    values: { ':before': { N: String(Math.floor(now / 1000) - DAY) } },
  };
  let count = 0;
  let start: Item | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        ProjectionExpression: keys.join(', '),
        FilterExpression: expired.condition,
        ExpressionAttributeNames: expired.names,
        ExpressionAttributeValues: expired.values,
        ...(start ? { ExclusiveStartKey: start } : {}),
      }),
    );
    for (const item of page.Items ?? []) {
      // What was written anew meanwhile is another item.
      const command = new DeleteItemCommand({
        TableName: table,
        Key: keyOf(item, keys),
        ConditionExpression: expired.condition,
        ExpressionAttributeNames: expired.names,
        ExpressionAttributeValues: expired.values,
      });
      count += await client.send(command).then(() => 1, unlessWritten);
    }
    start = page.LastEvaluatedKey;
  } while (start);
  return count;
}

function keyOf(item: Item, keys: readonly string[]): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => keys.includes(name)));
}

function unlessWritten(error: Error): number {
  if (error.name === 'ConditionalCheckFailedException') return 0;
  throw error;
}
