import type { CacheCounts } from '../lambda/stores/response-cache.ts';
import type { Command, Printed } from './command.ts';
import { OperatorError } from './operator-error.ts';
import { table } from './table.ts';
import { UsageError } from './usage-error.ts';
import { textOption } from './values.ts';

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
    const head = `${stats.entries} entries, ${bytes(stats.bytes)}`;
    if (rows.length === 0) return { out: `${head}\nNothing was counted yet.` };
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

export const purgeCache: Command = {
  usage: '--key ID|NAME | --scope NAME | --model PROVIDER/MODEL | --all',
  what: 'forget cached answers: of one key, of a scope, of a model, or all',
  options: ['key', 'scope', 'model', 'all'],
  async run({ target, options }): Promise<Printed> {
    const [key, scope, model] = ['key', 'scope', 'model'].map((name) => textOption(options, name));
    const chosen = [key, scope, model, options.all === true ? 'all' : undefined].filter(
      (each) => each !== undefined,
    );
    if (chosen.length !== 1)
      throw new UsageError('cache purge needs one of --key, --scope, --model and --all.');
    const keyed = key === undefined ? scope && `scope#${scope}` : `key#${await hashOf(target, key)}`;
    const labels = {
      ...(keyed === undefined ? {} : { scope: keyed }),
      ...(model === undefined ? {} : { model }),
    };
    const count = await target.cache.purge(labels);
    if (options.json) return { out: JSON.stringify({ purged: count }) };
    return {
      out: `Purged ${count} ${count === 1 ? 'entry' : 'entries'}. Running gateways forget them within 30 seconds.`,
    };
  },
};

async function hashOf(target: Parameters<Command['run']>[0]['target'], which: string): Promise<string> {
  const matching = (await target.credentials.listKeys()).filter(
    ({ hash, name }) => hash.slice(0, 16) === which || name === which,
  );
  const [record] = matching;
  if (record === undefined || matching.length > 1)
    throw new OperatorError('No key, or more than one, is called so: give the id that keys list shows.');
  return record.hash;
}
