import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { chatStream, completion, SSE, sendJson } from '../../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../../support/local-gateway.ts';
import { type GatewayProcess, type SharedStores, startSharedStores } from '../../../support/shared-stores.ts';
import { signal } from '../../../support/stage.ts';

/** Two processes that live through all tests; a test that ends one starts its own. */
let shared: SharedStores;
let first: GatewayProcess;
let second: GatewayProcess;
let asked = 0;

beforeAll(async () => {
  shared = await startSharedStores();
  [first, second] = await Promise.all([shared.start(), shared.start()]);
});

/** Whoever asked has ended its lease, also where the call failed, the waiter took over, or the holder is gone. */
afterEach(async () => {
  await shared.leasesOver();
  shared.upstream.received.length = 0;
});

afterAll(() => shared.stop());

/** A request that may be answered from the cache, and was never sent before. */
function question() {
  asked++;
  const messages = [{ role: 'user' as const, content: `Question ${asked}` }];
  return { model: 'gpt-test', temperature: 0, messages };
}

/** The upstream's calls wait until the test lets them go, each by itself: `calls[0]` is the first one's. */
function heldCalls(texts: readonly string[]) {
  const calls = texts.map(() => ({ come: signal(), go: signal() }));
  let count = 0;
  shared.answer = async (_request, response) => {
    const at = count++;
    calls[at]?.come.give();
    await calls[at]?.go.given;
    const text = texts[at];
    if (text === undefined) sendJson(response, { error: { message: 'one call too many' } }, 400);
    else if (text === 'fails') sendJson(response, { error: { message: 'broken' } }, 500);
    else sendJson(response, completion(text));
  };
  const at = (index: number) => {
    const call = calls[index];
    if (call === undefined) throw new Error('there is no such call');
    return call;
  };
  return { come: (index: number) => at(index).come.given, go: (index: number) => at(index).go.give() };
}

async function textOf(response: Promise<Response>): Promise<unknown> {
  const answer = await response;
  const { choices } = (await answer.json()) as { choices?: { message: { content: string } }[] };
  return choices?.[0]?.message.content;
}

const cachedOf = async (response: Promise<Response>) => (await response).headers.get('x-bt-cached');

describe('two gateway processes on one store', () => {
  test.each([false, true])(
    'ask upstream once for 40 identical calls (streamed upstream: %s)',
    async (streamed) => {
      const body = question();
      const waits = Promise.race([first.store.next('Query'), second.store.next('Query')]);
      shared.answer = async (_request, response) => {
        // Whoever came second in the other process waits by now.
        await waits;
        if (streamed) response.writeHead(200, SSE).end(chatStream(['one ', 'answer'], true));
        else sendJson(response, completion('one answer'));
      };
      const clients = [first, second].map(
        ({ url }) => new OpenAI({ baseURL: url, apiKey: LOCAL_KEY, maxRetries: 0 }),
      );
      const texts = await Promise.all(
        clients.flatMap((client) =>
          Array.from({ length: 20 }, async (_, i) => {
            if (i % 2 === 0 ? !streamed : streamed) {
              const { data, response } = await client.chat.completions.create(body).withResponse();
              return `${data.choices[0]?.message.content} ${response.headers.get('x-bt-cached')}`;
            }
            const { data, response } = await client.chat.completions
              .create({ ...body, stream: true })
              .withResponse();
            let text = '';
            for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? '';
            return `${text} ${response.headers.get('x-bt-cached')}`;
          }),
        ),
      );
      expect(shared.upstream.received).toHaveLength(1);
      expect(texts.toSorted()).toEqual([...Array(39).fill('one answer HIT'), 'one answer MISS']);
    },
  );

  test('a waiter takes over when the other process’s call fails', async () => {
    const calls = heldCalls(['fails', 'right']);
    const body = question();
    const holder = first.post('/chat/completions', body);
    await calls.come(0);
    const polled = second.store.next('Query', 2);
    const waiter = second.post('/chat/completions', body);
    await polled;
    expect(shared.upstream.received).toHaveLength(1);
    calls.go(0);
    calls.go(1);
    expect((await holder).status).toBe(502);
    expect(await textOf(waiter)).toBe('right');
    expect(await cachedOf(waiter)).toBe('MISS');
    expect(shared.upstream.received).toHaveLength(2);
    // What was taken over is kept like any other answer.
    const later = first.post('/chat/completions', body);
    expect([await textOf(later), await cachedOf(later)]).toEqual(['right', 'HIT']);
  });

  test('a waiter of another scope or another question does not wait', async () => {
    const calls = heldCalls(['held', 'other scope', 'other question']);
    const body = question();
    const key = await shared.addKey('stranger');
    const holder = first.post('/chat/completions', body);
    await calls.come(0);
    const polls = second.store.asked('Query');
    calls.go(1);
    expect(await textOf(second.post('/chat/completions', body, { key }))).toBe('other scope');
    calls.go(2);
    expect(await textOf(second.post('/chat/completions', question()))).toBe('other question');
    expect(second.store.asked('Query')).toBe(polls);
    calls.go(0);
    expect(await textOf(holder)).toBe('held');
  });
});

describe('a process that is killed while it asks', () => {
  test('holds others until its lease is over, and no longer', async () => {
    const calls = heldCalls(['never seen', 'taken over']);
    const body = question();
    const dying = await shared.start();
    const lost = dying.post('/chat/completions', body).then(
      () => 'answered',
      () => 'broken',
    );
    await calls.come(0);
    let polled = second.store.next('Query', 2);
    const waiter = second.post('/chat/completions', body);
    await polled;
    await dying.process.kill();
    expect(await lost).toBe('broken');
    polled = second.store.next('Query', 2);
    await polled;
    expect(shared.upstream.received).toHaveLength(1);
    const { id, until } = await shared.lease();
    expect(until).toBeGreaterThan(Date.now());
    const soon = Date.now() + 300;
    await shared.leaseUntil(id, soon);
    await calls.come(1);
    expect(Date.now()).toBeGreaterThanOrEqual(soon);
    calls.go(1);
    expect(await textOf(waiter)).toBe('taken over');
    expect(shared.upstream.received).toHaveLength(2);
  });
});

describe('a waiter', () => {
  test('whose time is short asks by itself, with time left for the answer', async () => {
    const calls = heldCalls(['late', 'by itself']);
    const body = question();
    const hasty = await shared.start({ totalMs: 8_000 });
    const holder = first.post('/chat/completions', body);
    await calls.come(0);
    const polled = hasty.store.next('Query', 2);
    const waiter = hasty.post('/chat/completions', body);
    await polled;
    calls.go(1);
    expect(await textOf(waiter)).toBe('by itself');
    // With the gaps as short as chance may make them, half of its time is over at the eighth poll.
    expect(hasty.store.asked('Query')).toBeLessThanOrEqual(8);
    // The lease is still the holder's: nothing was taken from it.
    expect((await shared.lease()).until).toBeGreaterThan(Date.now());
    calls.go(0);
    expect(await textOf(holder)).toBe('late');
  });

  test('whose caller leaves polls no more, and its process ends at once', async () => {
    const calls = heldCalls(['for the other']);
    const body = question();
    const left = await shared.start();
    const holder = first.post('/chat/completions', body);
    await calls.come(0);
    const leaving = new AbortController();
    const polled = left.store.next('Query', 2);
    const waiter = left.post('/chat/completions', body, { signal: leaving.signal });
    const gone = expect(waiter).rejects.toThrow(/abort/i);
    await polled;
    leaving.abort();
    await gone;
    await left.process.printed('"caller left"');
    const polls = left.store.asked('Query');
    // A process that still polled would have work to wait for.
    const { code, stdout } = await left.process.stop();
    expect(code).toBe(0);
    expect(stdout).not.toContain('late work given up');
    expect(left.store.asked('Query') - polls).toBeLessThanOrEqual(1);
    expect(shared.upstream.received).toHaveLength(1);
    calls.go(0);
    expect(await textOf(holder)).toBe('for the other');
  });
});
