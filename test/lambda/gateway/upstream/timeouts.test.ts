import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Answer, chatStream, chunk, completion, SSE, sendJson } from '../../../support/fake-upstream.ts';
import {
  brokenStream,
  errorOf,
  type Stage,
  startStage,
  TextReader,
  write,
  writeHead,
} from '../../../support/stage.ts';

const PATIENT_MS = 60_000;
const BRIEF_MS = 100;

const stages: Stage[] = [];

/** A gateway with these timeouts, all others so long that they never matter. */
async function stageWith(timeouts: object, config: object = {}): Promise<Stage> {
  const patient = { connectMs: PATIENT_MS, firstByteMs: PATIENT_MS, idleMs: PATIENT_MS };
  const stage = await startStage({ config: { ...config, timeouts: { ...patient, ...timeouts } } });
  stages.push(stage);
  return stage;
}

afterAll(() => Promise.all(stages.map((stage) => stage.stop())));

const silent: Answer = () => undefined;
const silentBody =
  (headers: Record<string, string>): Answer =>
  (_request, response) =>
    writeHead(response, headers);
const JSON_HEADERS = { 'content-type': 'application/json' };
const SILENCES: [string, Answer][] = [
  ['before the headers', silent],
  ['behind the headers of JSON', silentBody(JSON_HEADERS)],
  ['behind the headers of a stream', silentBody(SSE)],
];

describe('firstByteMs', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await stageWith({ firstByteMs: BRIEF_MS });
  });
  beforeEach(() => {
    stage.upstream.received.length = 0;
  });

  test.each(SILENCES)('ends a silence %s with a 504, and nothing is asked twice', async (_, answer) => {
    stage.answer = answer;
    for (const stream of [false, true]) {
      const response = await stage.chat({ stream });
      expect(response.status).toBe(504);
      expect(await errorOf(response)).toMatchObject({ code: 'upstream_timeout', type: 'upstream_error' });
    }
    expect(stage.upstream.received).toHaveLength(2);
  });

  test('ends a silence behind the headers of an error, whose status stands', async () => {
    stage.answer = (_request, response) => writeHead(response, JSON_HEADERS, 400);
    const response = await stage.chat();
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toMatch(/400/);
  });

  test('closes the upstream’s socket', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    stage.answer = (_request, _response, message) => {
      message.socket.once('close', () => resolve());
    };
    expect((await stage.chat()).status).toBe(504);
    await promise;
  });

  test('is over with the first byte', async () => {
    stage.answer = async (_request, response) => {
      writeHead(response);
      await write(response, chunk({ content: 'Hi' }));
      // As long as another request needs to run out of its time.
      stage.answer = silent;
      await (await stage.chat()).text();
      response.end(chatStream(['there']));
    };
    const response = await stage.chat({ stream: true });
    expect(await response.text()).toBe(chunk({ content: 'Hi' }) + chatStream(['there']));
  });

  test('a silent provider makes room for the next one of the list', async () => {
    const other = await stageWith({});
    other.answer = (_request, response) => sendJson(response, completion('from the other'));
    const spare = { kind: 'openai-compatible', baseUrl: `${other.upstream.origin}/v1` };
    const listed = await stageWith(
      { firstByteMs: BRIEF_MS },
      { providers: { spare }, models: { either: ['openai/slow', 'spare/quick'] } },
    );
    listed.answer = silent;
    const response = await listed.chat({ model: 'either' });
    expect(response.headers.get('x-bt-used-endpoint')).toBe('spare');
    expect(await response.json()).toEqual(completion('from the other'));
  });
});

describe('idleMs', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await stageWith({ idleMs: BRIEF_MS });
  });

  test('ends a silence in a stream with an error frame', async () => {
    stage.answer = async (_request, response) => {
      writeHead(response);
      await write(response, `${chunk({ content: 'Hi' })}data: {"cho`);
    };
    const { before, error } = brokenStream(await (await stage.chat({ stream: true })).text());
    expect(before).toBe(chunk({ content: 'Hi' }));
    expect(error).toMatchObject({ code: 'upstream_timeout' });
  });

  test('ends a silence in JSON with a 504', async () => {
    stage.answer = async (_request, response) => {
      writeHead(response, JSON_HEADERS);
      await write(response, '{"choices":');
    };
    const response = await stage.chat();
    expect(response.status).toBe(504);
    expect(await errorOf(response)).toMatchObject({ code: 'upstream_timeout' });
  });

  test('behind [DONE] takes nothing from the answer', async () => {
    stage.answer = async (_request, response) => {
      writeHead(response);
      await write(response, chatStream(['Hi']));
    };
    expect(await (await stage.chat({ stream: true })).text()).toBe(chatStream(['Hi']));
  });
});

test('idleMs does not count before the first byte', async () => {
  // The silence before the body is far longer, that between two bytes of one write is none.
  const stage = await stageWith({ idleMs: 5 });
  stage.answer = async (request, response) => {
    writeHead(response, JSON_HEADERS);
    await others(stage);
    response.end(JSON.stringify({ choices: [], asked: request.url }));
  };
  expect((await stage.chat()).status).toBe(200);
  expect(await (await stage.gateway.post('/responses', {})).json()).toEqual({
    choices: [],
    asked: '/v1/responses',
  });
});

/** Something that takes a while: forty requests, one after the other. */
async function others(stage: Stage): Promise<void> {
  for (let n = 0; n < 40; n++) await (await stage.gateway.fetch('/health')).text();
}

describe('totalMs', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await stageWith({ totalMs: 200 });
  });

  test('ends a stream that never rests', async () => {
    stage.answer = async (_request, response) => {
      writeHead(response);
      while (!response.destroyed) {
        await write(response, chunk({ content: 'on and on' })).catch(() => undefined);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const text = await (await stage.chat({ stream: true })).text();
    expect(brokenStream(text).error).toMatchObject({ code: 'upstream_timeout' });
  });

  test.each(SILENCES)('ends a silence %s with a 504', async (_, answer) => {
    stage.answer = answer;
    expect((await stage.chat()).status).toBe(504);
  });
});

test('a caller who reads slowly is no silence of the provider', async () => {
  const stage = await stageWith({ idleMs: BRIEF_MS });
  stage.answer = async (_request, response) => {
    writeHead(response);
    await write(response, chunk({ content: 'x'.repeat(1024 * 1024) }));
    await write(response, chatStream(['y'.repeat(8 * 1024 * 1024)]));
    response.end();
  };
  const reader = new TextReader(await stage.chat({ stream: true }));
  await reader.until('xxx');
  // As long as another answer needs to be found silent.
  const spare = stage.answer;
  stage.answer = async (_request, response) => {
    writeHead(response);
    await write(response, chunk({}));
  };
  await (await stage.chat({ stream: true })).text();
  stage.answer = spare;
  expect(await reader.rest()).toMatch(/y"[^\n]*\n\n.*\n\ndata: \[DONE\]\n\n$/);
});
