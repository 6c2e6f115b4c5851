import { randomUUID } from 'node:crypto';
import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { requestLine } from './request-line.ts';
import type { RequestLog, RequestRecord } from './request-log.ts';

/** A batch may have 1,048,576 bytes, of which each event takes 26 beside its text. */
const MAX_LINE_BYTES = 1_048_576 - 26;
/** In this time a sink that is down is known as such. */
const LIMIT_MS = 5_000;

/**
 * One JSON line per request in a log group of their own, in a stream that each process makes for itself. The client is made
 * with the first record. Its code is in the bundle as it is: imported when it is used, it can not be shaken, and esbuild wraps
 * the whole SDK that it shares, which costs a cold start three times as much.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */
export class CloudWatchRequestLog implements RequestLog {
  readonly name = 'cloudwatch';
  readonly #group: string;
  readonly #config: CloudWatchLogsClientConfig;
  readonly #limitMs: number;
  #client: CloudWatchLogsClient | undefined;
  #stream: Promise<string> | undefined;

  /** `limitMs`: when a record is given up. */
  constructor(group: string, config: CloudWatchLogsClientConfig, limitMs = LIMIT_MS) {
    this.#group = group;
    this.#config = config;
    this.#limitMs = limitMs;
  }

  async write(record: RequestRecord): Promise<void> {
    const signal = AbortSignal.timeout(this.#limitMs);
    const over = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    // Between two attempts the SDK heeds no signal.
    await Promise.race([this.#deliver(record, signal), over]);
  }

  async #deliver(record: RequestRecord, signal: AbortSignal): Promise<void> {
    this.#client ??= new CloudWatchLogsClient(this.#config);
    const client = this.#client;
    const logEvents = [{ timestamp: record.endedAt, message: requestLine(record, MAX_LINE_BYTES) }];
    const put = async (logStreamName: string) => {
      const command = new PutLogEventsCommand({ logGroupName: this.#group, logStreamName, logEvents });
      const { rejectedLogEventsInfo } = await client.send(command, { abortSignal: signal });
      if (rejectedLogEventsInfo) throw new Error('CloudWatch Logs takes no event of this time.');
    };
    const stream = this.#openStream(client, signal);
    const name = await stream;
    try {
      await put(name);
    } catch (failure) {
      if (nameOf(failure) !== 'ResourceNotFoundException') throw failure;
      // Somebody removed the stream. Where the whole group is gone, making a new one fails.
      if (this.#stream === stream) this.#stream = undefined;
      await put(await this.#openStream(client, signal));
    }
  }

  #openStream(client: CloudWatchLogsClient, signal: AbortSignal): Promise<string> {
    if (this.#stream) return this.#stream;
    const stream = this.#createStream(client, signal);
    this.#stream = stream;
    stream.catch(() => {
      if (this.#stream === stream) this.#stream = undefined;
    });
    return stream;
  }

  async #createStream(client: CloudWatchLogsClient, signal: AbortSignal): Promise<string> {
    const logStreamName = `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/${randomUUID()}`;
    const command = new CreateLogStreamCommand({ logGroupName: this.#group, logStreamName });
    try {
      await client.send(command, { abortSignal: signal });
    } catch (failure) {
      // The answer to a first attempt was lost.
      if (nameOf(failure) !== 'ResourceAlreadyExistsException') throw failure;
    }
    return logStreamName;
  }
}

function nameOf(failure: unknown): string | undefined {
  return failure instanceof Error ? failure.name : undefined;
}
