import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import {
  answerStream,
  CallerLeft,
  type FrameSource,
  type Outcome,
} from '../../../../lambda/gateway/answers/answer-stream.ts';
import type { Answer } from '../../../../lambda/gateway/upstream/attempts.ts';
import type { Provider } from '../../../../lambda/providers/provider.ts';
import { BodyReader } from '../../../../lambda/streams/body-reader.ts';
import { StreamError } from '../../../../lambda/streams/stream-error.ts';
import { brokenStream } from '../../../support/stage.ts';

const USAGE = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };

interface Opened {
  readonly body: PassThrough;
  readonly outcomes: Outcome[];
  open(): Promise<ReadableStream<Uint8Array>>;
}

/** A stream of these frames; the last may be a failure. Without an end it waits for ever. */
function opened(frames: readonly (string | Error | 'end')[], frameOpen = false): Opened {
  const body = new PassThrough();
  const provider: Pick<Provider, 'name' | 'decodeError'> = {
    name: 'vendor',
    decodeError: (_status, text) => ({ message: text, status: 429 }),
  };
  const answer = {
    route: { provider, model: 'm', key: { apiKey: 'key-of-nobody' } },
    response: { status: 200, headers: {}, rawHeaders: [], body, headersMs: 1 },
    reader: new BodyReader(body, () => 1_000_000),
  } as unknown as Answer;
  const left = [...frames];
  const source: FrameSource = {
    usage: USAGE,
    frameOpen,
    async next() {
      const frame = left.shift();
      if (frame === undefined) return new Promise(() => undefined);
      if (frame instanceof Error) throw frame;
      return frame === 'end' ? undefined : Buffer.from(frame);
    },
  };
  const outcomes: Outcome[] = [];
  const principal = { kind: 'gateway-key', id: 'x' } as const;
  return { body, outcomes, open: () => answerStream(source, answer, principal, (end) => outcomes.push(end)) };
}

const textOf = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();

describe('a stream', () => {
  test('gives every frame, and tells once how it ended', async () => {
    const { open, outcomes } = opened(['data: 1\n\n', 'data: 2\n\n', 'end']);
    expect(await textOf(await open())).toBe('data: 1\n\ndata: 2\n\n');
    expect(outcomes).toEqual([{ usage: USAGE }]);
  });

  test('is read no further than it is asked for', async () => {
    const { open, outcomes } = opened(['data: 1\n\n', 'data: 2\n\n', new Error('never read')]);
    const reader = (await open()).getReader();
    expect((await reader.read()).value?.toString()).toBe('data: 1\n\n');
    expect((await reader.read()).value?.toString()).toBe('data: 2\n\n');
    expect(outcomes).toEqual([]);
  });

  test('that fails at once is an error with a true status, and nothing is told', async () => {
    const { open, body, outcomes } = opened([new StreamError('too many')]);
    await expect(open()).rejects.toMatchObject({ status: 429, message: 'too many' });
    expect(body.destroyed).toBe(true);
    expect(outcomes).toEqual([]);
  });

  test('that fails later ends with an error frame', async () => {
    const { open, body, outcomes } = opened(['data: 1\n\n', new StreamError('too many')]);
    const { before, error } = brokenStream(await textOf(await open()));
    expect([before, error.message]).toEqual(['data: 1\n\n', 'too many']);
    expect(body.destroyed).toBe(true);
    expect(outcomes).toEqual([{ usage: USAGE, failure: expect.objectContaining({ status: 429 }) }]);
  });

  test('that fails inside a frame closes the frame first', async () => {
    const { open } = opened(['data: "half', new Error('a fault')], true);
    expect(brokenStream(await textOf(await open())).before).toBe('data: "half\n\n');
  });
});

describe('a caller who leaves', () => {
  test('stops the provider, and is told of once', async () => {
    const { open, body, outcomes } = opened(['data: 1\n\n']);
    const reader = (await open()).getReader();
    await reader.read();
    await reader.cancel();
    expect(body.destroyed).toBe(true);
    expect(outcomes).toEqual([{ usage: USAGE, failure: expect.any(CallerLeft) }]);
  });

  test('while a frame is waited for stops the provider, and is told of once', async () => {
    const { open, body, outcomes } = opened(['data: 1\n\n']);
    const reader = (await open()).getReader();
    await reader.read();
    const waiting = reader.read();
    await reader.cancel();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(body.destroyed).toBe(true);
    expect(outcomes).toHaveLength(1);
  });

  test('before the first byte is read stops the provider', async () => {
    const { open, body, outcomes } = opened(['data: 1\n\n']);
    await (await open()).cancel();
    expect(body.destroyed).toBe(true);
    expect(outcomes).toHaveLength(1);
  });
});
