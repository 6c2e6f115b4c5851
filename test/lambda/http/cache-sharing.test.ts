import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { as, counting, fresh } from '../../support/cache-calls.ts';
import { chatStream, SSE } from '../../support/fake-upstream.ts';
import { chunksOf, usageIn } from '../../support/recorded-forms.ts';
import { answered, halves, held, inside, RIGHTS } from '../../support/shared-calls.ts';
import { type Stage, signal, startStage, TextReader, write } from '../../support/stage.ts';

const MANY = 100;

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ config: { retries: { attempts: 1 } } });
});
afterAll(() => stage.stop());
afterEach(() => {
  jest.restoreAllMocks();
});
beforeEach(() => {
  stage.upstream.received.length = 0;
});

describe('100 identical calls at once', () => {
  const contentOf = (text: string) =>
    text.startsWith('{')
      ? JSON.parse(text).choices[0].message.content
      : chunksOf(text)
          .flatMap(({ choices }) => choices.map(({ delta }) => (delta as { content?: string }).content ?? ''))
          .join('');

  test.each([
    ['JSON', () => ({})],
    ['streams', () => ({ stream: true })],
    ['some JSON, some streams', (i: number) => (i % 2 === 0 ? {} : { stream: true })],
    ['some streams, some JSON', (i: number) => (i % 2 === 1 ? {} : { stream: true })],
  ])('are one upstream call: %s', async (_, form) => {
    // Whoever comes when the answer is there gets a hit, whose age a busy machine would let grow.
    jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    const key = await stage.gateway.addKey(RIGHTS);
    const hold = held(counting());
    stage.answer = hold.answer;
    const body = fresh();
    const calls = Array.from({ length: MANY }, (_, i) =>
      answered(stage.chat({ ...body, ...form(i) }, as(key))),
    );
    await Promise.all([hold.asked, inside(stage, key, MANY)]);
    hold.let();
    const all = await Promise.all(calls);
    expect(stage.upstream.received).toHaveLength(1);
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(all.map(({ text }) => contentOf(text)))).toEqual(new Set(['Answer 1']));
    expect(all.filter(({ cached }) => cached === 'MISS')).toHaveLength(1);
    expect(all.filter(({ cached, age }) => cached === 'HIT' && age === '0')).toHaveLength(MANY - 1);
    const [leader] = all.filter(({ cached }) => cached === 'MISS');
    const first = leader?.headers.get('x-request-id');
    for (const { headers, cached } of all)
      expect(headers.get('x-bt-original-request-id')).toBe(cached === 'HIT' ? first : null);
    expect(new Set(all.map(({ headers }) => headers.get('x-request-id'))).size).toBe(MANY);
  });

  test('get the usage chunk exactly where they asked for it', async () => {
    const hold = held(counting());
    stage.answer = hold.answer;
    const body = fresh({ stream: true });
    const calls = [false, true, false, true].map((include_usage) =>
      answered(stage.chat({ ...body, stream_options: { include_usage } })),
    );
    await hold.asked;
    hold.let();
    const all = await Promise.all(calls);
    expect(all.map(({ text }) => usageIn(text).length)).toEqual([0, 1, 0, 1]);
    expect(stage.upstream.received).toHaveLength(1);
  });

  test('of other callers are other calls', async () => {
    stage.answer = counting();
    const body = fresh();
    const keys = await Promise.all([stage.gateway.addKey(), stage.gateway.addKey()]);
    const all = await Promise.all(keys.map((key) => answered(stage.chat(body, as(key)))));
    expect(all.map(({ cached }) => cached)).toEqual(['MISS', 'MISS']);
    expect(stage.upstream.received).toHaveLength(2);
  });

  test('that no-store asks of nobody else leave nothing for others', async () => {
    const hold = held(counting());
    stage.answer = hold.answer;
    const body = fresh();
    const calls = [1, 2].map(() => answered(stage.chat(body, { headers: { 'cache-control': 'no-store' } })));
    await hold.asked;
    hold.let();
    expect((await Promise.all(calls)).map(({ cached }) => cached)).toEqual(['MISS', 'MISS']);
  });
});

describe('who comes late to a stream', () => {
  test('gets what was already there, and the rest while it comes', async () => {
    const stream = halves();
    stage.answer = stream.answer;
    const body = fresh({ stream: true });
    const leader = new TextReader(await stage.chat(body));
    await leader.until('first');
    const at = Date.now() + 5_000;
    jest.spyOn(Date, 'now').mockReturnValue(at);
    const late = await stage.chat(body);
    expect(late.headers.get('x-bt-cached')).toBe('HIT');
    expect(late.headers.get('age')).toBe('0');
    const waiter = new TextReader(late);
    await waiter.until('first');
    expect(waiter.text).not.toContain('second');
    stream.let();
    expect(await leader.rest()).toBe(stream.text);
    expect(await waiter.rest()).toBe(stream.text);
    expect(stage.upstream.received).toHaveLength(1);
  });

  test('as JSON gets all of it', async () => {
    const stream = halves();
    stage.answer = stream.answer;
    const body = fresh();
    const leader = new TextReader(await stage.chat({ ...body, stream: true }));
    await leader.until('first');
    const late = answered(stage.chat(body));
    stream.let();
    expect(await leader.rest()).toBe(stream.text);
    const { cached, text } = await late;
    expect(cached).toBe('HIT');
    expect(JSON.parse(text).choices[0].message.content).toBe('first second');
    expect(stage.upstream.received).toHaveLength(1);
  });

  test('who reads nothing holds nobody back', async () => {
    const words = Array.from({ length: 400 }, (_, i) => `${i} `.repeat(500));
    const whole = chatStream(words);
    const open = signal();
    stage.answer = async (_, response) => {
      response.writeHead(200, SSE);
      await write(response, whole.slice(0, 1_000));
      await open.given;
      response.end(whole.slice(1_000));
    };
    const body = fresh({ stream: true });
    const leader = await stage.chat(body);
    const waiter = new TextReader(await stage.chat(body));
    open.give();
    expect(await waiter.rest()).toBe(whole);
    expect(await leader.text()).toBe(whole);
    expect(stage.upstream.received).toHaveLength(1);
  });
});

describe('who leaves', () => {
  test('first takes nothing from the others', async () => {
    const stream = halves();
    stage.answer = stream.answer;
    const body = fresh({ stream: true });
    const controller = new AbortController();
    const leader = new TextReader(await stage.chat(body, { signal: controller.signal }));
    await leader.until('first');
    const waiter = new TextReader(await stage.chat(body));
    await waiter.until('first');
    controller.abort();
    // Another answer of the gateway's is behind the leader's leaving.
    await (await stage.gateway.fetch('/health')).text();
    stream.let();
    expect(await waiter.rest()).toBe(stream.text);
    const again = await answered(stage.chat(body));
    expect([again.cached, again.text]).toEqual(['HIT', stream.text]);
    expect(stage.upstream.received).toHaveLength(1);
  });
});
