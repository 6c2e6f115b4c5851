import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CloudWatchRequestLog } from '../../../lambda/stores/cloudwatch-request-log.ts';
import {
  type FakeCloudWatchLogs,
  LOG_GROUP,
  sendAmzJson,
  startCloudWatchLogs,
} from '../../support/cloudwatch-logs.ts';
import { requestRecord } from '../../support/request-record.ts';

let service: FakeCloudWatchLogs;
let log: CloudWatchRequestLog;

beforeEach(async () => {
  service = await startCloudWatchLogs();
  log = new CloudWatchRequestLog(LOG_GROUP, { ...service.config, maxAttempts: 1 });
});

afterEach(() => service.close());

const lines = () => [...service.streams.values()].flat().map((line) => JSON.parse(line));
const failed = (work: Promise<void>) =>
  work.then(
    () => undefined,
    (error: Error) => error.name,
  );

describe('CloudWatchRequestLog', () => {
  test('writes a line for each request into one stream of its own', async () => {
    await log.write(requestRecord({ requestId: 'a' }));
    await log.write(requestRecord({ requestId: 'b' }));
    expect(lines()).toMatchObject([{ request_id: 'a' }, { request_id: 'b' }]);
    expect([...service.streams.keys()]).toEqual([
      expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/[0-9a-f]{8}-[0-9a-f-]{27}$/),
    ]);
    expect(service.called).toEqual(['CreateLogStream', 'PutLogEvents', 'PutLogEvents']);
  });

  test('asks for nothing before the first record', () => {
    expect(service.called).toEqual([]);
  });

  test('makes its stream once for records at the same time', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => log.write(requestRecord({ requestId: `${index}` }))),
    );
    expect(service.streams.size).toBe(1);
    expect(lines()).toHaveLength(20);
  });

  test('shares no stream with another process', async () => {
    await log.write(requestRecord());
    await new CloudWatchRequestLog(LOG_GROUP, service.config).write(requestRecord());
    expect(service.streams.size).toBe(2);
  });

  test('makes a new stream where its own was removed, once for all who find out', async () => {
    await log.write(requestRecord({ requestId: 'before' }));
    service.streams.clear();
    await Promise.all(['a', 'b', 'c'].map((requestId) => log.write(requestRecord({ requestId }))));
    expect(service.streams.size).toBe(1);
    expect(
      lines()
        .map(({ request_id }) => request_id)
        .toSorted(),
    ).toEqual(['a', 'b', 'c']);
  });

  test('takes a stream that is there already for its own', async () => {
    // The answer to a first attempt is lost, and the second finds what the first has made.
    service.interfere = (operation, response, { logStreamName }) => {
      if (operation !== 'CreateLogStream' || service.called.length > 1) return false;
      service.streams.set(logStreamName, []);
      response.destroy();
      return true;
    };
    const patient = new CloudWatchRequestLog(LOG_GROUP, { ...service.config, maxAttempts: 2 });
    await patient.write(requestRecord());
    expect(service.called).toEqual(['CreateLogStream', 'CreateLogStream', 'PutLogEvents']);
    expect(lines()).toHaveLength(1);
  });

  test('cuts a request to what the service takes, to the byte', async () => {
    await log.write(requestRecord({ input: 'i'.repeat(10), output: 'ü👋'.repeat(400_000) }));
    const [line = ''] = [...service.streams.values()].flat();
    expect(JSON.parse(line)).toMatchObject({ truncated: true, input: 'iiiiiiiiii' });
    expect(Buffer.byteLength(line)).toBeGreaterThan(1_048_576 - 26 - 4);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(1_048_576 - 26);
  });
});

describe('CloudWatchRequestLog without its service', () => {
  test('rejects where there is no such group, and asks for the stream again with the next record', async () => {
    const elsewhere = new CloudWatchRequestLog('no-such-group', service.config);
    expect(await failed(elsewhere.write(requestRecord()))).toBe('ResourceNotFoundException');
    expect(await failed(elsewhere.write(requestRecord()))).toBe('ResourceNotFoundException');
    expect(service.called).toEqual(['CreateLogStream', 'CreateLogStream']);
  });

  test('rejects where the group was removed meanwhile', async () => {
    await log.write(requestRecord());
    service.interfere = (_operation, response) => {
      sendAmzJson(response, 400, { __type: 'ResourceNotFoundException' });
      return true;
    };
    expect(await failed(log.write(requestRecord()))).toBe('ResourceNotFoundException');
    expect(service.called).toEqual(['CreateLogStream', 'PutLogEvents', 'PutLogEvents', 'CreateLogStream']);
  });

  test('rejects an error of the service’s, and writes the next record again', async () => {
    service.interfere = (_operation, response) => {
      sendAmzJson(response, 500, { __type: 'ServiceUnavailableException' });
      return true;
    };
    expect(await failed(log.write(requestRecord()))).toBe('ServiceUnavailableException');
    service.interfere = () => false;
    await log.write(requestRecord({ requestId: 'later' }));
    expect(lines()).toMatchObject([{ request_id: 'later' }]);
  });

  test('rejects an event that the service does not take', async () => {
    const old = Date.now() - 15 * 86_400_000;
    await expect(log.write(requestRecord({ startedAt: old, endedAt: old }))).rejects.toThrow('of this time');
  });

  test('rejects at once where nothing listens', async () => {
    await service.close();
    expect(await failed(log.write(requestRecord()))).toBe('Error');
  });

  test.each(['CreateLogStream', 'PutLogEvents'])(
    'rejects at its limit where %s is never answered',
    async (silent) => {
      service.interfere = (operation) => operation === silent;
      const hurried = new CloudWatchRequestLog(LOG_GROUP, service.config, 50);
      expect(await failed(hurried.write(requestRecord()))).toBe('TimeoutError');
    },
  );

  test('rejects at its limit while the SDK waits for its next attempt', async () => {
    service.interfere = (_operation, response) => {
      response.setHeader('x-amz-retry-after', '400');
      sendAmzJson(response, 503, { __type: 'ServiceUnavailableException' });
      return true;
    };
    const hurried = new CloudWatchRequestLog(LOG_GROUP, { ...service.config, maxAttempts: 2 }, 50);
    expect(await failed(hurried.write(requestRecord()))).toBe('TimeoutError');
  });
});
