import type { ChatChunk } from '../../../../lambda/openai/wire.ts';
import { decodeError } from '../../../../lambda/providers/bedrock/error.ts';
import { EventStreamDecoder, eventOf } from '../../../../lambda/streams/aws-event-stream.ts';
import { StreamError } from '../../../../lambda/streams/stream-error.ts';
import { encodeEvent, encodeException } from '../../../../local/simulator/aws-event-stream.ts';
import { assemble } from './chunk-rules.ts';
import { callOf, conversion, routeOf, thrownBy } from './support.ts';

const EVENTS = [
  encodeEvent('messageStart', { role: 'assistant', p: 'abcdefgh' }),
  encodeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Grüße, 世界' }, p: 'abc' }),
  encodeEvent('contentBlockStop', { contentBlockIndex: 0 }),
  encodeEvent('messageStop', { stopReason: 'end_turn' }),
  encodeEvent('metadata', { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } }),
];

/** What the gateway's loop does: bytes → messages → events → chunks. */
function chunksOf(pieces: readonly Uint8Array[], chunks: ChatChunk[] = []): ChatChunk[] {
  const frames = new EventStreamDecoder();
  const call = callOf({ stream: true, stream_options: { include_usage: true } });
  const decoder = conversion().decodeStream(call, routeOf());
  for (const piece of pieces) {
    for (const message of frames.push(piece)) {
      const event = eventOf(message);
      if (event !== undefined) chunks.push(...decoder.onEvent(event));
    }
  }
  frames.end();
  chunks.push(...decoder.end());
  return chunks;
}

describe("Bedrock's bytes", () => {
  test('become the same chunks wherever the network cuts them', () => {
    const bytes = Buffer.concat(EVENTS);
    for (let cut = 0; cut <= bytes.byteLength; cut++) {
      expect(assemble(chunksOf([bytes.subarray(0, cut), bytes.subarray(cut)]))).toMatchObject({
        content: 'Grüße, 世界',
        finish: 'stop',
        usage: { total_tokens: 3 },
      });
    }
  });

  test('with an exception in them fail with its true status, behind what came before', () => {
    const broken = [
      ...EVENTS.slice(0, 2),
      encodeException('throttlingException', { message: 'Too many requests.' }),
    ];
    const chunks: ChatChunk[] = [];
    const failure = thrownBy(() => chunksOf(broken, chunks));
    expect(chunks.at(-1)?.choices[0]?.delta.content).toBe('Grüße, 世界');
    expect(failure).toBeInstanceOf(StreamError);
    expect(decodeError(200, (failure as StreamError).body)).toEqual({
      message: 'Too many requests.',
      code: 'throttlingException',
      status: 429,
    });
  });

  test('that end early are never a whole answer', () => {
    for (let end = 0; end < EVENTS.length - 1; end++) {
      expect(thrownBy(() => chunksOf(EVENTS.slice(0, end)))).toMatchObject({ code: 'upstream_incomplete' });
    }
  });
});
