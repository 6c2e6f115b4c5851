import { Upstream } from '../../errors.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { Conversion } from '../../providers/provider.ts';
import { EventStreamDecoder, type EventStreamMessage, eventOf } from '../../streams/aws-event-stream.ts';
import { SseEvents } from '../../streams/sse-events.ts';

/** Events out of a vendor's bytes, cut anywhere. Generators, so that an event before a broken one is not lost. */
export interface EventReader {
  push(bytes: Uint8Array): Iterable<JsonObject>;
  /** Throws where the bytes end inside an event of a framing that tells. */
  end(): Iterable<JsonObject>;
}

export function eventReader(framing: Conversion['framing']): EventReader {
  if (framing === 'aws-event-stream') {
    const messages = new EventStreamDecoder();
    return { push: (bytes) => eventsOf(messages.push(bytes)), end: () => ended(messages) };
  }
  const events = new SseEvents();
  return {
    push: (bytes) => parsed(events.push(bytes), false),
    end: () => parsed(events.end(), true),
  };
}

function* eventsOf(messages: readonly EventStreamMessage[]): Generator<JsonObject> {
  for (const message of messages) {
    const event = eventOf(message);
    if (event !== undefined) yield event;
  }
}

function ended(messages: EventStreamDecoder): [] {
  messages.end();
  return [];
}

function* parsed(data: readonly string[], atEnd: boolean): Generator<JsonObject> {
  for (const text of data) {
    // `[DONE]` and keep-alives are no events of the vendor's.
    if (!text.startsWith('{')) continue;
    const event = parse(text);
    if (event !== undefined) yield event;
    // Half an event at the end is the decoder's to judge: its terminal event never came.
    else if (!atEnd)
      throw new Upstream('The provider sent an event that is not valid JSON.', {
        code: 'upstream_invalid_response',
      });
  }
}

function parse(text: string): JsonObject | undefined {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}
