/** What the check of a caller asks of the tables, and takes. */
import { Core } from './core.ts';
import { judge, type Row } from './figures.ts';
import type { Table } from './report.ts';
import { median } from './statistics.ts';
import { putKey, type Setting } from './store-setting.ts';

const CALLERS = 40;

/** Each caller's first request in a process, and its second. */
export async function callerChecks({ endpoint, upstream }: Setting): Promise<Table> {
  const maker = new Core(endpoint, upstream);
  const keys = Array.from({ length: 3 * CALLERS }, (_, i) => `sk-sluice-bench-caller-${i}-of-nobody`);
  const credentials: string[] = [];
  for (const key of keys) await putKey(maker, key);
  for (const key of keys.slice(0, CALLERS)) {
    const { text } = await maker.ask('/credentials', {}, key);
    credentials.push((JSON.parse(text) as { key: string }).key);
  }
  maker.close();
  const core = new Core(endpoint, upstream);
  // What is cold in the code is not what is measured here.
  await checks(core, keys.slice(2 * CALLERS));
  const byKey = await checks(core, keys.slice(CALLERS, 2 * CALLERS));
  const byCredential = await checks(core, credentials);
  core.close();
  const reads = (id: string, label: string, { cold, warm }: Checks, most: number): Row => ({
    id: `${id}_reads`,
    label: `${label}: reads`,
    unit: 'reads',
    values: { first: cold.reads, second: warm.reads },
    comparison: judge({
      to: 'none',
      by: 'difference',
      value: cold.reads + warm.reads,
      budget: { limit: 'at most', value: most },
    }),
  });
  const times = (id: string, label: string, { cold, warm }: Checks): Row => ({
    id: `${id}_ms`,
    label: `${label}: a whole request, p50`,
    unit: 'ms',
    values: { first: cold.ms, second: warm.ms },
    comparison: judge({ to: 'second', by: 'difference', value: cold.ms - warm.ms }),
  });
  return {
    title: 'Who calls',
    columns: ['first', 'second'],
    compared: 'first to',
    rows: [
      reads('key', 'A gateway key', byKey, 1),
      times('key', 'A gateway key', byKey),
      // Its record, and the key that it was made with.
      reads('credential', 'A temporary credential', byCredential, 2),
      times('credential', 'A temporary credential', byCredential),
    ],
  };
}

interface Check {
  /** The most that one request took. */
  readonly reads: number;
  readonly ms: number;
}

interface Checks {
  readonly cold: Check;
  readonly warm: Check;
}

async function checks(core: Core, bearers: readonly string[]): Promise<Checks> {
  const first: Check[] = [];
  const second: Check[] = [];
  for (const bearer of bearers) {
    first.push(await checked(core, bearer));
    second.push(await checked(core, bearer));
  }
  const summed = (list: readonly Check[]): Check => ({
    reads: Math.max(...list.map(({ reads }) => reads)),
    ms: median(list.map(({ ms }) => ms)),
  });
  return { cold: summed(first), warm: summed(second) };
}

/** Not cacheable, so that no read is the cache's. */
async function checked(core: Core, bearer: string): Promise<Check> {
  const body = { model: 'gpt-bench-json', messages: [{ role: 'user', content: 'How high?' }] };
  const before = core.reads;
  const start = performance.now();
  await core.ask('/chat/completions', body, bearer);
  return { reads: core.reads - before, ms: performance.now() - start };
}
