/** The two parts that need running servers: processes fresh from their start, and a pair under load. */
import { setTimeout as pause } from 'node:timers/promises';
import { metricRow, type Row, row } from './figures.ts';
import { moveLargeStream } from './large-stream.ts';
import { rssMegabytes } from './process-usage.ts';
import { runRounds, type Servers, warmUp } from './rounds.ts';
import { SCENARIOS } from './scenarios.ts';
import { type Server, startGateway, startRelay } from './servers.ts';

export interface Extent {
  readonly rounds: number;
  /** Share of each scenario's seconds. */
  readonly pace: number;
  /** Before the rounds, to be multiplied by a scenario's own share, s. */
  readonly warmUp: number;
  readonly starts: number;
  /** In how many of the starts a large stream is moved. */
  readonly largeStreams: number;
  /** Of each bundle. */
  readonly imports: number;
}

export interface Bench {
  readonly extent: Extent;
  /** For the servers' data and logs. */
  readonly folder: string;
  readonly upstream: Server;
  readonly withGateway: boolean;
  readonly progress: (what: string) => void;
}

const RSS_BUDGET = { limit: 'at most', value: 80 } as const;
/** Room for the garbage collector's moods. Relays that kept the stream, or read on without end, measured 50 to 90. */
const GROWTH_BUDGET = { limit: 'at most', value: 40 } as const;
/** For closed connections to settle before memory is read. */
const SETTLE_MS = 1000;

interface Fresh {
  readonly startMs: number[];
  readonly growth: number[];
  readonly speed: number[];
}

const fresh = (): Fresh => ({ startMs: [], growth: [], speed: [] });

async function visit(starting: Promise<Server>, into: Fresh, withLargeStream: boolean): Promise<void> {
  const server = await starting;
  into.startMs.push(server.startMs);
  if (withLargeStream) {
    const { growth, megabytesPerSecond } = await moveLargeStream(server);
    into.growth.push(growth);
    into.speed.push(megabytesPerSecond);
  }
  await server.stop();
}

/** Start time, and the large stream where no earlier load has left memory behind that would hide what it takes. */
export async function freshProcesses({ extent, folder, upstream, withGateway }: Bench): Promise<Row[]> {
  const [relay, gateway] = [fresh(), fresh()];
  for (let index = 0; index < extent.starts; index += 1) {
    const withLargeStream = index < extent.largeStreams;
    await visit(startRelay(upstream, folder), relay, withLargeStream);
    if (withGateway) await visit(startGateway(upstream, folder), gateway, withLargeStream);
  }
  const both = (of: (target: Fresh) => number[]) => ({
    relay: of(relay),
    ...(withGateway ? { gateway: of(gateway) } : {}),
  });
  return [
    row(
      { id: 'start', label: 'Start to the first /health', unit: 'ms' },
      both(({ startMs }) => startMs),
      { to: 'relay', by: 'difference' },
    ),
    row(
      { id: 'large_stream_memory', label: 'Memory a 100 MB stream adds', unit: 'MB' },
      both(({ growth }) => growth),
      { to: 'relay', by: 'difference', budget: GROWTH_BUDGET },
    ),
    row(
      { id: 'large_stream_speed', label: 'Speed of a 100 MB stream', unit: 'MB/s' },
      both(({ speed }) => speed),
      { to: 'relay', by: 'ratio' },
    ),
  ];
}

function rssRow({ relay, gateway }: Servers): Row {
  const of = (server: Server) => [rssMegabytes(server.pid)];
  const figures = { ...(relay ? { relay: of(relay) } : {}), ...(gateway ? { gateway: of(gateway) } : {}) };
  const head = { id: 'rss', label: 'RSS after load', unit: 'MB' };
  return row(head, figures, { to: 'relay', by: 'difference', budget: RSS_BUDGET });
}

/** Every scenario of the table, then what memory the load has left. */
export async function underLoad({ extent, folder, upstream, withGateway, progress }: Bench): Promise<Row[]> {
  const relay = await startRelay(upstream, folder);
  const gateway = withGateway ? { gateway: await startGateway(upstream, folder) } : {};
  const servers: Servers = { direct: upstream, relay, ...gateway };
  progress('warming up');
  await warmUp(SCENARIOS, servers, extent.warmUp);
  const rows: Row[] = [];
  for (const scenario of SCENARIOS) {
    progress(scenario.metrics.map(({ label }) => label).join('; '));
    const samples = await runRounds(scenario, servers, extent.rounds, extent.pace);
    rows.push(...scenario.metrics.map((metric) => metricRow(metric, samples)));
  }
  await pause(SETTLE_MS);
  rows.push(rssRow(servers));
  await Promise.all([servers.relay?.stop(), servers.gateway?.stop()]);
  return rows;
}
