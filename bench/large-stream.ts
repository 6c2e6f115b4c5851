/**
 * Whether a stream moves in constant memory: the peak of one stream of 100 MB over the peak of forty streams of 5 MB,
 * one after the other. Whoever keeps what passed takes up to 95 MB more for the long one, and whoever reads on while
 * the reader stands still takes as much; what the garbage collector takes of its own accord is in both.
 */
import { Connection, encodeRequest } from './http-client.ts';
import { checkExchange } from './load.ts';
import { rssMegabytes } from './process-usage.ts';
import { chatRequest, STREAM_END } from './scenarios.ts';
import { CLIENT_KEY, type Server } from './servers.ts';

export interface LargeStream {
  /** MB. */
  readonly growth: number;
  /** Once the reader had become fast. */
  readonly megabytesPerSecond: number;
}

const SHORT_STREAMS = 40;
/** `ps` is a process per sample: there it is asked less often. */
const SAMPLE_MS = process.platform === 'linux' ? 10 : 100;
const LIMIT_MS = 60_000;

/** The long stream's reader stands still at the first byte, then crawls, then reads as fast as it can. */
const STALL_MS = 600;
const CRAWL_BYTES = 2_000_000;
const CRAWL_MS = 4;

class SlowAtFirst {
  #bytes = 0;
  #stalled = false;
  #fastSince = 0;
  #fastAfterBytes = 0;

  readonly pace = (bodyBytes: number): number => {
    this.#bytes = bodyBytes;
    if (bodyBytes > CRAWL_BYTES) {
      if (this.#fastSince === 0) [this.#fastSince, this.#fastAfterBytes] = [performance.now(), bodyBytes];
      return 0;
    }
    if (this.#stalled) return CRAWL_MS;
    this.#stalled = true;
    return STALL_MS;
  };

  /** Since it is fast. To be asked when the stream has ended. */
  megabytesPerSecond(): number {
    return (this.#bytes - this.#fastAfterBytes) / 1000 / (performance.now() - this.#fastSince);
  }
}

/** Returns the highest resident memory while the stream moved, MB. */
async function move(server: Server, model: string, reader?: SlowAtFirst): Promise<number> {
  const { path, body } = chatRequest(model, true);
  const connection = await Connection.open(server.port);
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, rssMegabytes(server.pid));
  }, SAMPLE_MS);
  const guard = setTimeout(() => connection.close(new Error(`${model} did not end in time`)), LIMIT_MS);
  try {
    const request = encodeRequest(server.port, path, CLIENT_KEY, body);
    const exchange = await connection.exchange(request, reader?.pace);
    checkExchange(exchange, STREAM_END);
    return peak;
  } finally {
    clearInterval(sampler);
    clearTimeout(guard);
    connection.close();
  }
}

export async function moveLargeStream(server: Server): Promise<LargeStream> {
  let shortPeak = 0;
  for (let index = 0; index < SHORT_STREAMS; index += 1) {
    shortPeak = Math.max(shortPeak, await move(server, 'gpt-bench-5mb'));
  }
  const reader = new SlowAtFirst();
  const peak = await move(server, 'gpt-bench-100mb', reader);
  return { growth: Math.max(0, peak - shortPeak), megabytesPerSecond: reader.megabytesPerSecond() };
}
