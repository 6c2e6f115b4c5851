import type { RawMessageDeltaEvent } from '@anthropic-ai/sdk/resources/messages';
import { Upstream } from '../../errors.ts';
import { asksForUsage, ChunkBuilder } from '../../openai/chunks.ts';
import type { ChatChunk, ChatDelta, JsonObject, Usage } from '../../openai/wire.ts';
import { StreamError } from '../../streams/stream-error.ts';
import type { Call, Route, StreamDecoder } from '../provider.ts';
import type { Host } from './host.ts';
import { jsonToolName } from './response.ts';
import { finishReason, refusalText } from './stop-reason.ts';
import { StreamBlocks } from './stream-blocks.ts';
import { type AnyUsage, corrected, toUsage } from './usage.ts';
import { ignored, type Loose, type StartEvent, type StopReason, type StreamEvent } from './wire.ts';

const NONE: ChatChunk[] = [];

/** A streamed answer. https://platform.claude.com/docs/en/build-with-claude/streaming */
export class MessageStream implements StreamDecoder {
  readonly #body: JsonObject;
  readonly #chunks: ChunkBuilder;
  readonly #blocks: StreamBlocks;
  #id: string | undefined;
  #usage: AnyUsage | undefined;
  #reason: StopReason | null | undefined;
  #refusal: string | null = null;
  #state: 'before' | 'open' | 'done' = 'before';

  constructor(call: Call, route: Route, host: Host) {
    this.#body = call.body;
    this.#chunks = new ChunkBuilder('', route.model);
    this.#blocks = new StreamBlocks(call.body, jsonToolName(call, route, host));
  }

  get usage(): Usage | undefined {
    return this.#usage && toUsage(this.#usage);
  }

  onEvent(json: JsonObject): ChatChunk[] {
    // One answer a stream: what follows its end belongs to nobody.
    if (this.#state === 'done') return NONE;
    const event = json as unknown as StreamEvent;
    switch (event.type) {
      case 'content_block_delta':
        return event.delta ? this.#emit(this.#blocks.delta(event.index ?? 0, event.delta)) : NONE;
      case 'content_block_start':
        return event.content_block
          ? this.#emit(this.#blocks.start(event.index ?? 0, event.content_block))
          : NONE;
      case 'content_block_stop':
        return this.#emit(this.#blocks.stop(event.index ?? 0));
      case 'message_start':
        return this.#onStart(event);
      case 'message_delta':
        this.#onMessageDelta(event);
        return NONE;
      case 'message_stop':
        return this.#finish();
      case 'error':
        throw new StreamError(JSON.stringify(json));
      case 'ping':
        return NONE;
      default:
        ignored(event);
        return NONE;
    }
  }

  end(): ChatChunk[] {
    // The reason to stop and the usage have come: a missing last event takes nothing away.
    const due = this.#state === 'open' && this.#reason ? this.#finish() : NONE;
    if (this.#state !== 'done')
      throw new Upstream('The provider ended its stream before the answer was complete.', {
        code: 'upstream_incomplete',
      });
    const { usage } = this;
    return usage && asksForUsage(this.#body) ? [...due, this.#chunks.usage(usage)] : due;
  }

  #onStart({ message }: Loose<StartEvent>): ChatChunk[] {
    const id = message?.id ?? '';
    if (this.#state === 'open') {
      if (id === this.#id) return NONE;
      // Two answers spliced into one: what was sent of the first can't be taken back.
      const error = { type: 'api_error', message: 'The provider began a second answer inside the first.' };
      throw new StreamError(JSON.stringify({ type: 'error', error }));
    }
    this.#state = 'open';
    this.#id = id;
    this.#chunks.id = id;
    this.#chunks.model = message?.model ?? this.#chunks.model;
    this.#usage = message?.usage ?? undefined;
    this.#reason = message?.stop_reason;
    // An answer that goes on after code ran may have its blocks here, whole.
    const content = message?.content ?? [];
    return content.flatMap((block, index) =>
      this.#emit([...this.#blocks.start(index, block), ...this.#blocks.stop(index)]),
    );
  }

  #onMessageDelta({ delta, usage }: Loose<RawMessageDeltaEvent>): void {
    if (usage) this.#usage = corrected(this.#usage, usage);
    if (!delta?.stop_reason) return;
    this.#reason = delta.stop_reason;
    this.#refusal = refusalText(delta.stop_reason, delta.stop_details);
  }

  #finish(): ChatChunk[] {
    this.#state = 'done';
    const refusal = this.#refusal === null ? [] : [{ refusal: this.#refusal }];
    const reason = finishReason(this.#reason, this.#blocks.calls > 0);
    return [
      ...this.#emit([...this.#blocks.rest(), ...refusal]),
      this.#chunks.finish(reason, this.#reason ?? undefined),
    ];
  }

  #emit(deltas: ChatDelta[]): ChatChunk[] {
    const [only] = deltas;
    if (only === undefined) return NONE;
    return deltas.length === 1
      ? [this.#chunks.delta(only)]
      : deltas.map((delta) => this.#chunks.delta(delta));
  }
}
