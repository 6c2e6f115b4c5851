import type { CacheCounts } from '../lambda/stores/response-cache.ts';
import type { Command, Printed } from './command.ts';
import { table } from './table.ts';

const COUNTED: readonly (keyof CacheCounts)[] = ['hit', 'miss', 'skip', 'shared', 'failed'];

export const cacheStats: Command = {
  usage: '',
  what: 'what is stored, and how often it answered, by day',
  options: [],
  async run({ target, options, width }): Promise<Printed> {
    const stats = await target.cache.stats();
    if (options.json) return { out: JSON.stringify(stats) };
    const rows = Object.entries(stats.counts).map(([day, counts]) => [
      day,
      ...COUNTED.map((name) => String(counts[name])),
      hitRate(counts),
    ]);
    const head = `${stats.entries} ${stats.entries === 1 ? 'entry' : 'entries'}, ${bytes(stats.bytes)}`;
    if (rows.length === 0)
      return {
        out: `${head}\nNothing was counted yet: a gateway in use tells its counts every ten seconds.`,
      };
    const columns = ['day', ...COUNTED, 'answered'].map((name) => ({ name }));
    return { out: `${head}\n\n${table(columns, rows, width)}` };
  },
};

function hitRate({ hit, shared, miss }: CacheCounts): string {
  const all = hit + shared + miss;
  return all === 0 ? '–' : `${Math.round(((hit + shared) / all) * 100)} %`;
}

function bytes(count: number): string {
  if (count < 1_000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1_000).toFixed(1)} KB` : `${(count / 1_000_000).toFixed(1)} MB`;
}
