import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { completion, sendJson, startUpstream } from '../support/fake-upstream.ts';
import { type Banner, DIRECT, LAUNCHED, LAUNCHER, UserFolder } from '../support/local-process.ts';

let user: UserFolder;

beforeEach(() => {
  user = new UserFolder();
});

afterEach(() => user.remove());

const hello = [{ role: 'user', content: 'Hello' }];
const FIRST_KEY = 'first-key-of-nobody';
const SECOND_KEY = 'second-key-of-nobody';

/** The status that `/models` answers this key with. */
async function statusFor(banner: Banner, key: string): Promise<number> {
  const response = await banner.get('/models', key);
  await response.arrayBuffer();
  return response.status;
}

function filesBelow(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}

describe.each([
  ['node bin/local.ts', DIRECT],
  ['node scripts/node24.mjs bin/local.ts', LAUNCHED],
])('%s in an empty folder', (_, command) => {
  test('prints a curl that streams as it stands, and ends with 0 on SIGTERM', async () => {
    const running = user.run({}, command);
    const banner = await running.started();
    expect(banner.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    expect(banner.field('providers')).toMatch(/^none yet/);
    const response = await banner.curl();
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(await response.text()).toMatch(/simulated[\s\S]*data: \[DONE\]\n\n$/);
    expect(await running.stop()).toMatchObject({ code: 0, stderr: '' });
  });

  test('ends with 1 and one line on a mistake', async () => {
    const { code, stderr } = await user.run({ PORT: 'eighty' }, command).exit();
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'sluice: PORT must be a number from 0 to 65535.\n' });
  });
});

test.each([
  ['an exit code', 'process.exit(7)', 7],
  ['a deadly signal', 'process.kill(process.pid, "SIGKILL")', 137],
])('the launcher passes on %s', async (_, script, code) => {
  expect(await user.run({}, [LAUNCHER, '-e', script]).exit()).toMatchObject({ code });
});

describe('the generated key', () => {
  test('is printed at the first start only, works after a restart, and is stored as its hash alone', async () => {
    const first = user.run();
    const { key } = await first.started();
    await first.stop();
    // Read now: at its next start the database compresses what it wrote.
    const files = filesBelow(join(user.path, '.sluice'));
    const hash = createHash('sha256').update(key).digest('hex');
    expect(files.some((file) => file.includes(hash))).toBe(true);
    expect(files.some((file) => file.includes(key))).toBe(false);

    const second = user.run();
    const banner = await second.started();
    expect(banner.text).not.toContain(key);
    expect(banner.field('key')).toMatch(/^the one shown at the first start/);
    expect(await statusFor(banner, key)).toBe(200);
    expect(await banner.curl({ SLUICE_KEY: key })).toMatchObject({ status: 200 });
    expect(await statusFor(banner, `${key}x`)).toBe(401);
    await second.stop();
  });

  test('is another one for every user', async () => {
    const other = new UserFolder();
    try {
      const [mine, theirs] = await Promise.all([user.run().started(), other.run().started()]);
      expect(mine.key).not.toBe(theirs.key);
    } finally {
      await other.remove();
    }
  });
});

describe('SLUICE_LOCAL_KEY', () => {
  test('is the key, is not printed, and the printed curl works in a shell that has it', async () => {
    const banner = await user.run({ SLUICE_LOCAL_KEY: FIRST_KEY }).started();
    expect(banner.text).not.toContain(FIRST_KEY);
    expect(await banner.curl({ SLUICE_LOCAL_KEY: FIRST_KEY })).toMatchObject({ status: 200 });
  });

  test('that is replaced stops working', async () => {
    const settings = { SLUICE_CONFIG: user.write('gateway.json', '{"allowProviderKeys": false}') };
    const first = user.run({ ...settings, SLUICE_LOCAL_KEY: FIRST_KEY });
    expect(await statusFor(await first.started(), FIRST_KEY)).toBe(200);
    await first.stop();
    const banner = await user.run({ ...settings, SLUICE_LOCAL_KEY: SECOND_KEY }).started();
    expect(await statusFor(banner, FIRST_KEY)).toBe(401);
    expect(await statusFor(banner, SECOND_KEY)).toBe(200);
  });

  test('that is taken away stops working, and a key is generated', async () => {
    const settings = { SLUICE_CONFIG: user.write('gateway.json', '{"allowProviderKeys": false}') };
    const first = user.run({ ...settings, SLUICE_LOCAL_KEY: FIRST_KEY });
    await first.started();
    await first.stop();
    const banner = await user.run(settings).started();
    expect(await statusFor(banner, FIRST_KEY)).toBe(401);
    expect(await statusFor(banner, banner.key)).toBe(200);
  });
});

describe('providers', () => {
  test('that have a key are named in the banner, wherever the key comes from', async () => {
    // With the byte order mark that some editors begin a file with.
    user.write(
      '.env',
      '\uFEFFGROQ_API_KEY=key-of-nobody\n# a comment\n\nexport MISTRAL_API_KEY="key of nobody"\n',
    );
    const banner = await user.run({ OPENAI_API_KEY: 'key-of-nobody' }).started();
    expect(banner.field('providers').split(', ').toSorted()).toEqual(['groq', 'mistral', 'openai']);
  });

  test('that need no key are named once their base URL is set, in gateway.json or the environment', async () => {
    const vllm = { kind: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1' };
    user.write('gateway.json', JSON.stringify({ providers: { vllm } }));
    const banner = await user.run({ OLLAMA_BASE_URL: 'http://127.0.0.1:9/v1' }).started();
    expect(banner.field('providers').split(', ').toSorted()).toEqual(['ollama', 'vllm']);
  });

  test('are asked with the key and at the URL of .env, where the shell says nothing else', async () => {
    const upstream = await startUpstream((_request, response) => sendJson(response, completion('Hi')));
    try {
      user.write(
        '.env',
        `OPENAI_API_KEY=from-the-file\nOPENAI_BASE_URL=${upstream.origin}/v1/\nPORT=nonsense\n`,
      );
      for (const [shell, key] of [
        [{}, 'from-the-file'],
        [{ OPENAI_API_KEY: 'from-the-shell' }, 'from-the-shell'],
      ] as const) {
        const running = user.run({ ...shell, SLUICE_LOCAL_KEY: FIRST_KEY });
        const banner = await running.started();
        const answer = await banner.post('/chat/completions', FIRST_KEY, {
          model: 'gpt-test',
          messages: hello,
        });
        expect(await answer.json()).toEqual(completion('Hi'));
        expect(upstream.received.at(-1)).toMatchObject({
          url: '/v1/chat/completions',
          headers: { authorization: `Bearer ${key}` },
        });
        await running.stop();
      }
    } finally {
      await upstream.close();
    }
  });
});

test('simulated/openai answers as JSON and as a stream, and says what it is', async () => {
  const banner = await user.run({ SLUICE_LOCAL_KEY: FIRST_KEY }).started();
  const ask = (more: object) =>
    banner.post('/chat/completions', FIRST_KEY, { model: 'simulated/openai', messages: hello, ...more });
  const whole = await (await ask({})).json();
  expect(whole).toMatchObject({
    object: 'chat.completion',
    choices: [{ message: { content: expect.stringContaining('simulated') }, finish_reason: 'stop' }],
    usage: { total_tokens: expect.any(Number) },
  });
  const stream = await (await ask({ stream: true, stream_options: { include_usage: true } })).text();
  const events = stream.split('\n\n').filter((event) => event.startsWith('data: {'));
  const chunks = events.map((event) => JSON.parse(event.slice('data: '.length)));
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  expect(text).toBe((whole as { choices: { message: { content: string } }[] }).choices[0]?.message.content);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
});
