/** A hit, in time and CPU, beside a miss and a bare read of DynamoDB; and how much of an answer is kept. */
import { GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CACHE_TABLE } from '../local/dynamodb.ts';
import { Core } from './core.ts';
import { judge, type Row } from './figures.ts';
import type { Table } from './report.ts';
import { median } from './statistics.ts';
import { cacheable, type Setting } from './store-setting.ts';

/** Of each kind in a round. */
const REQUESTS = 60;

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

/** One after another; the time to the last byte, and the process's CPU with all that comes after it. */
async function costOf(work: readonly (() => Promise<unknown>)[], rest: () => Promise<void>): Promise<Cost> {
  const times: number[] = [];
  const before = process.cpuUsage();
  for (const one of work) {
    const start = performance.now();
    await one();
    times.push(performance.now() - start);
    await rest();
  }
  const { user, system } = process.cpuUsage(before);
  return { ms: median(times), cpuMs: (user + system) / 1000 / work.length };
}

const KINDS = ['bare read', 'hit', 'hit in memory', 'miss'] as const;
type Costs = Record<(typeof KINDS)[number], Cost>;

async function cacheRound({ endpoint, upstream }: Setting, model: string, stream: boolean): Promise<Costs> {
  const bodies = Array.from({ length: REQUESTS }, () => cacheable(model, stream));
  const first = new Core(endpoint, upstream);
  const known = new Set(await entryIds(first));
  const asked = (core: Core, cached: boolean) =>
    bodies.map((body) => async () => {
      const answer = await core.ask('/chat/completions', body);
      if (answer.cached !== cached) throw new Error(cached ? 'a hit was expected' : 'a miss was expected');
    });
  const miss = await costOf(asked(first, false), () => first.rest());
  const ids = (await entryIds(first)).filter((id) => !known.has(id));
  first.close();
  // Another process, which remembers nothing.
  const second = new Core(endpoint, upstream);
  const hit = await costOf(asked(second, true), () => second.rest());
  const inMemory = await costOf(asked(second, true), () => second.rest());
  const bare = await costOf(
    ids.map((id) => () => second.stores.client.send(readOf(id))),
    async () => undefined,
  );
  second.close();
  return { 'bare read': bare, hit, 'hit in memory': inMemory, miss };
}

function readOf(id: string): GetItemCommand {
  return new GetItemCommand({ TableName: CACHE_TABLE, Key: { pk: { S: id }, sk: { S: 'entry' } } });
}

async function entryIds({ stores }: Core): Promise<string[]> {
  const { Items = [] } = await stores.client.send(
    new ScanCommand({ TableName: CACHE_TABLE, ProjectionExpression: 'pk, sk' }),
  );
  return Items.filter(({ sk }) => sk?.S === 'entry').map(({ pk }) => pk?.S ?? '');
}

const ANSWERS = [
  { id: 'json', label: 'an answer of 1 KB', model: 'gpt-bench-json', stream: false },
  { id: 'stream', label: 'a stream of 500 tokens', model: 'gpt-bench-tokens-500', stream: true },
] as const;

export async function cacheCosts(setting: Setting): Promise<Table> {
  const rows: Row[] = [];
  for (const { id, label, model, stream } of ANSWERS) {
    await cacheRound(setting, model, stream);
    const rounds: Costs[] = [];
    for (let round = 0; round < setting.rounds; round += 1)
      rounds.push(await cacheRound(setting, model, stream));
    const figures = (of: (cost: Cost) => number) => {
      const values = Object.fromEntries(
        KINDS.map((kind) => [kind, median(rounds.map((costs) => of(costs[kind])))]),
      );
      const value = median(rounds.map((costs) => of(costs.hit) / of(costs.miss)));
      return { values, comparison: judge({ to: 'miss', by: 'ratio', value }) };
    };
    rows.push(
      { id: `cache_${id}_ms`, label: `Time of ${label}, p50`, unit: 'ms', ...figures(({ ms }) => ms) },
      { id: `cache_${id}_cpu`, label: `CPU of ${label}`, unit: 'ms', ...figures(({ cpuMs }) => cpuMs) },
    );
  }
  return { title: 'The response cache', columns: KINDS, compared: 'hit to', rows };
}

const SIZES = [500, 2_000, 16_000];

export async function storedBytes({ endpoint, upstream }: Setting): Promise<Table> {
  const core = new Core(endpoint, upstream);
  const rows: Row[] = [];
  for (const tokens of SIZES) {
    const { bytes: before } = await core.stores.cache.stats();
    const { text } = await core.ask('/chat/completions', cacheable(`gpt-bench-tokens-${tokens}`, true));
    await core.rest();
    const { bytes } = await core.stores.cache.stats();
    const values = { streamed: Buffer.byteLength(text) / 1000, stored: (bytes - before) / 1000 };
    const value = values.stored / values.streamed;
    rows.push({
      id: `stored_${tokens}`,
      label: `A stream of ${tokens} tokens`,
      unit: 'KB',
      values,
      comparison: judge({ to: 'streamed', by: 'ratio', value }),
    });
  }
  core.close();
  return { title: 'Bytes kept', columns: ['streamed', 'stored'], compared: 'stored to', rows };
}
