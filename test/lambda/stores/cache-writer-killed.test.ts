import { join } from 'node:path';
import { paginateQuery } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CACHE_TABLE } from '../../../local/dynamodb.ts';
import {
  type CacheTable,
  differences,
  entryOf,
  PART_BYTES,
  patterned,
  startCacheTable,
} from '../../support/cache-table.ts';
import { collect } from '../../support/collect.ts';
import { type FakeUpstream, type Received, startUpstream } from '../../support/fake-upstream.ts';
import { type LocalProcess, UserFolder } from '../../support/local-process.ts';
import { ROOT } from '../../support/modules.ts';

const WRITER = join(ROOT, 'test/support/cache-writer.ts');
/** Two parts, then the item that names them. */
const SIZE = 2 * PART_BYTES;
const STEPS = 3;

const folder = new UserFolder();
let table: CacheTable;
beforeAll(async () => {
  table = await startCacheTable();
});
afterAll(async () => {
  await folder.remove();
  await table.stop();
});

const next = entryOf(patterned(SIZE, 2));
const old = entryOf(patterned(SIZE, 1));

type When = 'before' | 'after';

/**
 * The way to the table, one call at a time. At the call number `step`, before or after the table has taken it, `kill` ends
 * the writer: that call gets no answer, and nothing behind it comes through.
 */
function wayToTable(step: number, when: When, kill: () => void): Promise<FakeUpstream> {
  let taken = 0;
  let killed = false;
  let calls: Promise<void> = Promise.resolve();
  return startUpstream((received, response) => {
    calls = calls.then(async () => {
      if (killed) return;
      killed = taken === step;
      if (killed && when === 'before') return kill();
      const answer = await forward(received);
      taken++;
      if (killed) return kill();
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    return calls;
  });
}

async function forward({ url, headers, body }: Received) {
  const { host: _, connection: __, 'content-length': ___, ...kept } = headers;
  const answer = await fetch(`${table.endpoint}${url}`, {
    method: 'POST',
    headers: kept as Record<string, string>,
    body: new Uint8Array(body),
  });
  const type = answer.headers.get('content-type') ?? '';
  return {
    status: answer.status,
    headers: { 'content-type': type },
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

async function writerKilled(id: string, step: number, when: When): Promise<void> {
  let writer: LocalProcess | undefined;
  const way = await wayToTable(step, when, () => writer?.signal('SIGKILL'));
  writer = folder.run({}, [WRITER, way.origin, id, String(SIZE), '2']);
  const { code, stderr } = await writer.exit();
  await way.close();
  // It ended by the signal, and not because it failed.
  expect({ code, stderr }).toEqual({ code: null, stderr: '' });
}

async function items(id: string): Promise<number> {
  const query = {
    TableName: CACHE_TABLE,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: id } },
  };
  const pages = await collect(paginateQuery({ client: table.client }, query));
  return pages.reduce((sum, { Items = [] }) => sum + Items.length, 0);
}

const steps = Array.from({ length: STEPS }, (_, step) => step);

describe('a writer that is killed', () => {
  test.each(steps)('before the table took its call number %i leaves a miss', async (step) => {
    await writerKilled(`new ${step}`, step, 'before');
    expect(await items(`new ${step}`)).toBe(step);
    expect(await table.cache().get(`new ${step}`)).toBeUndefined();
    expect((await table.cache().look(`new ${step}`)).entry).toBeUndefined();
  });

  test.each(steps)('before the table took its call number %i leaves the old entry', async (step) => {
    await table.cache().put(`old ${step}`, old);
    await writerKilled(`old ${step}`, step, 'before');
    expect(await items(`old ${step}`)).toBe(STEPS + step);
    expect(differences(await table.cache().get(`old ${step}`), old)).toEqual([]);
    expect(differences((await table.cache().look(`old ${step}`)).entry, old)).toEqual([]);
  });

  test('when the table has taken its last call leaves the new entry', async () => {
    await table.cache().put('last', old);
    await writerKilled('last', STEPS - 1, 'after');
    expect(differences(await table.cache().get('last'), next)).toEqual([]);
  });

  test('leaves nothing that keeps the next one from writing', async () => {
    await writerKilled('again', 1, 'before');
    await table.cache().put('again', next);
    expect(differences(await table.cache().get('again'), next)).toEqual([]);
  });
});
