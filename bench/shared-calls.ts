/** Identical requests at once: how many of them reach the provider. */
import { Core } from './core.ts';
import { judge } from './figures.ts';
import type { Table } from './report.ts';
import type { Server } from './servers.ts';
import { median } from './statistics.ts';
import { cacheable, type Setting, textOf } from './store-setting.ts';

const AT_ONCE = 100;

/** 100 at once that are the same, and 100 that are not. */
export async function sharedCalls({ endpoint, upstream, rounds }: Setting): Promise<Table> {
  const core = new Core(endpoint, upstream);
  const figures = { one: [] as Shared[], same: [] as Shared[], different: [] as Shared[] };
  const ask = (bodies: readonly object[]) => sharedRound(core, upstream, bodies);
  const body = () => cacheable('gpt-bench-paced', true);
  await ask([body()]);
  for (let round = 0; round < rounds; round += 1) {
    figures.one.push(await ask([body()]));
    figures.same.push(await ask(Array(AT_ONCE).fill(body())));
    figures.different.push(await ask(Array.from({ length: AT_ONCE }, body)));
  }
  core.close();
  const values = (of: (shared: Shared) => number) => ({
    one: median(figures.one.map(of)),
    [`${AT_ONCE} alike`]: median(figures.same.map(of)),
    [`${AT_ONCE} others`]: median(figures.different.map(of)),
  });
  const calls = Math.max(...figures.same.map((shared) => shared.calls));
  const budget = { limit: 'at most', value: 0 } as const;
  const slower = median(figures.same.map((shared, round) => shared.ms / (figures.one[round]?.ms ?? 1)));
  return {
    title: 'Calls at once',
    columns: ['one', `${AT_ONCE} alike`, `${AT_ONCE} others`],
    compared: 'alike to',
    rows: [
      {
        id: 'shared_calls',
        label: 'Upstream calls',
        unit: 'calls',
        values: values((shared) => shared.calls),
        comparison: judge({ to: 'one', by: 'difference', value: calls - 1, budget }),
      },
      {
        id: 'shared_ms',
        label: 'Time of all',
        unit: 'ms',
        values: values(({ ms }) => ms),
        comparison: judge({ to: 'one', by: 'ratio', value: slower }),
      },
    ],
  };
}

interface Shared {
  readonly calls: number;
  readonly ms: number;
}

async function sharedRound(core: Core, upstream: Server, bodies: readonly object[]): Promise<Shared> {
  const before = Number(await textOf(upstream.port, '/calls'));
  const start = performance.now();
  await Promise.all(bodies.map((body) => core.ask('/chat/completions', body)));
  const ms = performance.now() - start;
  await core.rest();
  return { calls: Number(await textOf(upstream.port, '/calls')) - before, ms };
}
