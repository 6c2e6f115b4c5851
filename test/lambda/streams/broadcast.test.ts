import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { Broadcast } from '../../../lambda/streams/broadcast.ts';
import { collect } from '../../support/collect.ts';
import { PulledSource } from '../../support/pulled-source.ts';
import { signal } from '../../support/stage.ts';

const MAX = 1_000_000;

const TEXT = 'Grüße, 世界 \u{1F600}';
/** Each byte by itself: every character of more than one is cut. */
const BYTES = [...Buffer.from(TEXT)].map((byte) => Buffer.of(byte));

const textOf = async (stream: ReadableStream<Uint8Array>) => Buffer.concat(await collect(stream)).toString();

type Reader = ReadableStreamDefaultReader<Uint8Array>;
async function readSome(reader: Reader, count: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  while (chunks.length < count) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the stream ended after ${chunks.length} chunks`);
    chunks.push(value);
  }
  return chunks;
}

/** Holds none of them: the test looks at what is left in memory. */
async function skip(reader: Reader, count: number): Promise<void> {
  for (let read = 0; read < count; read++) await reader.read();
}

async function rest(reader: Reader): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    chunks.push(value);
  }
}

describe('readers', () => {
  test('at once get all bytes in order, and the source is read once', async () => {
    const source = new PulledSource(BYTES);
    const broadcast = new Broadcast(source.stream, MAX);
    const texts = await Promise.all(Array.from({ length: 50 }, () => textOf(broadcast.read())));
    expect(new Set(texts)).toEqual(new Set([TEXT]));
    expect(source.pulls).toBe(BYTES.length + 1);
  });

  test('that come at each moment get everything from the beginning', async () => {
    const source = new PulledSource(BYTES);
    const broadcast = new Broadcast(source.stream, MAX);
    const first = broadcast.read().getReader();
    const late: Promise<string>[] = [];
    for (const byte of BYTES) {
      const reader = broadcast.read();
      const [had = Buffer.alloc(0)] = await readSome(first, 1);
      expect(Buffer.compare(had, byte)).toBe(0);
      late.push(textOf(reader));
    }
    expect(await rest(first)).toEqual([]);
    late.push(textOf(broadcast.read()));
    expect(new Set(await Promise.all(late))).toEqual(new Set([TEXT]));
  });

  test('one slow, one fast: neither loses anything', async () => {
    const source = new PulledSource(BYTES);
    const broadcast = new Broadcast(source.stream, MAX);
    const slow = broadcast.read().getReader();
    await readSome(slow, 1);
    expect(await textOf(broadcast.read())).toBe(TEXT);
    expect(Buffer.concat([...BYTES.slice(0, 1), ...(await rest(slow))]).toString()).toBe(TEXT);
  });

  test('of an empty source get nothing', async () => {
    const broadcast = new Broadcast(new PulledSource([]).stream, MAX);
    expect(await textOf(broadcast.read())).toBe('');
    expect(await broadcast.whole).toEqual(Buffer.alloc(0));
  });
});

describe('the source', () => {
  test('gives nothing that nobody asks for', async () => {
    const source = new PulledSource(BYTES);
    const broadcast = new Broadcast(source.stream, MAX);
    const one = broadcast.read().getReader();
    const other = broadcast.read().getReader();
    expect(source.pulls).toBe(0);
    await readSome(one, 3);
    expect(source.pulls).toBe(3);
    await readSome(other, 3);
    expect(source.pulls).toBe(3);
    await readSome(other, 1);
    expect(source.pulls).toBe(4);
  });

  test('is asked once where several wait for the same chunk', async () => {
    const source = new PulledSource(BYTES);
    const open = signal();
    source.held = open.given;
    const broadcast = new Broadcast(source.stream, MAX);
    const waiting = [broadcast.read(), broadcast.read()].map((each) => readSome(each.getReader(), 1));
    open.give();
    await Promise.all(waiting);
    expect(source.pulls).toBe(1);
  });
});

describe('a reader that leaves', () => {
  test('does not disturb the others', async () => {
    const source = new PulledSource(BYTES);
    const broadcast = new Broadcast(source.stream, MAX);
    const leaving = broadcast.read().getReader();
    const staying = broadcast.read().getReader();
    await readSome(leaving, 2);
    await leaving.cancel('left');
    expect(Buffer.concat(await rest(staying)).toString()).toBe(TEXT);
    expect(source.cancelled).toBeUndefined();
    expect((await broadcast.whole)?.toString()).toBe(TEXT);
  });

  test('as the last one ends the source: nothing whole comes of it, and nobody may join', async () => {
    const source = new PulledSource(BYTES);
    const broadcast = new Broadcast(source.stream, MAX);
    const readers = [broadcast.read().getReader(), broadcast.read().getReader()];
    for (const reader of readers) await readSome(reader, 1);
    await readers[0]?.cancel('first');
    expect(source.cancelled).toBeUndefined();
    expect(broadcast.open).toBe(true);
    await readers[1]?.cancel('last');
    expect(source.cancelled).toBe('last');
    expect(broadcast.open).toBe(false);
    expect(await broadcast.whole).toBeUndefined();
  });

  test('as the last one while it waits for a chunk ends the source too', async () => {
    const source = new PulledSource(BYTES);
    source.held = new Promise(() => undefined);
    const broadcast = new Broadcast(source.stream, MAX);
    const reader = broadcast.read().getReader();
    const waiting = reader.read();
    await reader.cancel('left');
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(source.cancelled).toBe('left');
    expect(await broadcast.whole).toBeUndefined();
  });

  test('after the end takes nothing from anyone', async () => {
    const broadcast = new Broadcast(new PulledSource(BYTES).stream, MAX);
    await textOf(broadcast.read());
    await broadcast.read().cancel();
    expect(broadcast.open).toBe(true);
    expect((await broadcast.whole)?.toString()).toBe(TEXT);
    expect(await textOf(broadcast.read())).toBe(TEXT);
  });
});

describe('a source that fails', () => {
  const failure = new Error('broken off');

  test('fails every reader, behind the bytes that came before', async () => {
    const broadcast = new Broadcast(new PulledSource([...BYTES, failure]).stream, MAX);
    const readers = [broadcast.read(), broadcast.read()].map((stream) => stream.getReader());
    const late = broadcast.read().getReader();
    const had = await Promise.all([...readers, late].map((reader) => readSome(reader, BYTES.length)));
    expect(had.map((chunks) => Buffer.concat(chunks).toString())).toEqual([TEXT, TEXT, TEXT]);
    for (const reader of [...readers, late]) await expect(reader.read()).rejects.toBe(failure);
    expect(await broadcast.whole).toBeUndefined();
    expect(broadcast.open).toBe(false);
  });

  test('before its first byte fails every reader', async () => {
    const broadcast = new Broadcast(new PulledSource([failure]).stream, MAX);
    const reads = await Promise.allSettled([textOf(broadcast.read()), textOf(broadcast.read())]);
    for (const result of reads) expect(result).toMatchObject({ reason: failure });
  });
});

describe('a source larger than may be kept', () => {
  const collectGarbage = (): void => {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
  };

  test('serves those who are there, lets nobody join, and is not told whole', async () => {
    const broadcast = new Broadcast(new PulledSource(BYTES).stream, BYTES.length - 1);
    const fast = broadcast.read().getReader();
    const slow = broadcast.read().getReader();
    await readSome(fast, BYTES.length - 1);
    expect(broadcast.open).toBe(true);
    await readSome(fast, 1);
    expect(broadcast.open).toBe(false);
    expect(await rest(fast)).toEqual([]);
    expect(Buffer.concat(await rest(slow)).toString()).toBe(TEXT);
    expect(await broadcast.whole).toBeUndefined();
  });

  test('of exactly what may be kept is kept', async () => {
    const broadcast = new Broadcast(new PulledSource(BYTES).stream, BYTES.length);
    expect(await textOf(broadcast.read())).toBe(TEXT);
    expect(broadcast.open).toBe(true);
    expect((await broadcast.whole)?.toString()).toBe(TEXT);
  });

  test('is let go of as soon as the slowest has read it', async () => {
    const made: WeakRef<Uint8Array>[] = [];
    const size = 1_000;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const chunk = new Uint8Array(size);
      made.push(new WeakRef(chunk));
      controller.enqueue(chunk);
    };
    const stream = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
    const broadcast = new Broadcast(stream, 3 * size);
    const fast = broadcast.read().getReader();
    const slow = broadcast.read().getReader();
    const kept = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
      return made.filter((chunk) => chunk.deref() !== undefined).length;
    };
    await skip(fast, 50);
    expect(await kept()).toBe(50);
    await skip(slow, 45);
    expect(await kept()).toBeLessThan(10);
    await slow.cancel();
    await skip(fast, 50);
    expect(await kept()).toBeLessThan(10);
  });
});
