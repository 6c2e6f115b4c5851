import { beforeEach, describe, expect, test } from '@jest/globals';
import { Flight, type Landed, landedOf, type Ran, wholeOf } from '../../../../lambda/gateway/cache/flight.ts';
import { collect } from '../../../support/collect.ts';
import { PulledSource } from '../../../support/pulled-source.ts';

const MAX = 1_000_000;
const head = {
  stream: false,
  contentType: 'application/json',
  headers: {},
  requestId: 'of-nobody',
  createdAt: 1_800_000_000,
  ttl: 60,
};
const whole: Landed = { kind: 'whole', answer: { ...head, body: Buffer.from('{}') } };
const failure = new Error('broken off');

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
});

/** Callers who board, in this order. */
function callers(count: number): AbortController[] {
  const controllers = Array.from({ length: count }, () => new AbortController());
  for (const { signal } of controllers) flight.board(signal);
  return controllers;
}

describe('a flight', () => {
  test('goes on while one caller is aboard, and ends with the last one’s reason', () => {
    const [first, second, third] = callers(3);
    first?.abort('first');
    third?.abort('third');
    expect(flight.signal.aborted).toBe(false);
    second?.abort('second');
    expect(flight.signal.aborted).toBe(true);
    expect(flight.signal.reason).toBe('second');
  });

  test('goes on for one who boards while others leave', () => {
    const [first] = callers(1);
    const [second] = callers(1);
    first?.abort();
    const [third] = callers(1);
    second?.abort();
    expect(flight.signal.aborted).toBe(false);
    third?.abort();
    expect(flight.signal.aborted).toBe(true);
  });

  test('is not held by a caller who had left before it boarded', () => {
    const [first] = callers(1);
    flight.board(AbortSignal.abort('gone'));
    expect(flight.signal.aborted).toBe(false);
    first?.abort('first');
    expect(flight.signal.reason).toBe('first');
  });

  test('with nobody but a caller who had left ends at once', () => {
    flight.board(AbortSignal.abort('gone'));
    expect(flight.signal.reason).toBe('gone');
  });

  test('brings all who wait, and those who come later, the same', async () => {
    const waiting = [flight.landed, flight.landed];
    flight.land(whole);
    flight.land({ ...whole });
    expect(await Promise.all([...waiting, flight.landed])).toEqual([whole, whole, whole]);
    expect(await flight.landed).toBe(whole);
  });

  test('that fails fails for all who wait, and is nobody’s failure where nobody does', async () => {
    const waiting = [flight.landed, flight.landed];
    flight.fail(failure);
    for (const result of await Promise.allSettled([...waiting, flight.landed])) {
      expect(result).toMatchObject({ status: 'rejected', reason: failure });
    }
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    new Flight().fail(failure);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

const ran = (body: Ran['answer']['body'], cause?: unknown): Ran => ({
  answer: { headers: {}, body },
  model: () => 'openai/gpt-test',
  failure: () => cause,
});

const CHUNKS = ['{"a":', '"ü', '"}'].map((text) => Buffer.from(text));

function live(chunks: readonly (Buffer | Error)[], cause?: unknown): Landed & { kind: 'live' } {
  const landed = landedOf(ran(new PulledSource(chunks).stream, cause), head, MAX);
  if (landed.kind !== 'live') throw new Error('a stream is live');
  return landed;
}

describe('what a flight brings', () => {
  test('is the whole answer where its body is whole', () => {
    expect(landedOf(ran(Buffer.from('{}')), head, MAX)).toEqual(whole);
    expect(landedOf(ran(new Uint8Array([123, 125])), head, MAX)).toEqual(whole);
  });

  test('is a stream for several readers where its body is one', async () => {
    const { head: kept, broadcast } = live(CHUNKS);
    expect(kept).toBe(head);
    const read = await Promise.all([collect(broadcast.read()), collect(broadcast.read())]);
    expect(read).toEqual([CHUNKS, CHUNKS]);
  });
});

describe('an answer that is still coming', () => {
  test('is whole at its end, for each who wants it so', async () => {
    const landed = live(CHUNKS);
    const wanted = { ...head, body: Buffer.concat(CHUNKS) };
    expect(await Promise.all([wholeOf(landed), wholeOf(landed)])).toEqual([wanted, wanted]);
  });

  test('that ended well for the wire and not for its meaning is no answer', async () => {
    await expect(wholeOf(live(CHUNKS, failure))).rejects.toBe(failure);
  });

  test('that broke off is no answer', async () => {
    await expect(wholeOf(live([...CHUNKS, failure]))).rejects.toBe(failure);
  });
});
