import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { endpointFile, LOCAL_TABLES } from '../../local/dynamodb.ts';
import { type FakeCloudFormation, startCloudFormation } from '../support/cloudformation.ts';
import { sendAmzJson } from '../support/cloudwatch-logs.ts';
import { completion, sendJson, startUpstream } from '../support/fake-upstream.ts';
import { Operator, refused } from '../support/operator.ts';
import { type Stage, startStage } from '../support/stage.ts';

const STACK = ['--stack', 'SluiceGateway'];
const OUTPUTS = {
  CredentialsTableName: LOCAL_TABLES.credentialsTable,
  CacheTableName: LOCAL_TABLES.cacheTable,
};

/** A gateway whose tables an operator reaches by a stack's outputs only, and CloudFormation. */
let stage: Stage;
let cloudFormation: FakeCloudFormation;
let operator: Operator;
/** What the shell of a working operator has. */
let account: Record<string, string>;

beforeAll(async () => {
  [stage, cloudFormation] = await Promise.all([startStage(), startCloudFormation()]);
  stage.answer = (_request, response) => sendJson(response, completion('Hi'));
  cloudFormation.stacks.set('SluiceGateway', OUTPUTS);
  const { endpoint } = JSON.parse(readFileSync(endpointFile(stage.gateway.dataFolder), 'utf8'));
  operator = new Operator();
  account = {
    ...operator.environment,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.origin,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'access-key-of-nobody',
    AWS_SECRET_ACCESS_KEY: 'secret-key-of-nobody',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  operator.environment = account;
});

afterEach(() => {
  cloudFormation.failure = undefined;
  operator.environment = account;
});

afterAll(async () => {
  await operator.leave();
  await Promise.all([stage.stop(), cloudFormation.close()]);
});

/** The account but for these variables. */
function without(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(account).filter(([name]) => !names.includes(name)));
}

describe('with --stack', () => {
  test('every command works on the tables that the stack names', async () => {
    const made = await operator.json<{ id: string; key: string }>(
      ...['keys', 'create', '--name', 'team', '--rpm', '50', ...STACK],
    );
    const headers = { authorization: `Bearer ${made.key}` };
    expect((await stage.chat({ seed: 1 }, { headers })).status).toBe(200);
    expect(await operator.json('keys', 'list', ...STACK)).toContainEqual(
      expect.objectContaining({ id: made.id, rpm: 50 }),
    );
    expect(await operator.out('keys', 'show', 'team', ...STACK)).toContain('50 requests/min');
    await stage.gateway.post('/credentials', { max_requests: 2 }, { headers });
    const [credential] = await operator.json<{ id: string }[]>('credentials', 'list', ...STACK);
    expect(credential).toMatchObject({ parent: 'key team', max_requests: 2, requests: 0 });
    const revoked = await operator.json('credentials', 'revoke', credential?.id ?? '', ...STACK);
    expect(revoked).toEqual({ revoked: credential?.id });
    while ((await stage.gateway.stores.cache.stats()).entries === 0);
    expect(await operator.json('cache', 'stats', ...STACK)).toMatchObject({ entries: 1 });
    expect(await operator.json('cache', 'purge', '--key', 'team', ...STACK)).toMatchObject({ purged: 1 });
    expect(await operator.out('cache', 'purge', '--all', ...STACK)).toBe(
      'Purged 0 entries of all keys in the stack SluiceGateway in eu-west-1.\n',
    );
    expect(await operator.out('keys', 'revoke', 'team', ...STACK)).toContain('(team)');
    const { message } = await refused(operator.run('keys', 'show', 'team', ...STACK));
    expect(message).toContain('no such key in the stack SluiceGateway in eu-west-1: keys list');
  });

  test('or SLUICE_STACK, in the region that --region names', async () => {
    operator.environment = { ...without('AWS_REGION'), SLUICE_STACK: 'SluiceGateway' };
    cloudFormation.regions.length = 0;
    await operator.out('keys', 'list', '--region', 'ap-south-2', ...STACK);
    const { message } = await refused(
      operator.run('keys', 'show', 'nobody', '--region', 'eu-north-1', ...STACK),
    );
    expect(message).toContain('in the stack SluiceGateway in eu-north-1');
    expect(cloudFormation.regions).toEqual(['ap-south-2', 'eu-north-1']);
  });
});

describe('what an operator is told', () => {
  const list = () => refused(operator.run('keys', 'list', ...STACK));

  test('of a stack that is not there', async () => {
    const { code, message } = await refused(operator.run('keys', 'list', '--stack', 'Nowhere'));
    expect(code).toBe(1);
    expect(message).toMatch(
      /^sluice: There is no stack Nowhere in eu-west-1: give its region with --region;/,
    );
  });

  test.each(['CredentialsTableName', 'CacheTableName'])(
    'of a stack without the output %s',
    async (output) => {
      const outputs = Object.entries(OUTPUTS).filter(([name]) => name !== output);
      cloudFormation.stacks.set('SluiceData', Object.fromEntries(outputs));
      const { code, message } = await refused(operator.run('cache', 'stats', '--stack', 'SluiceData'));
      expect(code).toBe(1);
      expect(message).toMatch(
        `The stack SluiceData has no output ${output}: name the gateway's stack, SluiceGateway`,
      );
      expect(message).toContain('deploy');
    },
  );

  test('without AWS credentials', async () => {
    operator.environment = without('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY');
    expect(await list()).toEqual({
      code: 1,
      message: expect.stringMatching(
        /No usable AWS credentials .*aws configure or aws sso login, or set AWS_PROFILE/,
      ),
    });
  });

  test('of a profile that is not there', async () => {
    operator.environment = {
      ...without('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'),
      AWS_PROFILE: 'nobody',
    };
    expect((await list()).message).toMatch(/No usable AWS credentials .*AWS_PROFILE/);
  });

  test('without a region', async () => {
    operator.environment = without('AWS_REGION');
    expect(await list()).toEqual({
      code: 1,
      message: expect.stringMatching(/No AWS region is known: give --region, or set AWS_REGION/),
    });
  });

  test.each([
    [
      'AccessDenied',
      'User: arn:aws:iam::1:user/x is not authorized to perform: cloudformation:DescribeStacks',
      /may not do cloudformation:DescribeStacks\. .*dynamodb:Scan.*AWS_PROFILE/,
    ],
    [
      'ExpiredToken',
      'The security token included in the request is expired',
      /have expired: sign in again \(aws sso login\)/,
    ],
    [
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
      /No usable AWS credentials .*AWS_PROFILE/,
    ],
    [
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match',
      /No usable AWS credentials .*AWS_PROFILE/,
    ],
    [
      'SomethingElse',
      'of CloudFormation’s own',
      /The stack SluiceGateway can not be read in eu-west-1: of CloudFormation/,
    ],
  ])('where CloudFormation refuses with %s', async (code, message, expected) => {
    cloudFormation.failure = { status: 403, code, message };
    const told = await list();
    expect(told.code).toBe(1);
    expect(told.message).toMatch(expected);
  });

  test.each([
    [['keys', 'list']],
    [['keys', 'create', '--name', 'x']],
    [['keys', 'show', 'x']],
    [['credentials', 'list']],
    [['cache', 'stats']],
    [['cache', 'purge', '--all']],
  ])('where DynamoDB refuses %j', async (command) => {
    const message = 'User: arn:aws:iam::1:user/x is not authorized to perform: dynamodb:Scan on resource: t';
    const dynamodb = await startUpstream((_request, response) =>
      sendAmzJson(response, 400, {
        __type: 'com.amazon.coral.service#AccessDeniedException',
        Message: message,
      }),
    );
    operator.environment = { ...account, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.origin };
    const told = await refused(operator.run(...command, ...STACK));
    await dynamodb.close();
    expect(told.code).toBe(1);
    expect(told.message).toMatch(/Your AWS identity may not do dynamodb:Scan\. .*AWS_PROFILE/);
  });

  test.each([
    ['keys', 'list'],
    ['cache', 'stats'],
  ])('where a table is gone (%s %s)', async (...command) => {
    cloudFormation.stacks.set('Torn', { CredentialsTableName: 'gone-1', CacheTableName: 'gone-2' });
    const { code, message } = await refused(operator.run(...command, '--stack', 'Torn'));
    expect(code).toBe(1);
    expect(message).toMatch(/A table of the stack Torn in eu-west-1 is not there: .*cdk deploy --all/);
  });

  test('where DynamoDB can not be reached', async () => {
    const gone = await startUpstream(() => undefined);
    await gone.close();
    operator.environment = { ...account, AWS_ENDPOINT_URL_DYNAMODB: gone.origin };
    const { code, message } = await list();
    expect(code).toBe(1);
    expect(message).toMatch(
      /The database of the stack SluiceGateway in eu-west-1 does not answer \(ECONN\w+\)\. Try again/,
    );
  });
});
