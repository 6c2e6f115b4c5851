import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/local-gateway.ts';

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

const KEY = /^sk-sluice-[\w-]{43}\n$/;

describe('keys, in the local data folder', () => {
  test('are made, listed without themselves, shown, and revoked', async () => {
    // GIVEN
    const rights = [
      '--models',
      'gpt-4o, fast',
      '--rpm',
      '60',
      '--budget-usd',
      '20',
      '--per',
      'month',
      '--expires',
      '30d',
    ];
    const made = await run(['keys', 'create', '--name', 'team', ...rights]);
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining('shown once') });
    expect(made.out).toMatch(KEY);
    // WHEN
    const listed = await run(['keys', 'list', '--json']);
    const [key] = JSON.parse(listed.out);
    // THEN
    expect(key).toMatchObject({
      name: 'team',
      models: ['gpt-4o', 'fast'],
      rpm: 60,
      budget: { usd: 20, per: 'month' },
      expires: expect.any(String),
    });
    expect(listed.out).not.toContain(made.out.trim());
    const table = await run(['keys', 'list']);
    expect(table.out).toMatch(/^ID +NAME +CREATED +EXPIRES +LIMITS +MODELS\n/);
    expect(table.out).toContain('60 requests/min, $20.00/month');
    const shown = await run(['keys', 'show', 'team']);
    expect(shown.out).toContain('this month  $0.00 in 0 requests');
    expect(await run(['keys', 'revoke', key.id])).toMatchObject({ code: 0 });
    expect(await run(['keys', 'list'])).toMatchObject({ out: 'There are no keys.\n' });
  });

  test('a name is given once, until its key ends', async () => {
    await run(['keys', 'create', '--name', 'twin']);
    expect(await run(['keys', 'create', '--name', 'twin'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('keys revoke'),
    });
    await run(['keys', 'revoke', 'twin']);
    expect(await run(['keys', 'create', '--name', 'twin'])).toMatchObject({ code: 0 });
  });

  test('are printed as JSON for programs', async () => {
    const { out, err } = await run(['keys', 'create', '--name', 'x', '--json']);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      key: expect.stringMatching(/^sk-sluice-/),
      name: 'x',
      id: expect.any(String),
    });
  });
});

describe('while the gateway runs', () => {
  test('a key works at once; its credential is listed, ends with it, and the cache can be looked at and purged', async () => {
    const gateway = await startGateway();
    const here = { SLUICE_DATA: gateway.dataFolder };
    const key = (await run(['keys', 'create', '--name', 'live', '--rpm', '100'], here)).out.trim();
    const auth = { headers: { authorization: `Bearer ${key}` } };
    const minted = await gateway.post('/credentials', { max_requests: 5, model: 'simulated/openai' }, auth);
    const { key: token } = (await minted.json()) as { key: string };
    const body = { model: 'simulated/openai', temperature: 0, messages: [{ role: 'user', content: 'x' }] };
    const answer = await gateway.post('/chat/completions', body, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(200);
    await answer.text();
    // WHEN
    const [credential] = JSON.parse((await run(['credentials', 'list', '--json'], here)).out);
    expect(credential).toMatchObject({
      parent: 'key live',
      models: ['simulated/openai'],
      max_requests: 5,
      requests: 1,
    });
    expect((await run(['credentials', 'list'], here)).out).toContain('1/5 requests');
    // The minting and the call, unless a minute has ended meanwhile.
    expect((await run(['keys', 'show', 'live'], here)).out).toMatch(/this minute +[0-2] requests/);
    expect(JSON.parse((await run(['cache', 'stats', '--json'], here)).out)).toMatchObject({ entries: 1 });
    expect(await run(['cache', 'purge', '--all'], here)).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 entry'),
    });
    const revoked = await run(['credentials', 'revoke', credential.id], here);
    expect(revoked).toMatchObject({ code: 0 });
    expect(JSON.parse((await run(['credentials', 'list', '--json'], here)).out)).toEqual([]);
    await gateway.stop();
  });
});

test.each([
  [['keys', 'create'], /--name/, 2],
  [['keys', 'create', '--name', '(local)'], /own/, 2],
  [['keys', 'create', '--name', 'x', '--expires', '3 weeks'], /--expires/, 2],
  [['keys', 'create', '--name', 'x', '--models', ','], /--models/, 2],
  [['keys', 'create', '--name', 'x', '--rpm', '0'], /--rpm/, 2],
  [['keys', 'create', '--name', 'x', '--budget-usd', '5'], /--per/, 2],
  [['keys', 'create', '--name', 'x', '--budget-usd', '-1', '--per', 'day'], /--budget-usd/, 2],
  [['keys', 'list', '--name', 'x'], /keys list does not take --name/, 2],
  [['keys', 'revoke'], /id or the name/, 2],
  [['keys', 'revoke', 'nobody'], /no such key/, 1],
  [['keys', 'show', 'nobody'], /no such key/, 1],
  [['credentials', 'revoke', 'nobody'], /no such credential/, 1],
  [['cache', 'purge'], /one of --key, --scope, --model and --all/, 2],
  [['keys', 'list', '--region', 'eu-west-1'], /--stack/, 2],
  [['keys', 'make'], /unknown command/, 2],
  [['--nonsense'], /nonsense/, 2],
] as const)('%j is refused with one message that says why', async (args, message, exit) => {
  const { code, out, err } = await run([...args]);
  expect(code).toBe(exit);
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
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('shown once') });
  const put = aws.received.find(({ headers }) => String(headers['x-amz-target']).endsWith('PutItem'));
  expect(JSON.parse(put?.body.toString() ?? '{}')).toMatchObject({
    TableName: 'the-table',
    Item: { name: { S: 'team' } },
  });
});
