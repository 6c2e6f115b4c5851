import { Connection, type Exchange } from './http-client.ts';

/** How to load one server. */
export interface Load {
  readonly port: number;
  /** The request's bytes, sent over and over. */
  readonly request: Buffer;
  /** Requests in flight: each connection sends its next one when the answer to the last has ended. */
  readonly connections: number;
  readonly seconds: number;
  /** Every answer must end with it, so that a broken answer never counts as a fast one. */
  readonly endsWith: string;
  /** Starts of the connections apart, ms: keeps streams of equal length from marching in step. */
  readonly staggerMs: number;
}

export interface LoadResult {
  readonly count: number;
  /** From the first request to the last answer, s. */
  readonly elapsed: number;
  readonly firstByteMs: readonly number[];
  readonly totalMs: readonly number[];
}

/** What an answer may take beyond the load's seconds before the run is given up, ms. */
const GRACE_MS = 20_000;

export function checkExchange(exchange: Exchange, endsWith: string): void {
  if (exchange.status === 200 && exchange.tail.trimEnd().endsWith(endsWith)) return;
  throw new Error(`status ${exchange.status}, the answer ends with: ${exchange.tail.trimEnd()}`);
}

export async function runLoad(load: Load): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => Connection.open(load.port)),
  );
  const firstByteMs: number[] = [];
  const totalMs: number[] = [];
  const late = new Error(`no answer for ${GRACE_MS / 1000} s`);
  const close = (reason?: Error) => {
    for (const connection of connections) connection.close(reason);
  };
  const guard = setTimeout(() => close(late), load.seconds * 1000 + GRACE_MS);
  const start = performance.now();
  const deadline = start + load.seconds * 1000;
  const loop = async (connection: Connection, index: number) => {
    if (load.staggerMs > 0) await new Promise((resolve) => setTimeout(resolve, index * load.staggerMs));
    while (performance.now() < deadline) {
      const exchange = await connection.exchange(load.request);
      checkExchange(exchange, load.endsWith);
      firstByteMs.push(exchange.firstByteMs);
      totalMs.push(exchange.totalMs);
    }
  };
  try {
    await Promise.all(connections.map(loop));
    return { count: totalMs.length, elapsed: (performance.now() - start) / 1000, firstByteMs, totalMs };
  } finally {
    clearTimeout(guard);
    close();
  }
}
