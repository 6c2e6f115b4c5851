import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { ENVIRONMENT } from '../../lambda/environment.ts';
import { only, resolveOutput, synthesize } from './synthesize.ts';

const FUNCTION = 'AWS::Lambda::Function';
const URL = 'AWS::Lambda::Url';

/** The logical ids in the data stack. */
const DATA = {
  credentials: 'CredentialsTable401B582A',
  cache: 'CacheTable0A35CF55',
  providerKeys: 'ProviderKeysSecret5FD91C58',
  signing: 'SigningSecretB5CF4F25',
  requestLog: 'RequestLogGroup574983AC',
};

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
}

describe('GatewayStack by default', () => {
  // GIVEN
  const { data, gateway, assembly } = synthesize();

  test('runs the function on Node 24, arm64, with 512 MB and 15 minutes', () => {
    // THEN
    gateway.hasResourceProperties(FUNCTION, {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: 512,
      Timeout: 900,
      Handler: 'index.handler',
      ReservedConcurrentExecutions: Match.absent(),
      TracingConfig: Match.absent(),
    });
  });

  test('tells the function by its environment where everything is, and no more', () => {
    // WHEN
    const { Environment } = only(gateway, FUNCTION) as {
      Environment: { Variables: Record<string, unknown> };
    };
    const { [ENVIRONMENT.config]: config, ...variables } = Environment.Variables;
    const resolved = Object.entries(variables).map(([name, value]) => [name, resolveOutput(data, value)]);
    // THEN gateway.json is named where the project has one, which is the operator's business
    expect([undefined, '/var/task/gateway.json']).toContain(config);
    expect(Object.fromEntries(resolved)).toEqual({
      [ENVIRONMENT.credentialsTable]: { Ref: DATA.credentials },
      [ENVIRONMENT.cacheTable]: { Ref: DATA.cache },
      [ENVIRONMENT.providerKeysSecret]: { Ref: DATA.providerKeys },
      [ENVIRONMENT.signingSecret]: { Ref: DATA.signing },
      [ENVIRONMENT.requestLogGroup]: { Ref: DATA.requestLog },
    });
  });

  test('lets the function do what it must with the data, and nothing with anything else', () => {
    // WHEN
    const { PolicyDocument } = only(gateway, 'AWS::IAM::Policy') as {
      PolicyDocument: { Statement: Statement[] };
    };
    const [logs, ...others] = PolicyDocument.Statement;
    const stores = others.filter(({ Action }) => !String(Action).includes('bedrock:'));
    const granted = stores.map(({ Action, Resource }) => [
      [Resource].flat().map((resource) => resolveOutput(data, resource)),
      Action,
    ]);
    // THEN
    expect(logs?.Action).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
    const [own, requests, ...more] = [logs?.Resource].flat();
    expect(own).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^FunctionLogs/), 'Arn'] });
    expect(resolveOutput(data, requests)).toEqual({ 'Fn::GetAtt': [DATA.requestLog, 'Arn'] });
    expect(more).toEqual([]);
    expect(granted).toEqual([
      [
        [{ 'Fn::GetAtt': [DATA.credentials, 'Arn'] }],
        ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      ],
      [
        [{ 'Fn::GetAtt': [DATA.cache, 'Arn'] }],
        [
          'dynamodb:DeleteItem',
          'dynamodb:GetItem',
          'dynamodb:PutItem',
          'dynamodb:Query',
          'dynamodb:UpdateItem',
        ],
      ],
      [[{ Ref: DATA.providerKeys }, { Ref: DATA.signing }], 'secretsmanager:GetSecretValue'],
    ]);
  });

  test('may invoke Bedrock, and no other action or resource has a wildcard', () => {
    // GIVEN
    const { PolicyDocument } = only(gateway, 'AWS::IAM::Policy') as {
      PolicyDocument: { Statement: Statement[] };
    };
    const bedrock = PolicyDocument.Statement.filter(({ Action }) => String(Action).includes('bedrock:'));
    const rest = PolicyDocument.Statement.filter((statement) => !bedrock.includes(statement));
    // THEN
    expect(bedrock).toHaveLength(1);
    expect(bedrock[0]?.Action).toEqual(['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream']);
    for (const resource of [bedrock[0]?.Resource].flat()) {
      expect(JSON.stringify(resource)).toMatch(/:bedrock:\*:/);
    }
    expect(JSON.stringify(rest)).not.toContain('*');
    expect(only(gateway, 'AWS::IAM::Role')).not.toHaveProperty('ManagedPolicyArns');
  });

  test('has no wildcard at all with Bedrock off', () => {
    // WHEN
    const { gateway: without } = synthesize({ bedrock: 'off' });
    // THEN
    expect(JSON.stringify(only(without, 'AWS::IAM::Policy'))).not.toContain('*');
  });

  test('keeps the log for a month and its lines as the gateway writes them', () => {
    // THEN
    gateway.hasResource('AWS::Logs::LogGroup', {
      DeletionPolicy: 'Delete',
      Properties: { RetentionInDays: 30 },
    });
    gateway.hasResourceProperties(FUNCTION, {
      LoggingConfig: { LogFormat: 'Text', LogGroup: { Ref: Match.stringLikeRegexp('^FunctionLogs') } },
    });
  });

  test('has a streaming function URL that anyone may call, for the gateway authenticates', () => {
    // THEN CORS stays the gateway's own
    gateway.hasResourceProperties(URL, {
      AuthType: 'NONE',
      InvokeMode: 'RESPONSE_STREAM',
      Cors: Match.absent(),
    });
    gateway.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunctionUrl',
      FunctionUrlAuthType: 'NONE',
      Principal: '*',
    });
  });

  test('puts out what the operator and the CLI need, by names that stay', () => {
    // WHEN
    const outputs = gateway.findOutputs('*');
    // THEN
    expect(Object.keys(outputs).sort()).toEqual([
      'ApiUrl',
      'CacheTableName',
      'CredentialsTableName',
      'FunctionUrl',
      'ProviderKeysSecretArn',
      'RequestLogGroupName',
      'SigningSecretArn',
    ]);
    expect(resolveOutput(data, outputs.CredentialsTableName?.Value)).toEqual({
      Ref: DATA.credentials,
    });
    expect(resolveOutput(data, outputs.CacheTableName?.Value)).toEqual({ Ref: DATA.cache });
    expect(resolveOutput(data, outputs.ProviderKeysSecretArn?.Value)).toEqual({
      Ref: DATA.providerKeys,
    });
    gateway.hasOutput('FunctionUrl', {
      Value: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [Match.anyValue(), 'FunctionUrl'] }, 'v1']] },
    });
  });

  test('is deployed after the data, and fits any account and region', () => {
    // WHEN
    const stack = assembly.getStackByName('Gateway');
    // THEN
    expect(stack.dependencies.map((dependency) => dependency.id)).toContain('Data');
    expect(stack.environment).toMatchObject({ account: 'unknown-account', region: 'unknown-region' });
  });
});

describe('GatewayStack by choice', () => {
  test('takes memory, timeout, concurrency and log retention', () => {
    // WHEN
    const { gateway } = synthesize({
      memorySize: 1024,
      timeoutSeconds: 300,
      reservedConcurrency: 50,
      logRetentionDays: 7,
    });
    // THEN
    gateway.hasResourceProperties(FUNCTION, {
      MemorySize: 1024,
      Timeout: 300,
      ReservedConcurrentExecutions: 50,
    });
    gateway.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  });

  test('guards the function URL with IAM', () => {
    // WHEN
    const { gateway } = synthesize({ functionUrlAuth: 'AWS_IAM' });
    // THEN nobody but API Gateway is let in by the template
    gateway.hasResourceProperties(URL, { AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' });
    gateway.resourcePropertiesCountIs('AWS::Lambda::Permission', { Principal: '*' }, 0);
  });

  test('leaves the function URL out', () => {
    // WHEN
    const { gateway } = synthesize({ functionUrlAuth: 'off' });
    // THEN
    gateway.resourceCountIs(URL, 0);
    gateway.resourcePropertiesCountIs('AWS::Lambda::Permission', { Principal: '*' }, 0);
    expect(gateway.findOutputs('*')).not.toHaveProperty('FunctionUrl');
  });
});
