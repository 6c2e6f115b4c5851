import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { as, counting, eventually, fresh, storedEntries, told } from '../../support/cache-calls.ts';
import { sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { errorOf, type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.answer = counting();
});
afterEach(() => {
  jest.restoreAllMocks();
});

const chat = (body: object, headers: Record<string, string> = {}, key = LOCAL_KEY) =>
  told(stage.chat(body, as(key, headers)));

/** From now on the clock is so many seconds ahead, and stands still. */
function later(seconds: number): void {
  const at = Date.now() + seconds * 1000;
  jest.spyOn(Date, 'now').mockReturnValue(at);
}

/** What a second request of the same kind gets: HIT where the first one was kept. */
async function again(body: object, headers: Record<string, string> = {}, key = LOCAL_KEY): Promise<string> {
  const first = await chat(body, headers, key);
  expect(first.cached).toBe('MISS');
  const second = await chat(body, headers, key);
  expect(second.text === first.text).toBe(second.cached === 'HIT');
  return second.cached;
}

describe('auto', () => {
  test.each([
    { temperature: 0 },
    { temperature: -0 },
    { temperature: undefined, seed: 0 },
    { temperature: undefined, seed: 12 },
    { temperature: 1, seed: 12 },
  ])('keeps %j', async (more) => {
    expect(await again(fresh(more))).toBe('HIT');
    expect(await again(fresh(more), { 'x-bt-use-cache': 'auto' })).toBe('HIT');
  });

  test.each([
    { temperature: 1 },
    { temperature: 0.1 },
    { temperature: undefined },
    { temperature: null },
    { temperature: undefined, seed: null },
  ])('keeps nothing of %j', async (more) => {
    const key = await stage.gateway.addKey();
    expect(await again(fresh(more), {}, key)).toBe('MISS');
    expect(await storedEntries(stage.gateway, key)).toEqual([]);
  });

  test('takes 0.0 for 0', async () => {
    const body = JSON.stringify({ model: 'gpt-test', ...fresh() }).replace(
      '"temperature":0',
      '"temperature":0.0',
    );
    expect(body).toContain('0.0');
    const post = () =>
      told(
        stage.gateway.fetch('/chat/completions', {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        }),
      );
    expect((await post()).cached).toBe('MISS');
    expect((await post()).cached).toBe('HIT');
  });
});

describe('x-bt-use-cache', () => {
  test('always keeps what auto does not', async () => {
    expect(await again(fresh({ temperature: 1 }), { 'x-bt-use-cache': 'always' })).toBe('HIT');
    expect(await again(fresh({ temperature: undefined }), { 'x-bt-use-cache': 'Always' })).toBe('HIT');
  });

  test('never neither reads nor writes', async () => {
    const never = { 'x-bt-use-cache': 'never' };
    const body = fresh();
    expect(await again(body, never)).toBe('MISS');
    const kept = await chat(body);
    expect(kept.cached).toBe('MISS');
    expect((await chat(body, never)).cached).toBe('MISS');
    expect(await chat(body)).toEqual({ cached: 'HIT', text: kept.text });
  });

  test('says that it was skipped as a MISS, without a lifetime', async () => {
    const skipped = await stage.chat(fresh(), as(LOCAL_KEY, { 'x-bt-use-cache': 'never' }));
    expect(skipped.headers.get('x-bt-cached')).toBe('MISS');
    expect(skipped.headers.get('cache-control')).toBeNull();
    expect(skipped.headers.get('age')).toBeNull();
  });

  test('of another word is a 400 that names the header', async () => {
    const refused = await stage.chat(fresh(), as(LOCAL_KEY, { 'x-bt-use-cache': 'sometimes' }));
    expect(refused.status).toBe(400);
    expect(await errorOf(refused)).toMatchObject({ param: 'x-bt-use-cache', code: 'invalid_header' });
  });
});

describe('cache-control', () => {
  test('no-cache asks the provider, and the new answer takes the old one’s place', async () => {
    const body = fresh();
    const old = await chat(body);
    const anew = await chat(body, { 'cache-control': 'no-cache' });
    expect(anew.cached).toBe('MISS');
    expect(anew.text).not.toBe(old.text);
    const read = await eventually(
      () => chat(body),
      ({ text }) => text === anew.text,
    );
    expect(read).toEqual({ cached: 'HIT', text: anew.text });
  });

  test('no-store reads what is there, and leaves nothing', async () => {
    const body = fresh();
    const key = await stage.gateway.addKey();
    expect(await again(body, { 'cache-control': 'no-store' }, key)).toBe('MISS');
    expect(await storedEntries(stage.gateway, key)).toEqual([]);
    const kept = await chat(body, {}, key);
    const read = await chat(body, { 'cache-control': 'No-Store' }, key);
    expect(read).toEqual({ cached: 'HIT', text: kept.text });
  });

  test('an answer that is not kept has no lifetime', async () => {
    const answer = await stage.chat(fresh(), as(LOCAL_KEY, { 'cache-control': 'no-store' }));
    expect(answer.headers.get('cache-control')).toBeNull();
    expect(answer.headers.get('age')).toBeNull();
  });

  test('max-age: an older entry is a miss and is overwritten, a younger one is a hit', async () => {
    later(0);
    const body = fresh();
    const old = await chat(body);
    later(100);
    expect(await chat(body, { 'cache-control': 'max-age=100' })).toEqual({ cached: 'HIT', text: old.text });
    const anew = await chat(body, { 'cache-control': 'max-age=99' });
    expect(anew.cached).toBe('MISS');
    const read = await eventually(
      () => chat(body),
      ({ text }) => text === anew.text,
    );
    expect(read).toEqual({ cached: 'HIT', text: anew.text });
  });

  test('max-age=0 is a miss whatever is there', async () => {
    const body = fresh();
    const old = await chat(body);
    const anew = await chat(body, { 'cache-control': 'max-age=0' });
    expect(anew.cached).toBe('MISS');
    expect(anew.text).not.toBe(old.text);
  });

  test.each(['max-age=soon', 'max-age=-1', 'max-age=1.5', 'max-age='])('%s is a 400', async (value) => {
    const refused = await stage.chat(fresh(), as(LOCAL_KEY, { 'cache-control': value }));
    expect(refused.status).toBe(400);
    expect(await errorOf(refused)).toMatchObject({ param: 'cache-control' });
  });
});

describe('x-bt-cache-ttl', () => {
  test.each([
    [undefined, 604_800],
    ['10', 10],
    ['0', 1],
    ['-5', 1],
    ['999999999', 604_800],
  ])('%s lets an entry live %d seconds', async (ttl, seconds) => {
    const key = await stage.gateway.addKey();
    const init = as(key, ttl === undefined ? {} : { 'x-bt-cache-ttl': ttl });
    const answer = await stage.chat(fresh(), init);
    expect(answer.headers.get('cache-control')).toBe(`max-age=${seconds}`);
    await answer.text();
    const entries = await eventually(
      () => storedEntries(stage.gateway, key),
      (all) => all.length > 0,
    );
    expect(entries.map(({ lives }) => lives)).toEqual([seconds]);
  });

  test('of an entry is what its hits tell, whatever they would give a new one', async () => {
    const body = fresh();
    await chat(body, { 'x-bt-cache-ttl': '1000' });
    const hit = await stage.chat(body, as(LOCAL_KEY, { 'x-bt-cache-ttl': '20' }));
    expect(hit.headers.get('x-bt-cached')).toBe('HIT');
    expect(hit.headers.get('cache-control')).toBe('max-age=1000');
  });

  test('ends what is kept in memory and in the store', async () => {
    later(0);
    const body = fresh();
    const old = await chat(body, { 'x-bt-cache-ttl': '10' });
    expect(await chat(body)).toEqual({ cached: 'HIT', text: old.text });
    later(10);
    // While it is being written, an answer is given to all who ask.
    const ended = await eventually(
      () => chat(body),
      ({ cached }) => cached === 'MISS',
    );
    expect(ended.cached).toBe('MISS');
  });

  test.each(['soon', '1.5', '1e3', ''])('of %j is a 400 that names the header', async (ttl) => {
    const refused = await stage.chat(fresh(), as(LOCAL_KEY, { 'x-bt-cache-ttl': ttl }));
    expect(refused.status).toBe(400);
    expect(await errorOf(refused)).toMatchObject({ param: 'x-bt-cache-ttl' });
  });

  test('has the operator’s default', async () => {
    const other = await startStage({ config: { cache: { defaultTtlSeconds: 60 } } });
    try {
      other.answer = (_, response) => sendJson(response, { choices: [{}] });
      const answer = await other.chat(fresh());
      expect(answer.headers.get('cache-control')).toBe('max-age=60');
    } finally {
      await other.stop();
    }
  });
});
