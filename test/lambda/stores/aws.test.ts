import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLog } from '../../../lambda/log.ts';
import { clientSettings, createAwsStores } from '../../../lambda/stores/aws.ts';
import { DynamoDBCredentialStore } from '../../../lambda/stores/dynamodb-credential-store.ts';
import { type FakeCloudWatchLogs, LOG_GROUP, startCloudWatchLogs } from '../../support/cloudwatch-logs.ts';
import { type FakeUpstream, startUpstream } from '../../support/fake-upstream.ts';
import { requestRecord } from '../../support/request-record.ts';

describe('clientSettings', () => {
  let silent: FakeUpstream;
  beforeEach(async () => {
    silent = await startUpstream(() => undefined);
  });
  afterEach(() => silent.close());

  test('a store that takes a request and never answers is asked twice, then known to be down', async () => {
    const client = new DynamoDBClient({
      endpoint: silent.origin,
      region: 'local',
      credentials: { accessKeyId: 'nobody', secretAccessKey: 'nobody' },
      ...clientSettings(50),
    });
    const store = new DynamoDBCredentialStore(client, 'table');
    await expect(store.findKey('a')).rejects.toMatchObject({ status: 503, code: 'store_unavailable' });
    expect(silent.received).toHaveLength(2);
    client.destroy();
  });
});

describe('createAwsStores', () => {
  let logs: FakeCloudWatchLogs;
  const before = { ...process.env };
  beforeEach(async () => {
    logs = await startCloudWatchLogs();
  });
  afterEach(async () => {
    process.env = before;
    await logs.close();
  });

  test('finds CloudWatch Logs as Lambda tells it, and writes into the group of requests', async () => {
    Object.assign(process.env, {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'nobody',
      AWS_SECRET_ACCESS_KEY: 'nobody',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: logs.origin,
    });
    const names = {
      cacheTable: 'cache',
      credentialsTable: 'credentials',
      providerKeysSecret: 'keys',
      signingSecret: 'signing',
      requestLogGroup: LOG_GROUP,
    };
    const { requestLog } = createAwsStores(
      names,
      createLog(() => undefined),
    );
    await requestLog.write(requestRecord({ requestId: 'a' }));
    expect([...logs.streams.values()].flat()).toEqual([expect.stringContaining('"request_id":"a"')]);
  });
});
