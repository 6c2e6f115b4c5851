import { describe, expect, test } from '@jest/globals';
import { DONE, encodeEvent, FrameSplitter, frameData, frames } from '../../../lambda/streams/sse.ts';

/** Streams that servers were seen to send, each with the `data` of its frames. Undefined: a frame without data. */
const STREAMS: Readonly<Record<string, { text: string; data: (string | undefined)[] }>> = {
  LF: { text: 'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n', data: ['{"a":1}', '{"b":2}', '[DONE]'] },
  CRLF: { text: 'data: {"a":1}\r\n\r\ndata: [DONE]\r\n\r\n', data: ['{"a":1}', '[DONE]'] },
  CR: { text: 'data: {"a":1}\r\rdata: [DONE]\r\r', data: ['{"a":1}', '[DONE]'] },
  'mixed line ends': {
    text: 'data: 1\n\r\ndata: 2\r\n\ndata: 3\r\r\ndata: 4\n\rdata: 5\r\n\rdata: 6\r\n\r\ndata: 7\n\n',
    data: ['1', '2', '3', '4', '5', '6', '7'],
  },
  'characters of several bytes': { text: 'data: "é€😀"\n\ndata: "日本"\n\n', data: ['"é€😀"', '"日本"'] },
  'comments and keep-alives': {
    text: ': OPENROUTER PROCESSING\n\ndata: 1\n\n:\r\n\r\ndata: 2\n\n',
    data: [undefined, '1', undefined, '2'],
  },
  'data without a space': { text: 'data:1\n\ndata:[DONE]\n\n', data: ['1', '[DONE]'] },
  'other fields and several data lines': {
    text: 'event: delta\nid: 7\nretry: 10\ndata: {\ndata: "a":1}\n\nevent: ping\n\ndata\n\n',
    data: ['{\n"a":1}', undefined, ''],
  },
};

const cases = Object.entries(STREAMS).map(([name, { text, data }]) => ({
  name,
  bytes: Buffer.from(text),
  data,
}));

/** Feeds the pieces and returns what came out at each, and the rest at the end. */
function split(pieces: readonly Uint8Array[]): { batches: Buffer[]; rest: Buffer } {
  const splitter = new FrameSplitter();
  const batches = pieces.map((piece) => splitter.push(piece));
  return { batches, rest: splitter.end() };
}

function cutAt(bytes: Buffer, ...positions: number[]): Buffer[] {
  const edges = [0, ...positions, bytes.byteLength];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

/** The data of all frames, batch by batch. What a cut inside CRLF leaves over, a line end, is no frame. */
function dataOf({ batches, rest }: { batches: Buffer[]; rest: Buffer }): (string | undefined)[] {
  const all = [...batches, rest].flatMap((batch) => [...frames(batch)]);
  return all.filter((frame) => /[^\r\n]/.test(frame.toString())).map(frameData);
}

describe.each(cases)('a stream with $name', ({ bytes, data }) => {
  test('comes out byte for byte and frame for frame, cut at any two places', () => {
    for (let first = 0; first <= bytes.byteLength; first++) {
      for (let second = first; second <= bytes.byteLength; second++) {
        const result = split(cutAt(bytes, first, second));
        const whole = Buffer.concat([...result.batches, result.rest]);
        if (!whole.equals(bytes)) throw new Error(`other bytes, cut at ${first} and ${second}`);
        expect(dataOf(result)).toEqual(data);
      }
    }
  });

  test.each([1, 2, 3, 5, 7])('comes out byte for byte in pieces of %i bytes', (size) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.byteLength; at += size) pieces.push(bytes.subarray(at, at + size));
    const result = split(pieces);
    expect(Buffer.concat([...result.batches, result.rest])).toEqual(bytes);
    expect(dataOf(result)).toEqual(data);
  });

  test('gives a frame out with the byte that ends it, and no half frame before', () => {
    const splitter = new FrameSplitter();
    for (const byte of bytes) {
      const batch = splitter.push(Buffer.of(byte));
      if (batch.byteLength > 0) expect(batch.toString()).toMatch(/(\n\n|\r\r|\n\r|\r\n\r\n)$/);
      expect(splitter.open).toBe(false);
    }
    expect(splitter.end().toString()).toMatch(/^\n?$/);
  });
});

test('a frame without its empty line is the rest at the end', () => {
  const splitter = new FrameSplitter();
  expect(splitter.push(Buffer.from('data: 1\n\ndata: [DONE]')).toString()).toBe('data: 1\n\n');
  expect(splitter.end().toString()).toBe('data: [DONE]');
  expect(splitter.end().byteLength).toBe(0);
});

test('a Uint8Array that is a view into a larger buffer is read where it stands', () => {
  const large = Buffer.from('xxdata: 1\n\nyy');
  const view = new Uint8Array(large.buffer, large.byteOffset + 2, large.byteLength - 4);
  expect(new FrameSplitter().push(view).toString()).toBe('data: 1\n\n');
});

describe('a frame of more than 4 MB', () => {
  const text = `data: {"image":"${'x'.repeat(5 * 1024 * 1024)}"}\n\n`;
  const next = 'data: [DONE]\n\n';
  const bytes = Buffer.from(text + next);

  test.each([16_384, 65_536, 1_048_577])('is passed on in pieces, read in chunks of %i bytes', (size) => {
    const splitter = new FrameSplitter();
    const out: Buffer[] = [];
    let wasOpen = false;
    for (let at = 0; at < bytes.byteLength; at += size) {
      out.push(splitter.push(bytes.subarray(at, at + size)));
      wasOpen ||= splitter.open;
    }
    expect(wasOpen).toBe(true);
    expect(splitter.open).toBe(false);
    expect(Buffer.concat([...out, splitter.end()]).equals(bytes)).toBe(true);
  });

  test('leaves the frame marked as open until its empty line comes', () => {
    const splitter = new FrameSplitter();
    expect(splitter.push(bytes.subarray(0, text.length - 1)).byteLength).toBe(text.length - 1);
    expect(splitter.open).toBe(true);
    expect(splitter.push(Buffer.from('\n')).byteLength).toBe(0);
    expect(splitter.push(Buffer.from('\n')).toString()).toBe('\n\n');
    expect(splitter.open).toBe(false);
  });
});

describe('encodeEvent', () => {
  test('writes one frame, whatever line ends the value holds', () => {
    const value = { text: 'a\r\nb\n\nc\u2028d', more: ['é'] };
    const frame = encodeEvent(value);
    expect(split([frame]).batches).toEqual([frame]);
    expect([...frames(frame)]).toHaveLength(1);
    expect(JSON.parse(frameData(frame) ?? '')).toEqual(value);
  });

  test('DONE is the frame that ends an OpenAI stream', () => {
    expect(DONE.toString()).toBe('data: [DONE]\n\n');
  });
});
