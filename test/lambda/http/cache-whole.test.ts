import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { as, counting, fresh, storedEntries, told } from '../../support/cache-calls.ts';
import { type Answer, chatStream, chunk, completion, SSE, sendJson } from '../../support/fake-upstream.ts';
import { brokenStream, type Stage, startStage, streaming, TextReader, write } from '../../support/stage.ts';
import {
  FAMILIES,
  failing,
  MODELS,
  saying,
  startVendors,
  streamed,
  type VendorStage,
} from '../../support/vendor-stage.ts';
import { type Said, WIRES } from '../../support/vendor-wire.ts';
import { watched } from '../../support/watched.ts';

const MAX_BYTES = 4_000;

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ config: { cache: { maxEntryBytes: MAX_BYTES }, retries: { attempts: 1 } } });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.upstream.received.length = 0;
});

const part = chunk({ role: 'assistant', content: 'A part' });

/** The first call gets this, the second one a whole answer: it must be asked for, and is what is kept then. */
async function expectNotKept(answer: Answer, more: object = {}): Promise<Response> {
  const body = fresh(more);
  const key = await stage.gateway.addKey();
  stage.answer = answer;
  const failed = await stage.chat(body, as(key));
  const text = await failed.text();
  stage.answer = counting();
  expect(await storedEntries(stage.gateway, key)).toEqual([]);
  const next = await told(stage.chat(body, as(key)));
  expect(next.cached).toBe('MISS');
  expect(next.text).toContain('Answer');
  expect(stage.upstream.received).toHaveLength(2);
  return new Response(text, { status: failed.status, headers: failed.headers });
}

describe('an answer that is never kept', () => {
  test.each<[string, Answer, number]>([
    ['status 500', (_, response) => sendJson(response, { error: { message: 'no' } }, 500), 502],
    ['status 503', (_, response) => sendJson(response, { error: { message: 'no' } }, 503), 503],
    [
      'status 429',
      (_, response) => sendJson(response, { error: { message: 'no' } }, 429, { 'retry-after': '60' }),
      429,
    ],
    ['status 400', (_, response) => sendJson(response, { error: { message: 'no' } }, 400), 400],
    ['an error under status 200', (_, response) => sendJson(response, { error: { message: 'no' } }), 502],
    [
      'an error beside choices',
      (_, response) => sendJson(response, completion('x', { error: { message: 'no' } })),
      502,
    ],
    ['no JSON', (_, response) => response.writeHead(200).end('<html>') && undefined, 502],
    ['no choices', (_, response) => sendJson(response, completion('x', { choices: [] })), 200],
    ['nothing known', (_, response) => sendJson(response, { ok: true }), 200],
    [
      'JSON that breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"choices":[{"index":0', () => response.destroy());
      },
      502,
    ],
    ['a closed connection', (_, response) => void response.destroy(), 502],
  ])('%s', async (_, answer, status) => {
    expect((await expectNotKept(answer)).status).toBe(status);
    stage.upstream.received.length = 0;
    expect((await expectNotKept(answer, { stream: true })).status).toBe(status);
  });

  test.each<[string, Answer]>([
    ['without its end', streaming(part)],
    [
      'that is cut',
      async (_, response) => {
        response.writeHead(200, SSE);
        await write(response, `${part}data: {"choi`);
        response.destroy();
      },
    ],
    ['with an error frame', streaming(`${part}data: {"error":{"message":"no"}}\n\n`)],
    [
      'with an error frame behind its last word',
      streaming(`${part}${chunk({}, 'stop')}data: {"error":{"message":"no"}}\n\n`),
    ],
  ])('a stream %s', async (_, answer) => {
    const failed = await expectNotKept(answer, { stream: true });
    const { before, error } = brokenStream(await failed.text());
    expect(before).toContain('A part');
    expect(before).not.toContain('[DONE]');
    expect(error.message).not.toBe('');
  });

  test.each<[string, string]>([
    ['no choices', chunk({}, null, { choices: [] })],
    ['usage alone', chunk({}, null, { choices: [], usage: { total_tokens: 1 } })],
    ['nothing', ''],
  ])('a stream of %s', async (_, text) => {
    const failed = await expectNotKept(streaming(`${text}data: [DONE]\n\n`), { stream: true });
    expect(failed.status).toBe(200);
  });

  test('one above the operator’s size, which its caller gets whole', async () => {
    const long = 'word '.repeat(MAX_BYTES / 5);
    const json = await expectNotKept((_, response) => sendJson(response, completion(long)));
    expect(await json.json()).toEqual(completion(long));
    stage.upstream.received.length = 0;
    const text = chatStream(long.split(/(?= )/));
    const stream = await expectNotKept(streaming(text), { stream: true });
    expect(await stream.text()).toBe(text);
  });
});

describe('a caller who leaves alone', () => {
  test('in the middle leaves nothing', async () => {
    const body = fresh({ stream: true });
    const watch = watched(async (_, response) => {
      response.writeHead(200, SSE);
      await write(response, part);
    });
    stage.answer = watch.answer;
    const reader = new TextReader(await stage.chat(body));
    await reader.until('A part');
    await reader.cancel();
    await watch.closed;
    stage.answer = counting();
    const next = await told(stage.chat(body));
    expect(next.cached).toBe('MISS');
    expect(next.text).toContain('[DONE]');
  });

  test('while the provider has said all leaves all of it or nothing', async () => {
    const words = Array.from({ length: 20 }, (_, i) => `word-${i} `);
    for (let turn = 0; turn < 20; turn++) {
      const body = fresh({ stream: true });
      stage.answer = streaming(chatStream(words));
      const controller = new AbortController();
      const reader = new TextReader(await stage.chat(body, { signal: controller.signal }));
      await reader.until('word-0');
      controller.abort();
      const next = await told(stage.chat(body));
      expect(next.text).toBe(chatStream(words));
    }
  });
});

describe.each(FAMILIES)('of %s', (family) => {
  let vendors: VendorStage;
  beforeAll(async () => {
    vendors = await startVendors({ config: { retries: { attempts: 1 } } });
  });
  afterAll(() => vendors.stop());

  const said: Said = { text: 'A part of it and the rest' };
  const frames = WIRES[family].frames(said);

  test.each<[string, Answer, boolean]>([
    ['an error', failing(503, 'no'), false],
    ['an error before a stream', failing(503, 'no'), true],
    ['a stream without its end', streamed(frames.slice(0, 3)), true],
    [
      'a stream with an error in it',
      streamed([...frames.slice(0, 3), WIRES[family].errorFrame(503, 'no')]),
      true,
    ],
    [
      'a stream that is cut inside a frame',
      streamed([...frames.slice(0, 3), frames[3]?.subarray(0, 9) ?? Buffer.alloc(0)]),
      true,
    ],
  ])('%s is never kept', async (_, answer, stream) => {
    const body = { model: MODELS[family], ...fresh({ stream }) };
    const ask = () => vendors.gateway.post('/chat/completions', body);
    vendors.upstream.received.length = 0;
    vendors.answer = answer;
    const failed = await ask();
    expect(await failed.text()).toContain('"error":{');
    vendors.answer = saying(said);
    const next = await told(ask());
    expect(next.cached).toBe('MISS');
    expect(next.text).toContain(stream ? '[DONE]' : 'and the rest');
    expect(vendors.upstream.received).toHaveLength(2);
    expect((await told(ask())).cached).toBe('HIT');
  });
});
