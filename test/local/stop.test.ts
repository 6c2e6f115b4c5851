import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chatStream, type FakeUpstream, SSE, startUpstream } from '../support/fake-upstream.ts';
import { type Banner, DIRECT, LAUNCHED, type LocalProcess, UserFolder } from '../support/local-process.ts';

const KEY = 'local-key-of-nobody';
const STREAM = chatStream(['Hello']);
const FIRST_FRAME = STREAM.slice(0, STREAM.indexOf('\n\n') + 2);

let user: UserFolder;
let upstream: FakeUpstream;
/** The answers that the upstream has begun: the test says when they end. */
let begun: ServerResponse[];

beforeEach(async () => {
  user = new UserFolder();
  begun = [];
  upstream = await startUpstream((_request, response) => {
    response.writeHead(200, SSE).write(FIRST_FRAME);
    begun.push(response);
  });
});

afterEach(async () => {
  await user.remove();
  await upstream.close();
});

function start(command = DIRECT): LocalProcess {
  const settings = { OPENAI_API_KEY: 'upstream-key-of-nobody', OPENAI_BASE_URL: `${upstream.origin}/v1` };
  return user.run({ ...settings, SLUICE_LOCAL_KEY: KEY }, command);
}

/** A stream that the caller has begun to read. */
async function openStream(banner: Banner) {
  const messages = [{ role: 'user', content: 'Hello' }];
  const response = await banner.post('/chat/completions', KEY, { model: 'gpt-test', stream: true, messages });
  if (response.body === null) throw new Error('the answer has no body');
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader.read();
  const rest = async () => {
    let text = first.value ?? '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    return text;
  };
  return { rest };
}

describe.each([
  ['node bin/local.ts', DIRECT],
  ['node scripts/node24.mjs bin/local.ts', LAUNCHED],
])('%s', (_, command) => {
  test('lets a running stream finish on SIGTERM, takes nothing new, and ends with 0', async () => {
    const running = start(command);
    const banner = await running.started();
    const { rest } = await openStream(banner);
    running.signal('SIGTERM');
    await running.printed('stopping');
    await expect(banner.get('/models', KEY)).rejects.toThrow('fetch failed');
    begun[0]?.end(STREAM.slice(FIRST_FRAME.length));
    expect(await rest()).toBe(STREAM);
    expect(await running.exit()).toMatchObject({ code: 0, stderr: '' });
  });
});

test('a second signal breaks what still runs', async () => {
  const running = start();
  const { rest } = await openStream(await running.started());
  running.signal('SIGINT');
  await running.printed('stopping');
  running.signal('SIGINT');
  await expect(rest()).rejects.toThrow('terminated');
  expect(await running.exit()).toMatchObject({ code: 0, stderr: '' });
});

test.each([
  ['has sent nothing yet', ''],
  ['has sent half a request', 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n'],
])('a connection that %s does not hold up the end', async (_, text) => {
  const running = start();
  const { port } = new URL((await running.started()).url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  // With bytes unread the system resets the connection instead of ending it: closed it is either way.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  expect(await running.stop()).toMatchObject({ code: 0 });
  await closed;
});
