/**
 * `npm run bench [-- --quick] [--json]`: the gateway beside a bare relay and beside the mock upstream itself, in turns.
 * Budgets are printed with pass or short and never fail the command; what could not be measured does.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasLambda, measureBundle, measureFamilies } from './bundle.ts';
import { type Bench, type Extent, freshProcesses, underLoad } from './phases.ts';
import { asJson, asText } from './report.ts';
import { hasGateway, type Server, startGateway, startUpstream, stopAll } from './servers.ts';
import { measureStores } from './stores.ts';

const FULL: Extent = { rounds: 5, pace: 1, warmUp: 1, starts: 5, largeStreams: 3, imports: 15 };
const QUICK: Extent = { rounds: 3, pace: 0.25, warmUp: 0.6, starts: 2, largeStreams: 1, imports: 11 };

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'boolean' } } });
const extent = flags.quick ? QUICK : FULL;
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const problems: string[] = [];

process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
// Ending here runs the exit handlers, which end every child.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

/** Beside the report, which alone is on stdout. */
function progress(what: string): void {
  console.error(`· ${what}`);
}

function note(title: string, error: unknown): void {
  problems.push(`${title}: ${error instanceof Error ? error.message : error}`);
}

/** Runs one part; a part that cannot be measured is noted and does not take the others with it. */
async function part<T>(title: string, measure: () => Promise<T[]>): Promise<T[]> {
  progress(title);
  try {
    return await measure();
  } catch (error) {
    note(title, error);
    return [];
  }
}

async function gatewayStarts(upstream: Server): Promise<boolean> {
  if (!hasGateway()) {
    note('the gateway', 'there is no bin/local.ts');
    return false;
  }
  try {
    await (await startGateway(upstream, folder)).stop();
    return true;
  } catch (error) {
    note('the gateway', error);
    return false;
  }
}

const start = performance.now();
const upstream = await startUpstream(folder);
const bench: Bench = { extent, folder, upstream, withGateway: await gatewayStarts(upstream), progress };
const running = [
  ...(await part('start time and a 100 MB stream', () => freshProcesses(bench))),
  ...(await part('load', () => underLoad(bench))),
];
const stores = await part('stores', () => measureStores(folder, upstream, extent.rounds));
await stopAll();
if (!hasLambda()) note('the bundle', 'there is no lambda/index.ts');
const bundle = hasLambda() ? await part('bundle', () => measureBundle(folder, extent.imports)) : [];
const families = hasLambda() ? await part('families', () => measureFamilies(folder, extent.imports)) : [];
const seconds = (performance.now() - start) / 1000;
const report = {
  running,
  bundle: [...bundle, ...families],
  stores,
  rounds: extent.rounds,
  seconds,
  problems,
};
console.log(flags.json ? asJson(report) : `\n${asText(report)}`);
if (problems.length > 0) process.exitCode = 1;
