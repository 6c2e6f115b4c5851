/**
 * A mock of OpenAI's API in a process of its own: `PORT=n node bench/upstream.ts`. The model's name chooses the answer:
 * `gpt-bench-json`, `-stream` (a frame per turn of the event loop), `-paced` (10 ms apart),
 * `-trickle` (5 ms apart), `-tokens-N` (N of words at random), `-5mb` and `-100mb`. `GET /calls` tells how many chats were asked.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import {
  DELTAS_PER_STREAM,
  deltaFrames,
  JSON_ANSWER,
  largeBlock,
  lastFrames,
  MODELS,
  messageFrames,
  randomFrames,
} from './answers.ts';

interface Frames {
  readonly stream: readonly Buffer[];
  readonly block: Buffer;
  readonly last: Buffer;
}

type Stream = (response: ServerResponse, set: Frames) => Promise<void>;

function frames(withUsage: boolean): Frames {
  const last = lastFrames(withUsage);
  return {
    stream: [...deltaFrames(DELTAS_PER_STREAM, withUsage), ...last],
    block: largeBlock(withUsage),
    last: Buffer.concat(last),
  };
}

const PLAIN = frames(false);
const WITH_USAGE = frames(true);

/** Waits where the reader is slower than this. False where it has gone. */
async function written(response: ServerResponse, bytes: Buffer): Promise<boolean> {
  if (!response.write(bytes) && !response.destroyed) {
    await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  return !response.destroyed;
}

async function streamFrames(response: ServerResponse, set: Frames): Promise<void> {
  for (const frame of set.stream) {
    if (!(await written(response, frame))) return;
    await nextTurn();
  }
  response.end();
}

function paced(deltas: number, milliseconds: number): Stream {
  return async (response, set) => {
    for (const frame of set.stream.slice(0, deltas + 1)) {
      if (!(await written(response, frame))) return;
      await pause(milliseconds);
    }
    response.end(set.last);
  };
}

async function largeStream(response: ServerResponse, set: Frames, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += set.block.length) {
    if (!(await written(response, set.block))) return;
    await nextTurn();
  }
  response.end(set.last);
}

const STREAMS = new Map<string, Stream>([
  ['gpt-bench-stream', streamFrames],
  ['gpt-bench-paced', paced(10, 10)],
  ['gpt-bench-trickle', paced(50, 5)],
  ['gpt-bench-5mb', (response, set) => largeStream(response, set, 5_000_000)],
  ['gpt-bench-100mb', (response, set) => largeStream(response, set, 100_000_000)],
]);

function randomWords(tokens: number): Stream {
  return async (response, set) => {
    const withUsage = set === WITH_USAGE;
    response.end(Buffer.concat([...randomFrames(tokens, withUsage), ...lastFrames(withUsage)]));
  };
}

function json(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  json(response, status, Buffer.from(JSON.stringify({ error: { message, type: 'invalid_request_error' } })));
}

interface Body {
  readonly model?: string;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
}

let calls = 0;

async function chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
  calls += 1;
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  const body: Body = JSON.parse(Buffer.concat(pieces).toString());
  if (body.model === 'gpt-bench-json') return json(response, 200, JSON_ANSWER);
  const tokens = /^gpt-bench-tokens-(\d+)$/.exec(body.model ?? '')?.[1];
  const stream = tokens ? randomWords(Number(tokens)) : STREAMS.get(body.model ?? '');
  if (!stream) return refuse(response, 404, `The bench has no model ${body.model}`);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'x-request-id': 'req_bench',
  });
  await stream(response, body.stream_options?.include_usage ? WITH_USAGE : PLAIN);
}

const MESSAGE_FRAMES = messageFrames();

/** Anthropic's Messages API: one stream, whatever is asked. */
async function messages(request: IncomingMessage, response: ServerResponse): Promise<void> {
  for await (const _ of request);
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_bench' });
  for (const frame of MESSAGE_FRAMES) {
    if (!(await written(response, frame))) return;
    await nextTurn();
  }
  response.end();
}

const server = createServer((request, response) => {
  const route = `${request.method} ${request.url}`;
  if (route === 'POST /v1/chat/completions') {
    chat(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  } else if (route === 'POST /v1/messages') {
    messages(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  } else if (route === 'GET /calls') response.end(String(calls));
  else if (route === 'GET /v1/models' || route === 'GET /health') json(response, 200, MODELS);
  else refuse(response, 404, `The bench has no ${route}`);
});

process.on('disconnect', () => process.exit());
server.listen(Number(process.env.PORT), '127.0.0.1');
