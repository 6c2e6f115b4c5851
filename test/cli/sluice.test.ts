import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startUpstream } from '../support/fake-upstream.ts';

const ENTRY = join(import.meta.dirname, '../../bin/sluice.ts');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the CLI as an operator does, in an empty folder. */
function run(
  args: string[],
  environment: Record<string, string> = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const env = { PATH: process.env.PATH ?? '', SLUICE_DATA: join(folder, 'data'), ...environment };
  const child = spawn(process.execPath, [ENTRY, ...args], { cwd: folder, env });
  let out = '';
  let err = '';
  child.stdout.on('data', (part) => {
    out += part;
  });
  child.stderr.on('data', (part) => {
    err += part;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

describe('keys, in the local data folder', () => {
  test('are made, listed without themselves, and revoked', async () => {
    // GIVEN
    const made = await run([
      'keys',
      'create',
      '--name',
      'team',
      '--models',
      'gpt-4o, fast',
      '--expires-in',
      '30d',
    ]);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toMatch(/^sk-sluice-[\w-]{43}\n$/);
    // WHEN
    const listed = await run(['keys', 'list', '--json']);
    const [key] = JSON.parse(listed.out);
    // THEN
    expect(key).toMatchObject({ name: 'team', models: ['gpt-4o', 'fast'], expires: expect.any(String) });
    expect(listed.out).not.toContain(made.out.trim());
    expect(await run(['keys', 'revoke', key.id])).toMatchObject({ code: 0 });
    expect(await run(['keys', 'list'])).toMatchObject({ out: 'There are no keys.\n' });
  });

  test('two of one name are revoked by id only', async () => {
    await run(['keys', 'create', '--name', 'twin']);
    await run(['keys', 'create', '--name', 'twin']);
    expect(await run(['keys', 'revoke', 'twin'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('give the id'),
    });
  });

  test('are printed as JSON for programs', async () => {
    const { out } = await run(['keys', 'create', '--name', 'x', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      key: expect.stringMatching(/^sk-sluice-/),
      name: 'x',
      id: expect.any(String),
    });
  });
});

test.each([
  [['keys', 'create'], /--name/],
  [['keys', 'create', '--name', 'x', '--expires-in', '3 weeks'], /--expires-in/],
  [['keys', 'create', '--name', 'x', '--models', ','], /--models/],
  [['keys', 'revoke'], /id or the name/],
  [['keys', 'revoke', 'nobody'], /no such key/],
  [['keys', 'make'], /unknown command/],
  [['--nonsense'], /nonsense/],
])('%j is refused with one message that says why', async (args, message) => {
  const { code, out, err } = await run(args);
  expect(code).toBe(1);
  expect(out).toBe('');
  expect(err).toMatch(message);
  expect(err).not.toMatch(/\n {4}at /);
});

test('help lists the commands', async () => {
  expect(await run(['--help'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('keys create --name NAME'),
  });
});

test('with --stack the table is found in the stack’s outputs', async () => {
  // GIVEN CloudFormation and DynamoDB of one account, as far as the CLI asks them
  const outputOf = (name: string, value: string) =>
    `<member><OutputKey>${name}</OutputKey><OutputValue>${value}</OutputValue></member>`;
  const output = outputOf('CredentialsTableName', 'the-table') + outputOf('CacheTableName', 'the-cache');
  const stack = `<member><StackName>S</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${output}</Outputs></member>`;
  const aws = await startUpstream(({ headers }, response) => {
    if (headers['x-amz-target'] === undefined) {
      const xml = `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks>${stack}</Stacks></DescribeStacksResult></DescribeStacksResponse>`;
      response.writeHead(200, { 'content-type': 'text/xml' }).end(xml);
    } else response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
  });
  const account = {
    AWS_ENDPOINT_URL: aws.origin,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  // WHEN
  const { code, err } = await run(['keys', 'create', '--name', 'team', '--stack', 'SluiceGateway'], account);
  await aws.close();
  // THEN
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const put = aws.received.find(({ headers }) => String(headers['x-amz-target']).endsWith('PutItem'));
  expect(JSON.parse(put?.body.toString() ?? '{}')).toMatchObject({
    TableName: 'the-table',
    Item: { name: { S: 'team' } },
  });
});
