import { assembleChunks } from '../../openai/assemble.ts';
import { replayAsStream } from '../../openai/replay.ts';
import { withoutUsageChunk } from '../../openai/usage-chunk.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { SseEvents } from '../../streams/sse-events.ts';
import { EVENT_STREAM, type Rendered } from '../answers/render.ts';
import type { WholeAnswer } from './cache-entry.ts';

/** How a caller wants an answer. */
export interface Form {
  readonly stream: boolean;
  /** The usage chunk at the end of a stream. */
  readonly usage: boolean;
}

/** A whole answer in the form that a caller wants, whichever form it came in. */
export function inForm({ body, stream, contentType }: WholeAnswer, wanted: Form): Rendered {
  if (stream && wanted.stream) return { body: wanted.usage ? body : withoutUsageChunk(body), contentType };
  if (wanted.stream) return { body: replayAsStream(parsed(body), wanted.usage), contentType: EVENT_STREAM };
  if (!stream) return { body, contentType };
  const json = assembleChunks(chunksOf(body));
  return { body: Buffer.from(JSON.stringify(json)), contentType: 'application/json' };
}

/** A stream as it comes, in the form that a caller wants. `frames` is made of whole frames. */
export function streamInForm(frames: ReadableStream<Uint8Array>, wanted: Form): ReadableStream<Uint8Array> {
  if (wanted.usage) return frames;
  const reader = frames.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          const left = withoutUsageChunk(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
          if (left.byteLength > 0) return controller.enqueue(left);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/**
 * Whether an answer may be given again: a success in substance, not only by its status. An embedding or a moderation without
 * a result, a chat without a choice and anything that holds an error are none.
 */
export function isComplete({ body, stream }: Pick<WholeAnswer, 'body' | 'stream'>): boolean {
  try {
    const json = stream ? assembleChunks(chunksOf(body)) : parsed(body);
    if (json === undefined || (json.error !== undefined && json.error !== null)) return false;
    return [json.choices, json.data, json.results].some((list) => Array.isArray(list) && list.length > 0);
  } catch {
    return false;
  }
}

function parsed(body: Buffer): JsonObject {
  return JSON.parse(body.toString('utf8')) as JsonObject;
}

function chunksOf(body: Buffer): JsonObject[] {
  const events = new SseEvents();
  return [...events.push(body), ...events.end()]
    .filter((data) => data.startsWith('{'))
    .map((data) => JSON.parse(data));
}
