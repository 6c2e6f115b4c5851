import type { ServerResponse } from 'node:http';
import type { CloudWatchLogsClientConfig } from '@aws-sdk/client-cloudwatch-logs';
import { type FakeUpstream, type Received, startUpstream } from './fake-upstream.ts';

export const LOG_GROUP = 'sluice-requests';

export interface LogsInput {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly logEvents: readonly { readonly timestamp: number; readonly message: string }[];
}

export interface FakeCloudWatchLogs {
  readonly origin: string;
  /** For the SDK's client. */
  readonly config: CloudWatchLogsClientConfig;
  /** The lines of each stream, by its name. */
  readonly streams: Map<string, string[]>;
  /** The operations called so far, by name. */
  readonly called: string[];
  /** Answers in the service's place where it gives true. */
  interfere: (operation: string, response: ServerResponse, input: LogsInput) => boolean;
  close(): Promise<void>;
}

const EVENT_BYTES = 26;
const BATCH_BYTES = 1_048_576;
const DAY_MS = 86_400_000;

/** CloudWatch Logs' CreateLogStream and PutLogEvents over HTTP, with one log group and the service's own limits. */
export async function startCloudWatchLogs(): Promise<FakeCloudWatchLogs> {
  const upstream: FakeUpstream = await startUpstream((request, response) => {
    const operation = operationOf(request);
    fake.called.push(operation);
    const input = JSON.parse(request.body.toString('utf8')) as LogsInput;
    if (fake.interfere(operation, response, input)) return;
    const [status, answer] = perform(operation, input, fake.streams);
    sendAmzJson(response, status, answer);
  });
  const fake: FakeCloudWatchLogs = {
    origin: upstream.origin,
    config: {
      endpoint: upstream.origin,
      region: 'local',
      credentials: { accessKeyId: 'nobody', secretAccessKey: 'nobody' },
    },
    streams: new Map(),
    called: [],
    interfere: () => false,
    close: () => upstream.close(),
  };
  return fake;
}

export function sendAmzJson(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
}

function operationOf({ headers }: Received): string {
  return String(headers['x-amz-target']).replace('Logs_20140328.', '');
}

function perform(operation: string, input: LogsInput, streams: Map<string, string[]>): [number, object] {
  const failed = (__type: string): [number, object] => [400, { __type, message: 'quoted input' }];
  const { logGroupName, logStreamName } = input;
  if (logGroupName !== LOG_GROUP) return failed('ResourceNotFoundException');
  if (operation === 'CreateLogStream') {
    if (!/^[^:*]{1,512}$/.test(logStreamName)) return failed('InvalidParameterException');
    if (streams.has(logStreamName)) return failed('ResourceAlreadyExistsException');
    streams.set(logStreamName, []);
    return [200, {}];
  }
  if (operation !== 'PutLogEvents') return failed('UnknownOperationException');
  const lines = streams.get(logStreamName);
  if (lines === undefined) return failed('ResourceNotFoundException');
  const bytes = input.logEvents.map(({ message }) => Buffer.byteLength(message) + EVENT_BYTES);
  if (bytes.reduce((sum, each) => sum + each, 0) > BATCH_BYTES) return failed('InvalidParameterException');
  const tooOld = input.logEvents.some(({ timestamp }) => timestamp < Date.now() - 14 * DAY_MS);
  if (tooOld) return [200, { rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 } }];
  lines.push(...input.logEvents.map(({ message }) => message));
  return [200, {}];
}
