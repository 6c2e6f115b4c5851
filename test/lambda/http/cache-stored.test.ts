import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { LeaseStore, ResponseCache } from '../../../lambda/stores/response-cache.ts';
import { as, counting, eventually, fresh, scopeOf, storedEntries, told } from '../../support/cache-calls.ts';
import { type Beside, startBeside } from '../../support/handler-beside.ts';
import { type Stage, signal, startStage } from '../../support/stage.ts';

let stage: Stage;
let beside: Beside | undefined;
let key: string;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());
beforeEach(async () => {
  key = await stage.gateway.addKey();
  stage.answer = counting();
  stage.upstream.received.length = 0;
});
afterEach(async () => {
  await beside?.stop();
  jest.restoreAllMocks();
});

async function another(
  altered = (sealed: Uint8Array) => sealed,
  more: Partial<ResponseCache & LeaseStore> = {},
): Promise<Beside> {
  const { cache } = stage.gateway.stores;
  beside = await startBeside(stage, {
    cache: {
      get: async (id) => {
        const found = await cache.get(id);
        return found && { ...found, sealed: altered(found.sealed) };
      },
      put: (id, entry) => cache.put(id, entry),
      acquire: (...args) => cache.acquire(...args),
      release: (...args) => cache.release(...args),
      look: (id) => cache.look(id),
      count: (counts) => cache.count(counts),
      stats: () => cache.stats(),
      purge: (labels) => cache.purge(labels),
      ...more,
    },
  });
  return beside;
}

/** An answer of the stage's own gateway, and its entry in the table. */
async function kept(body: object): Promise<string> {
  const { text } = await told(stage.chat(body, as(key)));
  const entries = await eventually(
    () => storedEntries(stage.gateway, key),
    (all) => all.length > 0,
  );
  expect(entries).toHaveLength(1);
  return text;
}

describe('what stands in the store', () => {
  test.each([{}, { stream: true }])(
    'is read by a gateway that has nothing in its memory: %j',
    async (form) => {
      const body = fresh(form);
      const text = await kept(body);
      const { chat } = await another();
      const hit = await chat(body, as(key));
      expect(hit.headers.get('server-timing')).toContain('cache;dur=');
      expect(await told(hit)).toEqual({ cached: 'HIT', text });
      expect(stage.upstream.received).toHaveLength(1);
    },
  );

  test('is not read by another gateway, whose secret is another', async () => {
    const body = fresh();
    await kept(body);
    const other = async () => Buffer.alloc(32, 7);
    beside = await startBeside(stage, { signing: { current: other, refresh: other } });
    expect((await told(beside.chat(body, as(key)))).cached).toBe('MISS');
  });

  test.each<[string, (sealed: Uint8Array) => Uint8Array]>([
    ['altered', (sealed) => sealed.map((byte, i) => (i === sealed.length - 20 ? byte ^ 1 : byte))],
    ['cut', (sealed) => sealed.subarray(0, sealed.length - 1)],
    ['empty', () => new Uint8Array()],
    ['of a newer version', (sealed) => sealed.map((byte, i) => (i === 0 ? 99 : byte))],
  ])('%s is a miss, and is replaced', async (_, altered) => {
    const body = fresh();
    const first = await kept(body);
    // The lease of who wrote it lingers, and is of no interest here.
    const { chat, lines } = await another(altered, { acquire: async () => true });
    const anew = await told(chat(body, as(key)));
    expect(anew.cached).toBe('MISS');
    expect(anew.text).not.toBe(first);
    const warned = lines.filter((line) => line.includes('"level":"warn"'));
    expect(warned.map((line) => JSON.parse(line).event)).toEqual(['cache entry not readable']);
    expect(await told(chat(body, as(key)))).toEqual({ cached: 'HIT', text: anew.text });
  });
});

test('a purge ends what a gateway remembers within half a minute, however often it is asked', async () => {
  let ahead = 0;
  const { now } = Date;
  // Before the gateway is made, which keeps its clock.
  jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
  const gateway = await another();
  const purge = () => stage.gateway.stores.cache.purge({ scope: scopeOf(key) });
  const body = fresh();
  await told(gateway.chat(body, as(key)));
  await eventually(purge, (many) => many > 0);
  for (const seconds of [0, 15, 25]) {
    ahead = seconds * 1000;
    expect((await told(gateway.chat(body, as(key)))).cached).toBe('HIT');
  }
  ahead = 31_000;
  expect((await told(gateway.chat(body, as(key)))).cached).toBe('MISS');
});

test('what was written while an older entry was read is what is remembered', async () => {
  const body = fresh();
  const old = await kept(body);
  const [asked, open, remembered] = [signal(), signal(), signal()];
  const { cache } = stage.gateway.stores;
  const gateway = await another(undefined, {
    get: async (id) => {
      const found = await cache.get(id);
      asked.give();
      await open.given;
      return found;
    },
    put: async () => remembered.give(),
  });
  const reading = told(gateway.chat(body, as(key)));
  await asked.given;
  const anew = await told(gateway.chat(body, as(key, { 'cache-control': 'no-cache' })));
  expect(anew.text).not.toBe(old);
  await remembered.given;
  open.give();
  expect(await reading).toEqual({ cached: 'HIT', text: old });
  expect(await told(gateway.chat(body, as(key)))).toEqual({ cached: 'HIT', text: anew.text });
});

test('a caller who comes while a call is broken off that all have left is answered', async () => {
  const [asked, open] = [signal(), signal()];
  const acquire = async () => {
    asked.give();
    await open.given;
    return true;
  };
  const gateway = await another(undefined, { acquire });
  const body = fresh();
  const controller = new AbortController();
  const left = gateway.call(body, controller.signal);
  await asked.given;
  controller.abort();
  // The one who left still waits for its lease.
  const next = await gateway.call(body, new AbortController().signal);
  expect(next.status).toBe(200);
  expect(await next.text()).toContain('Answer 1');
  open.give();
  expect((await left).status).toBe(499);
});
