/** What the cache and the check of a caller cost, in one process and without HTTP, beside a bare read of DynamoDB. */
import { cacheCosts, storedBytes } from './cache-costs.ts';
import { callerChecks } from './caller-checks.ts';
import { Core } from './core.ts';
import type { Table } from './report.ts';
import { CLIENT_KEY, type Server, startTables } from './servers.ts';
import { sharedCalls } from './shared-calls.ts';
import { putKey, textOf } from './store-setting.ts';

/** The tables run in a process of their own, as DynamoDB does. */
export async function measureStores(folder: string, upstream: Server, rounds: number): Promise<Table[]> {
  const tables = await startTables(folder);
  try {
    const endpoint = await textOf(tables.port, '/');
    const setting = { endpoint, upstream, rounds };
    const core = new Core(endpoint, upstream);
    await putKey(core, CLIENT_KEY);
    core.close();
    return [
      await cacheCosts(setting),
      await storedBytes(setting),
      await sharedCalls(setting),
      await callerChecks(setting),
    ];
  } finally {
    await tables.stop();
  }
}
