import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { as, counting, fresh, storedEntries } from '../../support/cache-calls.ts';
import { type Answer, chunk, SSE, sendJson } from '../../support/fake-upstream.ts';
import { answered, halves, held, inside, RIGHTS } from '../../support/shared-calls.ts';
import { brokenStream, type Stage, signal, startStage, TextReader, write } from '../../support/stage.ts';
import { watched } from '../../support/watched.ts';

let stage: Stage;
let key: string;
beforeAll(async () => {
  stage = await startStage({ config: { retries: { attempts: 1 } } });
});
afterAll(() => stage.stop());
beforeEach(async () => {
  stage.upstream.received.length = 0;
  key = await stage.gateway.addKey(RIGHTS);
});

const leavingCall = (body: object) => {
  const controller = new AbortController();
  const call = stage.chat(body, { ...as(key), signal: controller.signal });
  return { call, gone: call.then(() => undefined).catch(() => undefined), leave: () => controller.abort() };
};

describe('who asked first and leaves before the answer', () => {
  test.each([{ stream: false }, { stream: true }])('takes nothing from the others: %j', async (form) => {
    const hold = held(counting());
    stage.answer = hold.answer;
    const body = fresh(form);
    const first = leavingCall(body);
    await hold.asked;
    const others = [{}, { stream: true }, {}].map((more) =>
      answered(stage.chat({ ...body, ...more }, as(key))),
    );
    await inside(stage, key, 4);
    first.leave();
    await first.gone;
    await (await stage.gateway.fetch('/health')).text();
    hold.let();
    for (const { status, text } of await Promise.all(others)) {
      expect(status).toBe(200);
      expect(text).toContain('Answer');
    }
    expect(stage.upstream.received).toHaveLength(1);
  });
});

describe('when all have left', () => {
  test('before the answer, the upstream’s connection is closed', async () => {
    const watch = watched(() => undefined);
    stage.answer = watch.answer;
    const body = fresh();
    const all = [leavingCall(body), leavingCall({ ...body, stream: true }), leavingCall(body)];
    await Promise.all([watch.open, inside(stage, key, 3)]);
    for (const { leave } of all) leave();
    await Promise.all(all.map(({ gone }) => gone));
    await watch.closed;
    stage.answer = counting();
    const next = await answered(stage.chat(body, as(key)));
    expect([next.status, next.cached]).toEqual([200, 'MISS']);
  });

  test('in the middle of a stream, the upstream’s connection is closed', async () => {
    const stream = halves();
    stage.answer = stream.answer;
    const body = fresh({ stream: true });
    const readers = [new TextReader(await stage.chat(body)), new TextReader(await stage.chat(body))];
    for (const reader of readers) await reader.until('first');
    expect(stage.upstream.received).toHaveLength(1);
    for (const reader of readers) await reader.cancel();
    await stream.closed;
    stage.answer = counting();
    const next = await answered(stage.chat(body));
    expect([next.status, next.cached]).toEqual([200, 'MISS']);
    expect(next.text).toContain('[DONE]');
  });

  test('the next one is answered, however soon it comes', async () => {
    for (let turn = 0; turn < 20; turn++) {
      const body = fresh();
      const watch = watched(() => undefined);
      stage.answer = watch.answer;
      const first = leavingCall(body);
      await watch.open;
      stage.answer = counting();
      first.leave();
      const next = await answered(stage.chat(body, as(key)));
      expect([next.status, next.cached]).toEqual([200, 'MISS']);
      await first.gone;
    }
  });
});

describe('when the provider fails before its first byte', () => {
  test.each<[string, Answer, number]>([
    ['with an error', (_, response) => sendJson(response, { error: { message: 'broken' } }, 500), 502],
    [
      'with its limit',
      (_, response) => sendJson(response, { error: { message: 'slow' } }, 429, { 'retry-after': '60' }),
      429,
    ],
    [
      'with an error under status 200',
      (_, response) => sendJson(response, { error: { message: 'broken' } }),
      502,
    ],
    ['by its connection', (_, response) => void response.destroy(), 502],
  ])('%s, everyone is told, and nobody hangs', async (_, answer, status) => {
    const hold = held(answer);
    stage.answer = hold.answer;
    const body = fresh();
    const calls = Array.from({ length: 20 }, (_, i) =>
      answered(stage.chat({ ...body, stream: i % 2 === 0 }, as(key))),
    );
    await Promise.all([hold.asked, inside(stage, key, 20)]);
    hold.let();
    const all = await Promise.all(calls);
    expect(new Set(all.map((one) => one.status))).toEqual(new Set([status]));
    expect(all.map(({ cached }) => cached).filter(Boolean)).toEqual([]);
    for (const { text } of all) expect(Object.keys(JSON.parse(text))).toEqual(['error']);
    stage.answer = counting();
    const next = await answered(stage.chat(body, as(key)));
    expect([next.status, next.cached]).toEqual([200, 'MISS']);
  });
});

describe('when the provider fails in the middle of a stream', () => {
  const first = chunk({ role: 'assistant', content: 'first ' });

  test.each<[string, (response: Parameters<Answer>[1]) => unknown]>([
    ['by its connection', (response) => response.destroy()],
    ['with an error frame', (response) => response.end('data: {"error":{"message":"broken"}}\n\n')],
    ['without its end', (response) => response.end()],
  ])('%s, streams are told in a frame, the others by a status', async (_, fail) => {
    const open = signal();
    stage.answer = async (_request, response) => {
      response.writeHead(200, SSE);
      await write(response, first);
      await open.given;
      fail(response);
    };
    const body = fresh();
    const readers: TextReader[] = [];
    for (let i = 0; i < 3; i++) {
      const reader = new TextReader(await stage.chat({ ...body, stream: true }, as(key)));
      await reader.until('first');
      readers.push(reader);
    }
    const whole = [1, 2].map(() => answered(stage.chat(body, as(key))));
    await inside(stage, key, 5);
    expect(stage.upstream.received).toHaveLength(1);
    open.give();
    const texts = await Promise.all(readers.map((reader) => reader.rest()));
    for (const text of texts) {
      expect(brokenStream(text).before.trim()).toBe(first.trim());
      expect(text).not.toContain('[DONE]');
    }
    for (const { status, text, cached } of await Promise.all(whole)) {
      expect(status).toBeGreaterThanOrEqual(500);
      expect(cached).toBeNull();
      expect(Object.keys(JSON.parse(text))).toEqual(['error']);
    }
    expect(await storedEntries(stage.gateway, key)).toEqual([]);
    stage.answer = counting();
    const next = await answered(stage.chat(body, as(key)));
    expect([next.status, next.cached]).toEqual([200, 'MISS']);
  });
});
