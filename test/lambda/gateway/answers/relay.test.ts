import { once } from 'node:events';
import { type IncomingMessage, request as startRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  chatStream,
  chunk,
  completion,
  type Received,
  SSE,
  sendJson,
} from '../../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../../support/local-gateway.ts';
import {
  CHAT,
  type Stage,
  signal,
  startStage,
  streaming,
  TextReader,
  write,
  writeHead,
} from '../../../support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});

beforeEach(() => {
  stage.upstream.received.length = 0;
});

afterAll(() => stage.stop());

const stream = (more: object = {}) => stage.chat({ stream: true, ...more });
const ASKED = { stream_options: { include_usage: true } };

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

function lastBody(): Record<string, unknown> {
  return JSON.parse(stage.upstream.received.at(-1)?.body.toString() ?? '') as Record<string, unknown>;
}

/** Pieces of 1 byte to `most` bytes, in turn. */
function pieces(bytes: Buffer, most: number): Buffer[] {
  const result: Buffer[] = [];
  for (let at = 0, size = 1; at < bytes.byteLength; at += size, size = (size % most) + 1) {
    result.push(bytes.subarray(at, at + size));
  }
  return result;
}

const WORDS = ['Grüße, ', '日本', '😀\u2028', 'data: [DONE]\n\n', '"usage":{}'];
const STREAMS: readonly [string, string][] = [
  ['LF', chatStream(WORDS, true)],
  ['CRLF', chatStream(WORDS, true).replaceAll('\n', '\r\n')],
  ['CR', chatStream(WORDS, true).replaceAll('\n', '\r')],
  [
    'comments and keep-alives',
    `: OPENROUTER PROCESSING\n\n${chatStream(WORDS).replaceAll('\n\n', '\n\n:\r\n\r\n')}`,
  ],
  ['data without a space', chatStream(WORDS, true).replaceAll('data: {', 'data:{')],
  ['no empty line at its end', chatStream(WORDS, true).trimEnd()],
  ['other fields', chatStream(WORDS).replaceAll('data: {', 'id: 1\nevent: message\nretry: 5\ndata: {')],
];

describe.each(STREAMS)('a stream with %s', (_, text) => {
  const bytes = Buffer.from(text);

  test.each([1, 3, 7, 64])(
    'is relayed byte for byte, cut anywhere in pieces of 1 to %i bytes',
    async (most) => {
      stage.answer = async (_request, response) => {
        response.writeHead(200, SSE);
        for (const piece of pieces(bytes, most)) await write(response, piece);
        response.end();
      };
      const response = await stream(ASKED);
      expect(response.status).toBe(200);
      expect(await bytesOf(response)).toEqual(bytes);
    },
  );
});

test('a frame of more than 4 MB is relayed byte for byte', async () => {
  const text = chunk({ content: 'é'.repeat(3 * 1024 * 1024) }) + chatStream(['Hi']);
  stage.answer = streaming(text);
  expect((await bytesOf(await stream())).equals(Buffer.from(text))).toBe(true);
});

describe('usage', () => {
  test('is asked for upstream, and its chunk taken out, where the caller did not ask', async () => {
    stage.answer = streaming(chatStream(['Hi'], true));
    const response = await stream();
    expect(await response.text()).toBe(chatStream(['Hi']));
    expect(lastBody()).toEqual({ ...CHAT, stream: true, stream_options: { include_usage: true } });
  });

  test('goes to the log, and the text of the answer does not', async () => {
    stage.answer = streaming(chatStream(['unmistakable'], true));
    await (await stream()).text();
    const answered = stage.gateway.lines.findLast((line) => line.includes('"answered"')) ?? '';
    expect(JSON.parse(answered)).toMatchObject({ status: 200, promptTokens: 5, completionTokens: 7 });
    expect(stage.gateway.lines.join()).not.toContain('unmistakable');
  });

  test('keeps its chunk, and the body its bytes, where the caller asked', async () => {
    stage.answer = streaming(chatStream(['Hi'], true));
    const body = `{ "model":"gpt-test", "stream":true, "stream_options":{"include_usage":true},"messages":${JSON.stringify(CHAT.messages)} }`;
    const response = await stage.gateway.fetch('/chat/completions', { method: 'POST', body });
    expect(await response.text()).toBe(chatStream(['Hi'], true));
    expect(stage.upstream.received.at(-1)?.body.toString()).toBe(body);
  });

  test.each([1, 2, 5])('has its chunk taken out whole, cut in pieces of %i bytes', async (size) => {
    stage.answer = async (_request, response) => {
      response.writeHead(200, SSE);
      for (const piece of pieces(Buffer.from(chatStream(['Hi'], true)), size)) await write(response, piece);
      response.end();
    };
    expect(await (await stream()).text()).toBe(chatStream(['Hi']));
  });

  test('keeps the caller’s other stream options beside', async () => {
    stage.answer = streaming(chatStream(['Hi'], true));
    await (await stream({ stream_options: { include_usage: false, include_obfuscation: false } })).text();
    expect(lastBody().stream_options).toEqual({ include_usage: true, include_obfuscation: false });
  });

  test('is not asked for where nothing streams', async () => {
    stage.answer = (_request, response) => sendJson(response, completion('Hi'));
    await (await stage.chat()).text();
    expect(lastBody()).toEqual(CHAT);
  });
});

test('64 parallel streams stay unmixed', async () => {
  const all = signal();
  let waiting = 0;
  const textOf = (name: string) => chatStream(Array.from({ length: 20 }, (_, n) => `${name}-${n} `));
  stage.answer = async (request: Received, response) => {
    const { user } = JSON.parse(request.body.toString()) as { user: string };
    waiting++;
    if (waiting === 64) all.give();
    // Every stream begins when all are open, and each writes one piece at a time.
    await all.given;
    response.writeHead(200, SSE);
    for (const piece of pieces(Buffer.from(textOf(user)), 97)) await write(response, piece);
    response.end();
  };
  const names = Array.from({ length: 64 }, (_, index) => `caller-${index}`);
  const texts = await Promise.all(names.map(async (user) => (await stream({ user })).text()));
  expect(texts).toEqual(names.map(textOf));
});

test('each chunk arrives while the upstream still produces', async () => {
  const steps = [signal(), signal(), signal()];
  stage.answer = async (_request, response) => {
    writeHead(response);
    for (const [index, step] of steps.entries()) {
      await write(response, chunk({ content: `part ${index};` }));
      await step.given;
    }
    response.end(chatStream([], true));
  };
  const reader = new TextReader(await stream());
  for (const [index, step] of steps.entries()) {
    expect(await reader.until(`part ${index};`)).toBe(
      steps
        .slice(0, index + 1)
        .map((_, n) => chunk({ content: `part ${n};` }))
        .join(''),
    );
    step.give();
  }
  expect(await reader.rest()).toMatch(/data: \[DONE\]\n\n$/);
});

test('a slow client holds the upstream back, and loses nothing', async () => {
  const frame = chunk({ content: 'x'.repeat(64 * 1024) });
  const count = 2048;
  let written = 0;
  stage.answer = async (_request, response) => {
    writeHead(response);
    for (let n = 0; n < count; n++) {
      if (!response.write(frame)) await once(response, 'drain');
      written += frame.length;
    }
    response.end(chunk({}, 'stop'));
  };
  const outgoing = startRequest(`${stage.gateway.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${LOCAL_KEY}` },
  });
  outgoing.end(JSON.stringify({ ...CHAT, stream: true }));
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  // Nothing is read here: the upstream must come to a halt while others are served.
  for (let still = 0, before = -1; still < 30 && written < count * frame.length; before = written) {
    still = written === before ? still + 1 : 0;
    await (await stage.gateway.fetch('/health')).text();
  }
  expect(written).toBeLessThan((count * frame.length) / 2);
  let received = 0;
  for await (const part of incoming) received += (part as Buffer).byteLength;
  expect(received).toBe(count * frame.length + chunk({}, 'stop').length);
});

describe('an answer without a stream', () => {
  test('is relayed byte for byte, whatever its spacing and unknown fields', async () => {
    const text = `{\n  "id" : "x", "zz": 1.0e2, "choices":[ {"message":{"content":"é😀\\u00e9"}} ]\n}\n\n`;
    stage.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(text);
    };
    const response = await stage.chat();
    expect(await bytesOf(response)).toEqual(Buffer.from(text));
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  test('keeps bytes that are no UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"a":"'),
      Buffer.of(0xff, 0xc3),
      Buffer.from('","choices":[]}'),
    ]);
    stage.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(bytes);
    };
    expect(await bytesOf(await stage.chat())).toEqual(bytes);
  });

  test('becomes a stream where the caller asked for one and the vendor has none', async () => {
    stage.answer = (_request, response) => sendJson(response, completion('Hi there'));
    const response = await stream();
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(await response.text()).toMatch(
      /^data: \{.*"Hi there".*\}\n\ndata: .*"stop".*\n\ndata: \[DONE\]\n\n$/,
    );
  });
});

test('a request that needs no change goes out byte for byte', async () => {
  stage.answer = (_request, response) => sendJson(response, completion('Hi'));
  const body = `{"messages" : [{"role":"user","content":"\\u00e9 é"}],\n "model":"gpt-test","x":1.50}`;
  await (await stage.gateway.fetch('/chat/completions', { method: 'POST', body })).text();
  expect(stage.upstream.received.at(-1)?.body).toEqual(Buffer.from(body));
});
