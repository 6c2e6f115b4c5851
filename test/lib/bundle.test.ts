import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ENVIRONMENT } from '../../lambda/environment.ts';
import { only, synthesize } from './synthesize.ts';

describe('The bundle', () => {
  // GIVEN a gateway.json elsewhere, under a name of its own and a path with a space
  const folder = mkdtempSync(join(tmpdir(), 'sluice bundle-'));
  const gatewayJson = join(folder, 'production.json');
  writeFileSync(gatewayJson, '{"retries":{"attempts":2}}');
  afterAll(() => rmSync(folder, { recursive: true }));

  // WHEN
  const { gateway, assembly } = synthesize({ config: gatewayJson }, { bundle: true });
  const asset = readdirSync(assembly.directory).find((name) => name.startsWith('asset.')) ?? '';
  const file = (name: string) => join(assembly.directory, asset, name);

  test('is one file with gateway.json beside it, where the environment says', () => {
    // THEN
    expect(readdirSync(file('.')).sort()).toEqual(['gateway.json', 'index.js']);
    expect(readFileSync(file('gateway.json'), 'utf8')).toBe('{"retries":{"attempts":2}}');
    expect(only(gateway, 'AWS::Lambda::Function')).toMatchObject({
      Environment: { Variables: { [ENVIRONMENT.config]: '/var/task/gateway.json' } },
    });
  });

  test('loads alone, as Lambda loads it, and exports the handler', () => {
    // GIVEN no node_modules above the asset, and what Lambda gives a function; nothing listens at the endpoint
    const env = {
      PATH: process.env.PATH ?? '',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      [ENVIRONMENT.config]: file('gateway.json'),
      [ENVIRONMENT.credentialsTable]: 'credentials',
      [ENVIRONMENT.cacheTable]: 'cache',
      [ENVIRONMENT.providerKeysSecret]: 'provider-keys',
      [ENVIRONMENT.signingSecret]: 'signing-secret',
      [ENVIRONMENT.requestLogGroup]: 'requests',
    };
    // WHEN
    const script = `globalThis.awslambda = { streamifyResponse: (handler) => handler };
      console.log(typeof require(${JSON.stringify(file('index.js'))}).handler);
      process.exit();`;
    const printed = execFileSync(process.execPath, ['-e', script], { cwd: folder, env, encoding: 'utf8' });
    // THEN
    expect(printed).toBe('function\n');
  });

  test('is small: Lambda loads it at each cold start', () => {
    // THEN
    expect(readFileSync(file('index.js')).byteLength).toBeLessThan(1_000_000);
  });
});
