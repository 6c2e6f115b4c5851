import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../lambda/config.ts';
import { readDeployConfig } from '../../lib/config.ts';
import { CDK_JSON } from './synthesize.ts';

describe('readDeployConfig', () => {
  test('has a default for everything, and passes over what belongs to the CDK', () => {
    // WHEN
    const config = readDeployConfig({
      ...CDK_JSON.context,
      'aws:cdk:enable-path-metadata': true,
      'cli-telemetry': false,
    });
    // THEN
    expect(config).toEqual({
      stackPrefix: 'Sluice',
      bedrock: 'on',
      memorySize: 512,
      timeoutSeconds: 900,
      logRetentionDays: 30,
      requestLogRetentionDays: 30,
      functionUrlAuth: 'NONE',
      apiGatewayIntegration: 'lambda',
      throttleRate: 100,
      throttleBurst: 200,
    });
  });

  test('takes numbers from cdk.json and strings from the command line', () => {
    // WHEN
    const config = readDeployConfig({ memorySize: '1024', logRetentionDays: '7', reservedConcurrency: 0 });
    // THEN
    expect(config).toMatchObject({ memorySize: 1024, logRetentionDays: 7, reservedConcurrency: 0 });
  });

  test.each([
    [
      { memorySize: 'lots' },
      'The context key memorySize must be a whole number from 128 to 10240. It is "lots".',
    ],
    [
      { memorySize: '64' },
      'The context key memorySize must be a whole number from 128 to 10240. It is "64".',
    ],
    [
      { memorySize: 512.5 },
      'The context key memorySize must be a whole number from 128 to 10240. It is 512.5.',
    ],
    [
      { timeoutSeconds: 901 },
      'The context key timeoutSeconds must be a whole number from 1 to 900. It is 901.',
    ],
    [
      { reservedConcurrency: '-1' },
      'The context key reservedConcurrency must be a whole number from 0 to 100000. It is "-1".',
    ],
    [
      { functionUrlAuth: 'none' },
      'The context key functionUrlAuth must be one of NONE, AWS_IAM, off. It is "none".',
    ],
    [
      { apiGatewayIntegration: 'url' },
      'The context key apiGatewayIntegration must be one of lambda, function-url. It is "url".',
    ],
    [
      { stackPrefix: '1st' },
      'The context key stackPrefix must be letters, digits and "-", a letter first. It is "1st".',
    ],
    [
      { stackPrefix: 1 },
      'The context key stackPrefix must be letters, digits and "-", a letter first. It is 1.',
    ],
    [{ config: '' }, 'The context key config must be the path of a file. It is "".'],
  ])('refuses %j, naming the key and what it takes', (context, message) => {
    // THEN
    expect(() => readDeployConfig(context)).toThrow(new ConfigError(message));
  });

  test('refuses a retention that CloudWatch does not know, and lists those it does', () => {
    // THEN
    expect(() => readDeployConfig({ logRetentionDays: '31' })).toThrow(
      /^The context key logRetentionDays must be one of 1, 3, 5, 7, 14, 30, .*3653\. It is "31"\.$/,
    );
  });

  test('refuses a misspelt key before its default opens a door', () => {
    // THEN
    expect(() => readDeployConfig({ functionUrlAut: 'off' })).toThrow(
      /^functionUrlAut is not a context key of Sluice\. The keys are stackPrefix, .*functionUrlAuth, /,
    );
  });

  test.each(['AWS_IAM', 'off'])(
    'refuses the function-url integration with functionUrlAuth %s',
    (functionUrlAuth) => {
      // THEN
      expect(() => readDeployConfig({ apiGatewayIntegration: 'function-url', functionUrlAuth })).toThrow(
        /^The context key functionUrlAuth must be NONE where apiGatewayIntegration is function-url/,
      );
    },
  );
});
