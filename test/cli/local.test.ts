import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { endpointFile } from '../../local/dynamodb.ts';
import { startUpstream } from '../support/fake-upstream.ts';
import { DIRECT } from '../support/local-process.ts';
import { Operator, refused } from '../support/operator.ts';

let operator: Operator;
let data: string;

beforeEach(() => {
  operator = new Operator();
  data = join(operator.folder.path, '.sluice');
});

afterEach(() => operator.leave());

/** A gateway as a user starts it, in the operator's folder. */
async function startGateway() {
  const running = operator.folder.run({ ...operator.environment }, DIRECT);
  return { running, banner: await running.started() };
}

const names = async () => (await operator.json<{ name: string }[]>('keys', 'list')).map(({ name }) => name);

/** What a gateway leaves that had no time to clean up. */
function leaveEndpoint(content: string): void {
  mkdirSync(data, { recursive: true });
  writeFileSync(endpointFile(data), content);
}

async function freePort(): Promise<string> {
  const server = await startUpstream(() => undefined);
  await server.close();
  return server.origin;
}

describe('a key that was made where no gateway runs', () => {
  test('works once one is started, and is seen while it runs and after', async () => {
    const key = await operator.key('early');
    expect(existsSync(endpointFile(data))).toBe(false);
    const { running, banner } = await startGateway();
    expect((await banner.get('/models', key)).status).toBe(200);
    const late = await operator.key('late');
    expect((await banner.get('/models', late)).status).toBe(200);
    const seen = await names();
    expect(seen.toSorted()).toEqual(['(local)', 'early', 'late']);
    expect((await running.stop()).code).toBe(0);
    expect(await names()).toEqual(seen);
  });
});

describe('a gateway that was killed', () => {
  test('locks nobody out, and loses no key', async () => {
    const { running } = await startGateway();
    await operator.key('kept');
    await running.kill();
    expect(existsSync(endpointFile(data))).toBe(true);
    expect((await names()).toSorted()).toEqual(['(local)', 'kept']);
    expect(await operator.out('keys', 'revoke', 'kept')).toContain('Revoked');
    expect(await operator.json('credentials', 'list')).toEqual([]);
    expect(await operator.json('cache', 'purge', '--all')).toEqual({ purged: 0 });
    expect(await operator.out('cache', 'stats')).toContain('0 entries');
    const again = await startGateway();
    expect(await names()).toEqual(['(local)']);
    await again.running.stop();
  });

  test.each([
    ['is empty', () => ''],
    ['is cut', () => '{"endpoint":"http://127'],
    ['has other content', () => 'null'],
    [
      'names a process that is another by now',
      async () => ({ endpoint: await freePort(), pid: process.pid }),
    ],
  ])('whose file %s locks nobody out', async (_, content) => {
    const left = await content();
    leaveEndpoint(typeof left === 'string' ? left : JSON.stringify(left));
    await operator.key('made');
    expect(await names()).toEqual(['made']);
  });

  test('whose port another server has by now is not taken for that server', async () => {
    const other = await startUpstream((_request, response) => void response.writeHead(200).end('{}'));
    leaveEndpoint(JSON.stringify({ endpoint: other.origin, pid: process.pid }));
    await operator.key('made');
    expect(await names()).toEqual(['made']);
    expect(other.received.every(({ method }) => method === 'GET')).toBe(true);
    await other.close();
  });
});

describe('commands at the same moment', () => {
  test('wait for each other’s files where no gateway runs', async () => {
    const wanted = ['one', 'two', 'three', 'four'];
    await Promise.all(wanted.map((name) => operator.key(name)));
    expect((await names()).toSorted()).toEqual(wanted.toSorted());
  });
});

describe('a process that has the files and does not answer', () => {
  test('is told, and what to do about it', async () => {
    await operator.key('made');
    // A gateway that hangs: it holds the files, and tells nobody where it listens.
    const script = `import { startDynamoDB } from ${JSON.stringify(join(import.meta.dirname, '../../local/dynamodb.ts'))};
      await startDynamoDB(${JSON.stringify(data)}, false); process.stdout.write('open');`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const { code, message } = await refused(operator.run('keys', 'list'));
    holder.kill('SIGKILL');
    await once(holder, 'close');
    expect(code).toBe(1);
    expect(message).toMatch(/in use by a process that does not answer.*Stop it, and repeat the command\./);
    expect(await names()).toEqual(['made']);
  });
});

test('no key is in the data folder', async () => {
  const key = await operator.key('secret');
  const { running, banner } = await startGateway();
  expect((await banner.get('/models', key)).status).toBe(200);
  await running.stop();
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(2);
  for (const { parentPath, name } of files)
    expect(readFileSync(join(parentPath, name)).includes(key)).toBe(false);
});
