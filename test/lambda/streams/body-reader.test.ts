import { PassThrough, Readable } from 'node:stream';
import { expect, jest, test } from '@jest/globals';
import { BodyFailure, BodyReader, readAll } from '../../../lambda/streams/body-reader.ts';

const NEVER_MS = 1_000_000;
const patient = () => NEVER_MS;

async function drain(reader: BodyReader): Promise<string> {
  return (await readAll(reader, Number.MAX_SAFE_INTEGER)).toString();
}

/** How a read ended that must fail. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => {
      throw new Error(`expected a failure, got ${String(value)}`);
    },
    (error: unknown) => error,
  );
}

/** Lets everything that is due happen: streams tell of their events in ticks and microtasks. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('reads what is there, waits for what comes, and ends with undefined, again and again', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, patient);
  source.write('one');
  expect(Buffer.from((await reader.read()) ?? []).toString()).toBe('one');
  const waiting = reader.read();
  source.write('two');
  expect(Buffer.from((await waiting) ?? []).toString()).toBe('two');
  source.end();
  expect(await reader.read()).toBeUndefined();
  expect(await reader.read()).toBeUndefined();
});

test('an empty source ends at once', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, patient);
  source.end();
  expect(await reader.read()).toBeUndefined();
});

test('a source that ended before anyone read keeps its bytes', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, patient);
  source.end('all');
  await turn();
  expect(await drain(reader)).toBe('all');
});

test('silence past the limit is a timeout, and stops the source', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, () => 5);
  const failure = await failureOf(reader.read());
  expect(failure).toBeInstanceOf(BodyFailure);
  expect(failure).toMatchObject({ reason: 'timeout' });
  expect(source.destroyed).toBe(true);
  expect(await failureOf(reader.read())).toBe(failure);
});

test('a deadline that has passed is a timeout, and no endless wait', async () => {
  const reader = new BodyReader(new PassThrough(), () => -1);
  expect(await failureOf(reader.read())).toMatchObject({ reason: 'timeout' });
});

test('bytes at hand come out even where no time is left', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, () => -1);
  source.end('late');
  await turn();
  expect(Buffer.from((await reader.read()) ?? []).toString()).toBe('late');
});

test('the clock runs only while somebody reads, and anew at each wait', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  try {
    const source = new PassThrough();
    const asked: number[] = [];
    const reader = new BodyReader(source, () => {
      asked.push(asked.length);
      return 100;
    });
    const first = reader.read();
    jest.advanceTimersByTime(99);
    source.write('a');
    expect(await first).toBeDefined();
    // A slow consumer: nobody waits, so nothing runs out.
    jest.advanceTimersByTime(10_000);
    const second = reader.read();
    jest.advanceTimersByTime(99);
    source.write('b');
    expect(await second).toBeDefined();
    const third = failureOf(reader.read());
    jest.advanceTimersByTime(100);
    expect(await third).toMatchObject({ reason: 'timeout' });
    expect(asked).toEqual([0, 1, 2]);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test('a source that closes before its end is a reset, not an end', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, patient);
  source.write('half');
  expect(await reader.read()).toBeDefined();
  const waiting = failureOf(reader.read());
  source.destroy();
  expect(await waiting).toMatchObject({ name: 'BodyFailure', reason: 'reset' });
});

test('an error of the source is a reset with its cause', async () => {
  const cause = new Error('ECONNRESET');
  const source = new Readable({ read: () => undefined });
  const reader = new BodyReader(source, patient);
  const waiting = failureOf(reader.read());
  source.destroy(cause);
  expect(await waiting).toMatchObject({ reason: 'reset', cause });
});

test('an error while nobody reads is kept for the next read', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, patient);
  source.destroy(new Error('ECONNRESET'));
  await turn();
  expect(await failureOf(reader.read())).toMatchObject({ reason: 'reset' });
});

test('cancel stops the source and ends a read under way', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, patient);
  const waiting = failureOf(reader.read());
  reader.cancel();
  expect(await waiting).toMatchObject({ reason: 'reset' });
  expect(source.destroyed).toBe(true);
});

test('readAll joins the bytes behind those that were read before', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, patient);
  source.end(' and more');
  expect((await readAll(reader, 100, Buffer.from('first'))).toString()).toBe('first and more');
});

test('readAll stops a source that is larger than the limit', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, patient);
  source.write(Buffer.alloc(11));
  expect(await failureOf(readAll(reader, 10))).toBeInstanceOf(RangeError);
  expect(source.destroyed).toBe(true);
});

test('readAll takes a body of exactly the limit', async () => {
  const source = new PassThrough();
  const reader = new BodyReader(source, patient);
  source.end(Buffer.alloc(10));
  expect((await readAll(reader, 10)).byteLength).toBe(10);
});
