import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Handler } from '../../lambda/http/app.ts';
import { createLog } from '../../lambda/log.ts';
import { type RunningServer, startServer } from '../../local/node-server.ts';
import { signal } from '../support/stage.ts';

let lines: object[];
let events: string[];
beforeEach(() => {
  lines = [];
  events = [];
});

function start(handle: Handler, lateMs?: number): Promise<RunningServer> {
  const log = createLog((level, event, fields) => lines.push({ level, event, ...fields }));
  return startServer(handle, log, 0, 60_000, lateMs);
}

const ask = ({ port }: RunningServer, init?: RequestInit) =>
  fetch(`http://127.0.0.1:${port}/v1/health`, init);
const note = (event: string) => () => void events.push(event);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a local server that stops', () => {
  test('waits for late work, and for what that adds, while callers have their answers', async () => {
    const [first, second] = [signal(), signal()];
    const server = await start(async (_request, { waitUntil }) => {
      waitUntil(
        first.given.then(() => {
          events.push('first');
          waitUntil(second.given.then(note('second')));
        }),
      );
      return new Response('whole');
    });
    expect(await (await ask(server)).text()).toBe('whole');
    const drained = server.drain().then(note('drained'));
    await turn();
    expect(events).toEqual([]);
    first.give();
    await turn();
    second.give();
    await drained;
    expect(events).toEqual(['first', 'second', 'drained']);
    expect(lines).toEqual([]);
  });

  test('gives late work up at its limit, and says so', async () => {
    const server = await start(async (_request, { waitUntil }) => {
      waitUntil(new Promise(() => undefined));
      return new Response();
    }, 20);
    await ask(server);
    await server.drain();
    expect(lines).toEqual([{ level: 'error', event: 'late work given up', count: 1 }]);
  });

  test('logs late work that fails with its request', async () => {
    const server = await start(async (_request, { waitUntil }) => {
      waitUntil(Promise.reject(new TypeError('the prompt')));
      return new Response();
    });
    await ask(server);
    await server.drain();
    expect(lines).toMatchObject([
      { event: 'late work failed', cause: 'TypeError', requestId: expect.any(String) },
    ]);
  });

  test('waits for the late work of answers that it breaks off', async () => {
    const written = signal();
    const server = await start(async (_request, { waitUntil }) => {
      const cancel = async () => {
        // As a follower does it: told after the upstream's stream has been ended.
        await Promise.resolve();
        waitUntil(written.given.then(note('written')));
      };
      const body = new ReadableStream<Uint8Array>(
        {
          pull: (controller) => controller.enqueue(Buffer.from('part')),
          cancel,
        },
        { highWaterMark: 0 },
      );
      return new Response(body);
    });
    const response = await ask(server);
    const reader = response.body?.getReader();
    await reader?.read();
    server.abort();
    const drained = server.drain().then(note('drained'));
    await reader?.closed.catch(() => undefined);
    await turn();
    written.give();
    await drained;
    expect(events).toEqual(['written', 'drained']);
  });

  test('waits for a request whose caller left before the answer', async () => {
    const begun = signal();
    const written = signal();
    const server = await start(async (request, { waitUntil }) => {
      begun.give();
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
      // The upstream's connection takes its time to end.
      await turn();
      await turn();
      waitUntil(written.given.then(note('written')));
      return new Response();
    });
    const left = new AbortController();
    const call = ask(server, { signal: left.signal }).catch(() => undefined);
    await begun.given;
    left.abort();
    await call;
    const drained = server.drain().then(note('drained'));
    await turn();
    written.give();
    await drained;
    expect(events).toEqual(['written', 'drained']);
  });
});
