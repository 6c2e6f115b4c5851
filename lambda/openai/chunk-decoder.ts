import { Upstream } from '../errors.ts';
import { StreamError } from '../streams/stream-error.ts';
import type { ChatChunk, JsonObject, Usage } from './wire.ts';

/**
 * Chunks of a vendor that streams OpenAI's own format, for answers that leave in another one and so can't be relayed as
 * bytes. The chunk that holds nothing but usage is passed on only where `keepsUsage`.
 */
export class ChunkDecoder {
  usage: Usage | undefined;
  #complete = false;
  readonly #usageOf: (chunk: JsonObject) => Usage | undefined;
  readonly #keepsUsage: boolean;

  constructor(usageOf: (chunk: JsonObject) => Usage | undefined, keepsUsage: boolean) {
    this.#usageOf = usageOf;
    this.#keepsUsage = keepsUsage;
  }

  onEvent(event: JsonObject): ChatChunk[] {
    if (typeof event.error === 'object' && event.error !== null) throw new StreamError(JSON.stringify(event));
    const usage = this.#usageOf(event);
    this.usage = usage ?? this.usage;
    const choices = Array.isArray(event.choices) ? event.choices : [];
    this.#complete ||= choices.some(
      (choice) => typeof (choice as JsonObject | null)?.finish_reason === 'string',
    );
    return choices.length === 0 && usage !== undefined && !this.#keepsUsage
      ? []
      : [event as unknown as ChatChunk];
  }

  end(): ChatChunk[] {
    if (this.#complete) return [];
    throw new Upstream('The provider ended its stream before the answer was complete.', {
      code: 'upstream_incomplete',
    });
  }
}
