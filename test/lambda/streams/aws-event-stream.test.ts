import { EventStreamCodec } from '@smithy/core/event-streams';
import {
  EventStreamDecoder,
  type EventStreamMessage,
  eventOf,
} from '../../../lambda/streams/aws-event-stream.ts';
import { BodyFailure } from '../../../lambda/streams/body-reader.ts';
import { StreamError } from '../../../lambda/streams/stream-error.ts';
import { encodeEvent, encodeException, encodeMessage } from '../../../local/simulator/aws-event-stream.ts';

const utf8 = new TextDecoder();
const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text),
);

const EVENTS = [
  encodeEvent('messageStart', { role: 'assistant' }),
  encodeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Grüße, 世界 👋' } }),
  encodeEvent('messageStop', { stopReason: 'end_turn' }),
];
const WHOLE = Buffer.concat(EVENTS);

function decode(...chunks: Uint8Array[]): EventStreamMessage[] {
  const decoder = new EventStreamDecoder();
  const messages = chunks.flatMap((chunk) => decoder.push(chunk));
  decoder.end();
  return messages;
}

function texts(messages: EventStreamMessage[]): string[] {
  return messages.map(({ payload }) => utf8.decode(payload));
}

describe('the event stream decoder', () => {
  const expected = texts(decode(WHOLE));

  test('reads all messages of one chunk', () => {
    expect(decode(WHOLE).map(({ headers }) => headers[':event-type'])).toEqual([
      'messageStart',
      'contentBlockDelta',
      'messageStop',
    ]);
    expect(expected[1]).toContain('世界');
  });

  test('reads the same whichever two pieces the network makes of it', () => {
    for (let cut = 0; cut <= WHOLE.byteLength; cut++) {
      expect(texts(decode(WHOLE.subarray(0, cut), WHOLE.subarray(cut)))).toEqual(expected);
    }
  });

  test('reads the same byte by byte', () => {
    expect(texts(decode(...Array.from(WHOLE, (byte) => Uint8Array.of(byte))))).toEqual(expected);
  });

  test('takes plain Uint8Arrays that lie inside a larger buffer', () => {
    const larger = new Uint8Array(WHOLE.byteLength + 8);
    larger.set(WHOLE, 5);
    expect(texts(decode(larger.subarray(5, 5 + WHOLE.byteLength)))).toEqual(expected);
  });

  test('fails where the bytes end inside a message, wherever that is', () => {
    const boundaries = new Set([
      0,
      ...EVENTS.map((_, i) => Buffer.concat(EVENTS.slice(0, i + 1)).byteLength),
    ]);
    for (let cut = 0; cut < WHOLE.byteLength; cut++) {
      const ending = () => decode(WHOLE.subarray(0, cut));
      if (boundaries.has(cut)) expect(ending).not.toThrow();
      else expect(ending).toThrow(BodyFailure);
    }
  });

  test('fails on a flipped bit anywhere in a message', () => {
    const [, message] = EVENTS;
    for (let at = 0; at < (message?.byteLength ?? 0); at++) {
      const damaged = Buffer.from(message ?? '');
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(() => decode(damaged)).toThrow(BodyFailure);
    }
  });

  test('gives out the messages before a damaged one, then fails', () => {
    const damaged = Buffer.from(WHOLE);
    damaged[WHOLE.byteLength - 1] = (damaged[WHOLE.byteLength - 1] ?? 0) ^ 1;
    const decoder = new EventStreamDecoder();
    expect(decoder.push(damaged)).toHaveLength(2);
    expect(() => decoder.end()).toThrow(BodyFailure);
    expect(() => decoder.push(Buffer.alloc(1))).toThrow(BodyFailure);
  });

  test.each([
    ['a message of no length', 0, 0],
    ['headers longer than the message', 100, 90],
    ['a message beyond 24 MiB', 24 * 1024 * 1024 + 1, 0],
    ['headers beyond 128 KiB', 1024 * 1024, 128 * 1024 + 1],
  ])('fails at once on %s, and waits for nothing', (_, total, headers) => {
    const prelude = Buffer.from(encodeMessage({}, Buffer.alloc(0)).subarray(0, 12));
    prelude.writeUInt32BE(total, 0);
    prelude.writeUInt32BE(headers, 4);
    prelude.writeUInt32BE(process.getBuiltinModule('node:zlib').crc32(prelude.subarray(0, 8)), 8);
    expect(() => new EventStreamDecoder().push(prelude)).toThrow(BodyFailure);
  });

  test('joins a message of many chunks once, not at each chunk', () => {
    const large = encodeEvent('contentBlockDelta', { delta: { text: 'x'.repeat(8_000_000) } });
    const chunks = Array.from({ length: Math.ceil(large.byteLength / 1000) }, (_, i) =>
      large.subarray(i * 1000, (i + 1) * 1000),
    );
    const started = performance.now();
    expect(decode(...chunks)).toHaveLength(1);
    // 8,000 joins of 4 MB on average would take seconds.
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("reads every type of header as AWS's own codec writes it", () => {
    const id = '0f5e1d2c-3b4a-4958-8776-655443322110';
    const bytes = codec.encode({
      headers: {
        yes: { type: 'boolean', value: true },
        no: { type: 'boolean', value: false },
        byte: { type: 'byte', value: -3 },
        short: { type: 'short', value: -300 },
        integer: { type: 'integer', value: 70000 },
        binary: { type: 'binary', value: Uint8Array.of(1, 2) },
        text: { type: 'string', value: 'grün' },
        time: { type: 'timestamp', value: new Date(1_700_000_000_000) },
        id: { type: 'uuid', value: id },
      },
      body: Buffer.from('{}'),
    });
    expect(decode(bytes)[0]?.headers).toEqual({
      yes: true,
      no: false,
      byte: -3,
      short: -300,
      integer: 70000,
      binary: Buffer.from([1, 2]),
      text: 'grün',
      time: new Date(1_700_000_000_000),
      id,
    });
  });

  test('fails on a header type that does not exist', () => {
    const message = Buffer.from(encodeMessage({ name: 'value' }, Buffer.alloc(0)));
    message[12 + 1 + 'name'.length] = 12;
    const { crc32 } = process.getBuiltinModule('node:zlib');
    message.writeUInt32BE(crc32(message.subarray(0, -4)), message.byteLength - 4);
    expect(() => decode(message)).toThrow(BodyFailure);
  });
});

describe("the simulator's encoder", () => {
  test("writes what AWS's own codec reads", () => {
    const message = codec.decode(encodeEvent('metadata', { usage: { inputTokens: 1 } }));
    expect(message.headers[':event-type']).toEqual({ type: 'string', value: 'metadata' });
    expect(utf8.decode(message.body)).toBe('{"usage":{"inputTokens":1}}');
  });
});

describe('a message as an event', () => {
  const only = (bytes: Buffer) => decode(bytes)[0] as EventStreamMessage;

  test('is its type and its JSON', () => {
    expect(eventOf(only(encodeEvent('messageStop', { stopReason: 'end_turn' })))).toEqual({
      messageStop: { stopReason: 'end_turn' },
    });
  });

  test('is nothing where it has no type or no JSON', () => {
    expect(eventOf(only(encodeMessage({ ':message-type': 'event' }, Buffer.from('{}'))))).toBeUndefined();
    expect(eventOf(only(encodeMessage({ ':event-type': 'x' }, Buffer.from('no json'))))).toBeUndefined();
  });

  test('is a StreamError with the type in its body where it is an exception', () => {
    const message = only(encodeException('throttlingException', { message: 'Too fast.' }));
    const failure = thrownBy(() => eventOf(message));
    expect(failure).toBeInstanceOf(StreamError);
    expect(JSON.parse((failure as StreamError).body)).toEqual({
      __type: 'throttlingException',
      message: 'Too fast.',
    });
  });

  test('is a StreamError where an exception has no JSON', () => {
    const message = only(
      encodeMessage({ ':message-type': 'exception', ':exception-type': 'x' }, Buffer.from('Broken.')),
    );
    const failure = thrownBy(() => eventOf(message)) as StreamError;
    expect(JSON.parse(failure.body)).toEqual({ __type: 'x', message: 'Broken.' });
  });

  test('is a StreamError where the service reports an error without a payload', () => {
    const headers = { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'Oh.' };
    const failure = thrownBy(() => eventOf(only(encodeMessage(headers, Buffer.alloc(0))))) as StreamError;
    expect(JSON.parse(failure.body)).toEqual({ __type: 'InternalError', message: 'Oh.' });
  });
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
