import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Answer, chatStream, chunk, completion, SSE, sendJson } from '../../../support/fake-upstream.ts';
import {
  brokenStream,
  errorOf,
  type Stage,
  startStage,
  streaming,
  write,
  writeHead,
} from '../../../support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const dead = { kind: 'openai-compatible', baseUrl: `http://127.0.0.1:${port}/v1` };
  stage = await startStage({ config: { providers: { dead } } });
});

beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.gateway.lines.length = 0;
});

afterAll(() => stage.stop());

const stream = () => stage.chat({ stream: true });
const calls = () => stage.upstream.received.length;
const failedAttempts = () => stage.gateway.lines.filter((line) => line.includes('"attempt failed"')).length;
const HI = completion('Hi');

/** These answers in turn, the last one again and again. */
function inTurn(...answers: Answer[]): Answer {
  let turn = 0;
  return (...call) => answers[Math.min(turn++, answers.length - 1)]?.(...call);
}

const json: Answer = (_request, response) => sendJson(response, HI);
const resets: Answer = (_request, _response, message) => {
  message.socket.resetAndDestroy();
};
const hangsUp: Answer = (_request, _response, message) => {
  message.socket.end();
};
/** Headers of a stream or of a JSON answer, then a reset before any byte of the body. */
const resetsAfterHeaders =
  (headers: Record<string, string>): Answer =>
  async (_request, response, message) => {
    writeHead(response, headers);
    // The headers are on their way when the socket has nothing left to write.
    if (message.socket.writableLength > 0) await once(message.socket, 'drain');
    message.socket.end();
  };

describe('no connection', () => {
  test('is tried three times, and is a 502 that names the provider', async () => {
    const response = await stage.chat({ model: 'dead/model' });
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: 'upstream_unreachable', type: 'upstream_error' });
    expect(failedAttempts()).toBe(3);
    expect(stage.gateway.lines.join()).toContain('"provider":"dead"');
  });
});

const BREAKS: [string, Answer][] = [
  ['a reset before the headers', resets],
  ['an end before the headers', hangsUp],
  ['an end behind the headers of JSON', resetsAfterHeaders({ 'content-type': 'application/json' })],
  ['an end behind the headers of a stream', resetsAfterHeaders(SSE)],
];

describe('a break before the first byte', () => {
  test.each(BREAKS)('is tried again with the same request: %s', async (_, broken) => {
    stage.answer = inTurn(broken, json);
    const response = await stage.chat({ seed: 7 });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(HI);
    const [first, second, ...more] = stage.upstream.received;
    expect(second).toEqual(first);
    expect(more).toEqual([]);
  });

  test('is tried again for a stream', async () => {
    stage.answer = inTurn(resets, resetsAfterHeaders(SSE), streaming(chatStream(['Hi'])));
    const response = await stream();
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(chatStream(['Hi']));
    expect(calls()).toBe(3);
  });

  test('is a 502 at the third time', async () => {
    stage.answer = inTurn(resets, resetsAfterHeaders(SSE), hangsUp, json);
    const response = await stage.chat();
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: 'upstream_reset' });
    expect(calls()).toBe(3);
  });
});

describe('a break behind the first byte', () => {
  const first = chunk({ role: 'assistant', content: 'Hi' });

  test.each<[string, (socket: Socket) => void]>([
    ['reset', (socket) => socket.resetAndDestroy()],
    ['end', (socket) => socket.end()],
  ])('of a stream (%s) is one error frame without [DONE], and is not tried again', async (_, breaks) => {
    stage.answer = async (_request, response, message) => {
      writeHead(response);
      await write(response, first);
      breaks(message.socket);
    };
    const response = await stream();
    expect(response.status).toBe(200);
    const { before, error } = brokenStream(await response.text());
    expect(before).toBe(first);
    expect(error).toMatchObject({ code: 'upstream_reset', type: 'upstream_error' });
    expect(calls()).toBe(1);
    expect(stage.gateway.lines.join()).toMatch(/"stream failed".*"code":"upstream_reset"/);
  });

  test('inside a frame leaves that frame out', async () => {
    stage.answer = async (_request, response, message) => {
      writeHead(response);
      await write(response, `${first}data: {"choices":[{"del`);
      message.socket.resetAndDestroy();
    };
    expect(brokenStream(await (await stream()).text()).before).toBe(first);
  });

  test('inside a frame so large that it was begun closes the frame', async () => {
    const large = `data: {"choices":[{"delta":{"content":"${'x'.repeat(5 * 1024 * 1024)}`;
    stage.answer = async (_request, response, message) => {
      writeHead(response);
      await write(response, first + large);
      message.socket.end();
    };
    const { before, error } = brokenStream(await (await stream()).text());
    expect(before.startsWith(first)).toBe(true);
    expect(before).toMatch(/x\n\n$/);
    expect(error.code).toBe('upstream_reset');
  });

  test('of a JSON answer is a 502 and no broken 200', async () => {
    stage.answer = async (_request, response, message) => {
      writeHead(response, { 'content-type': 'application/json', 'content-length': '1000' });
      await write(response, '{"choices":[');
      message.socket.resetAndDestroy();
    };
    const response = await stage.chat();
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: 'upstream_reset' });
    expect(calls()).toBe(1);
  });

  test('behind [DONE] takes nothing from the answer', async () => {
    stage.answer = async (_request, response, message) => {
      writeHead(response);
      await write(response, chatStream(['Hi']));
      message.socket.resetAndDestroy();
    };
    expect(await (await stream()).text()).toBe(chatStream(['Hi']));
  });
});

describe('a stream that ends in order', () => {
  const answer = chunk({ role: 'assistant', content: 'Hi' });
  const finish = chunk({}, 'stop');

  test.each([
    ['with a finish reason and no [DONE]', answer + finish],
    ['with [DONE] and no finish reason', `${answer}data: [DONE]\n\n`],
    ['with half a frame behind its [DONE]', `${answer}${finish}data: [DONE]\n`],
  ])('%s is whole', async (_, text) => {
    stage.answer = streaming(text);
    expect(await (await stream()).text()).toBe(text);
  });

  test('with half a frame behind its finish reason is whole without it', async () => {
    stage.answer = streaming(`${answer}${finish}data: {"choices":[],"usa`);
    expect(await (await stream()).text()).toBe(answer + finish);
  });

  test.each([
    ['without finish reason and [DONE]', answer, answer],
    ['inside a frame', `${answer}data: {"choices":[{"del`, answer],
    ['inside the frame of its finish reason', `${answer}${finish.slice(0, -5)}`, answer],
    ['behind a frame without its empty line', `${answer}${answer.trimEnd()}`, `${answer}${answer}`],
    ['inside a field’s name', `${answer}dat`, `${answer}dat\n\n`],
  ])('%s is an error frame', async (_, text, before) => {
    stage.answer = streaming(text);
    const broken = brokenStream(await (await stream()).text());
    expect(broken.before).toBe(before);
    expect(broken.error.code).toBe('upstream_incomplete');
    expect(calls()).toBe(1);
  });

  test('without a byte is a 502', async () => {
    stage.answer = streaming('');
    const response = await stream();
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: 'upstream_incomplete' });
  });
});

describe('a keep-alive socket', () => {
  test('that the upstream closed between two requests is no failed attempt', async () => {
    const { promise, resolve } = Promise.withResolvers<Socket>();
    stage.answer = (_request, response, message) => {
      resolve(message.socket);
      sendJson(response, HI);
    };
    await (await stage.chat()).text();
    const socket = await promise;
    socket.end();
    await once(socket, 'close');
    stage.answer = json;
    expect((await stage.chat()).status).toBe(200);
    expect([calls(), failedAttempts()]).toEqual([2, 0]);
  });

  test('that breaks under its next request is tried again on a new one', async () => {
    const sockets: Socket[] = [];
    stage.answer = (_request, response, message) => {
      if (sockets.includes(message.socket)) {
        message.socket.resetAndDestroy();
        return;
      }
      sockets.push(message.socket);
      sendJson(response, HI);
    };
    await (await stage.chat()).text();
    expect(await (await stage.chat()).json()).toEqual(HI);
    expect(calls()).toBe(3);
    expect(sockets).toHaveLength(2);
  });
});
