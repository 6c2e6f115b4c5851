import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { UserFolder } from '../support/local-process.ts';

let user: UserFolder;

beforeEach(() => {
  user = new UserFolder();
});

afterEach(() => user.remove());

/** A start that fails: with 1, nothing on stdout, and one line that names what is wrong instead of a stack. */
async function mistake(environment: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await user.run(environment).exit();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^sluice: .+\n$/);
  return stderr.slice('sluice: '.length, -1);
}

describe('the environment', () => {
  test.each(['eighty', '65536'])('PORT=%s is refused', async (PORT) => {
    expect(await mistake({ PORT })).toBe('PORT must be a number from 0 to 65535.');
  });

  test('a port in use is told with a way out', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const { port } = server.address() as { port: number };
      const message = await mistake({ PORT: String(port) });
      expect(message).toBe(`PORT: ${port} is in use: set another one, such as PORT=8788.`);
    } finally {
      server.close();
    }
  });

  test.each(['with a space'])('SLUICE_LOCAL_KEY=%s is refused', async (SLUICE_LOCAL_KEY) => {
    const message = await mistake({ SLUICE_LOCAL_KEY });
    expect(message).toMatch(/^SLUICE_LOCAL_KEY must be /);
    expect(message).not.toContain(SLUICE_LOCAL_KEY);
  });

  test.each(['api.openai.com'])('OPENAI_BASE_URL=%s is refused', async (url) => {
    expect(await mistake({ OPENAI_BASE_URL: url })).toBe('OPENAI_BASE_URL must be an http or https URL.');
  });

  test('a SLUICE_CONFIG that is not there is told, since somebody meant a file', async () => {
    expect(await mistake({ SLUICE_CONFIG: 'missing.json' })).toBe(
      'SLUICE_CONFIG: missing.json can not be read: there is no such file',
    );
  });
});

describe('.env', () => {
  test('a line that is no NAME=value is told by its number', async () => {
    user.write('.env', '# keys\nOPENAI_API_KEY=key-of-nobody\nGROQ_API_KEY key-of-nobody\n');
    const message = await mistake();
    expect(message).toBe('.env, line 3: expected NAME=value.');
  });

  test('a quote that is never closed is told', async () => {
    user.write('.env', 'OPENAI_API_KEY="key-of-nobody\nGROQ_API_KEY=key-of-nobody\n');
    expect(await mistake()).toBe('.env: a value that begins with " is never closed.');
  });

  test('a value in it is checked as one of the shell’s', async () => {
    user.write('.env', 'OPENAI_BASE_URL=nonsense\n');
    expect(await mistake()).toBe('OPENAI_BASE_URL must be an http or https URL.');
  });

  test('a folder of that name is told', async () => {
    mkdirSync(join(user.path, '.env'));
    expect(await mistake()).toBe('.env can not be read.');
  });
});

describe('gateway.json', () => {
  test.each([
    ['no JSON', '{"models": }', /^gateway\.json is not JSON: /],
    ['an unknown key', '{"model": {}}', /^gateway\.json: model is not a known key$/],
    [
      'a value of the wrong type',
      '{"retries": {"attempts": "3"}}',
      /^gateway\.json: retries\.attempts is wrong/,
    ],
    [
      'an unknown kind of provider',
      '{"providers": {"mine": {"kind": "openia"}}}',
      /^gateway\.json: providers\.mine\.kind: "openia" is unknown; known are openai-compatible, /,
    ],
    [
      'a provider of one’s own without a base URL',
      '{"providers": {"mine": {"kind": "openai-compatible"}}}',
      /^gateway\.json: providers\.mine\.baseUrl is needed/,
    ],
  ])('with %s is told by file and field', async (_, content, expected) => {
    user.write('gateway.json', content);
    expect(await mistake()).toMatch(expected);
  });

  test('under another name is told by that name', async () => {
    user.write('mine/own.json', '{"cors": {"origins": "*"}}');
    expect(await mistake({ SLUICE_CONFIG: 'mine/own.json' })).toMatch(
      /^mine\/own\.json: cors\.origins is wrong/,
    );
  });
});

describe('the data folder', () => {
  test('whose database is no database is told', async () => {
    user.write('.sluice/dynamodb', '');
    expect(await mistake()).toMatch(/^SLUICE_DATA: the database in .*\.sluice can not be opened/);
  });

  test('in use by another gateway is told, and the other one goes on', async () => {
    const banner = await user.run({ SLUICE_LOCAL_KEY: 'key-of-nobody' }).started();
    const message = await mistake();
    expect(message).toMatch(/^SLUICE_DATA: .*\.sluice is in use by another gateway\.$/);
    expect((await banner.get('/models', 'key-of-nobody')).status).toBe(200);
  });

  test('is free again once the other gateway was killed', async () => {
    const first = user.run();
    await first.started();
    await first.kill();
    await expect(user.run().started()).resolves.toBeDefined();
  });

  test('that is a file is told by the variable', async () => {
    user.write('state', '');
    expect(await mistake({ SLUICE_DATA: 'state' })).toMatch(/^SLUICE_DATA: .*state can not be made a folder/);
  });
});
