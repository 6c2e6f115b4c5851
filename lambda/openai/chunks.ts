import { object } from './json.ts';
import type { ChatChunk, ChatDelta, FinishReason, JsonObject, Usage } from './wire.ts';

/** Whether the caller wants the usage chunk at the end of a stream. */
export function asksForUsage(body: JsonObject): boolean {
  return object(body.stream_options)?.include_usage === true;
}

/**
 * Makes the chunks of one streamed answer: one id, one model and one `created` in all of them, the role in the first of
 * each choice. https://platform.openai.com/docs/api-reference/chat/streaming
 */
export class ChunkBuilder {
  id: string;
  model: string;
  readonly created: number;
  readonly #begun = new Set<number>();

  /** `id` and `model` may be set anew until the first chunk is made: vendors tell them in their first event. */
  constructor(id: string, model: string, created = Math.floor(Date.now() / 1000)) {
    this.id = id;
    this.model = model;
    this.created = created;
  }

  delta(delta: ChatDelta, index = 0): ChatChunk {
    return this.#chunk({ index, delta: this.#withRole(delta, index), finish_reason: null });
  }

  /** `native` is the vendor's own reason. */
  finish(reason: FinishReason, native?: string, index = 0): ChatChunk {
    const more = native === undefined ? {} : { native_finish_reason: native };
    return this.#chunk({ index, delta: this.#withRole({}, index), finish_reason: reason, ...more });
  }

  usage(usage: Usage): ChatChunk {
    return { ...this.#head(), choices: [], usage };
  }

  #withRole(delta: ChatDelta, index: number): ChatDelta {
    if (this.#begun.has(index)) return delta;
    this.#begun.add(index);
    return { role: 'assistant', content: delta.content ?? null, ...delta };
  }

  #chunk(choice: ChatChunk['choices'][number]): ChatChunk {
    return { ...this.#head(), choices: [choice] };
  }

  #head(): Pick<ChatChunk, 'id' | 'object' | 'created' | 'model'> {
    return { id: this.id, object: 'chat.completion.chunk', created: this.created, model: this.model };
  }
}
