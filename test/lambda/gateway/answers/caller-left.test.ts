import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Answer, chatStream, chunk, SSE, sendJson } from '../../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../../support/local-gateway.ts';
import { type Stage, startStage, TextReader, write, writeHead } from '../../../support/stage.ts';
import { watched } from '../../../support/watched.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});

beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.gateway.lines.length = 0;
});

afterAll(() => stage.stop());

/** Nothing that a caller does is the gateway's failure. */
function expectNoError(): void {
  expect(stage.gateway.lines.filter((line) => /"level":"(warn|error)"/.test(line))).toEqual([]);
}

/** The line that tells of the caller; it comes when the upstream's socket is closed already. */
async function leftLine(): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const line = stage.gateway.lines.find((text) => text.includes('"caller left"'));
    if (line !== undefined) return line;
    await (await stage.gateway.fetch('/health')).text();
  }
  throw new Error(`no line tells that the caller left: ${stage.gateway.lines.join()}`);
}

const JSON_HEADERS = { 'content-type': 'application/json' };

describe('a caller who leaves', () => {
  test.each<[string, boolean, Answer]>([
    ['before the headers', false, () => undefined],
    ['before the headers of a stream', true, () => undefined],
    ['behind the headers of JSON', false, (_request, response) => writeHead(response, JSON_HEADERS)],
    ['behind the headers of a stream', true, (_request, response) => writeHead(response)],
    [
      'inside JSON',
      false,
      async (_request, response) => {
        writeHead(response, JSON_HEADERS);
        await write(response, '{"choices":');
      },
    ],
  ])('%s closes the upstream’s socket', async (_, stream, answer) => {
    const watch = watched(answer);
    stage.answer = watch.answer;
    const controller = new AbortController();
    const request = stage.chat({ stream }, { signal: controller.signal });
    const failed = expect(request).rejects.toThrow(/abort/i);
    await watch.open;
    controller.abort();
    await failed;
    await watch.closed;
    await leftLine();
    expectNoError();
    expect(stage.upstream.received).toHaveLength(1);
  });
});

describe('a caller who leaves in the middle of a stream', () => {
  test('closes the upstream’s socket', async () => {
    const watch = watched(async (_request, response) => {
      writeHead(response);
      await write(response, chunk({ content: 'first' }));
    });
    stage.answer = watch.answer;
    const reader = new TextReader(await stage.chat({ stream: true }));
    await reader.until('first');
    await reader.cancel();
    await watch.closed;
    expect(await leftLine()).toContain('"provider":"openai"');
    expectNoError();
  });

  test('that never rests ends it', async () => {
    const watch = watched(async (_request, response) => {
      writeHead(response);
      const endless = async () => {
        for (;;) await write(response, chunk({ content: 'x'.repeat(10_000) }));
      };
      await endless().catch(() => undefined);
    });
    stage.answer = watch.answer;
    const reader = new TextReader(await stage.chat({ stream: true }));
    await reader.until('xxx');
    await reader.cancel();
    await watch.closed;
    await leftLine();
    expectNoError();
  });
});

describe('a caller’s leaving', () => {
  test('while the gateway waits to try again ends the tries', async () => {
    const answered = Promise.withResolvers<void>();
    stage.answer = (_request, response) => {
      response.once('close', () => answered.resolve());
      sendJson(response, { error: { message: 'wait' } }, 429, { 'retry-after': '19' });
    };
    const controller = new AbortController();
    const request = stage.chat({}, { signal: controller.signal });
    const failed = expect(request).rejects.toThrow(/abort/i);
    await answered.promise;
    controller.abort();
    await failed;
    await leftLine();
    expect(stage.upstream.received).toHaveLength(1);
  });

  test('takes nothing from the others', async () => {
    const leaving = watched((_request, response) => writeHead(response));
    stage.answer = leaving.answer;
    const controller = new AbortController();
    const left = stage.chat({ stream: true }, { signal: controller.signal }).catch(() => undefined);
    await leaving.open;
    const staying = Promise.withResolvers<void>();
    stage.answer = async (_request, response) => {
      response.writeHead(200, SSE);
      await write(response, chunk({ content: 'first' }));
      await staying.promise;
      response.end(chatStream(['second']));
    };
    const reader = new TextReader(await stage.chat({ stream: true }));
    await reader.until('first');
    controller.abort();
    await Promise.all([left, leaving.closed]);
    staying.resolve();
    expect(await reader.rest()).toBe(chunk({ content: 'first' }) + chatStream(['second']));
  });
});

test('a caller who leaves a relayed call closes the upstream’s socket, before and in its body', async () => {
  for (const begun of [false, true]) {
    const watch = watched(async (_request, response) => {
      if (!begun) return;
      writeHead(response, { 'content-type': 'application/octet-stream' });
      await write(response, 'first');
    });
    stage.answer = watch.answer;
    const controller = new AbortController();
    const request = stage.gateway.fetch('/files/file-1/content', { signal: controller.signal });
    if (begun) await new TextReader(await request).until('first');
    else request.catch(() => undefined);
    await watch.open;
    controller.abort();
    await watch.closed;
  }
  expectNoError();
});

test.each(['content-length: 100', 'transfer-encoding: chunked'])(
  'a caller who leaves before the request is complete is asked nothing upstream (%s)',
  async (length) => {
    const { hostname, port } = new URL(stage.gateway.url);
    const socket = connect(Number(port), hostname);
    const head = ['POST /v1/chat/completions HTTP/1.1', 'host: x', `authorization: Bearer ${LOCAL_KEY}`];
    socket.write([...head, length, 'expect: 100-continue', '', ''].join('\r\n'));
    // The gateway has the request's head when it asks for the body.
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 100 /);
    socket.write('5\r\n{"mod\r\n');
    socket.end();
    await leftLine();
    expectNoError();
    expect(stage.upstream.received).toEqual([]);
  },
);
