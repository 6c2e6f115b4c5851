import { Upstream } from '../../errors.ts';
import { asksForUsage, ChunkBuilder } from '../../openai/chunks.ts';
import { object } from '../../openai/json.ts';
import { toolNames } from '../../openai/tool-names.ts';
import type { ChatChunk, ChatDelta, JsonObject, Usage } from '../../openai/wire.ts';
import { StreamError } from '../../streams/stream-error.ts';
import type { Call, Route, StreamDecoder } from '../provider.ts';
import { BlockDecoder } from './blocks.ts';
import { MAX_TOOL_NAME } from './encoding.ts';
import { finishReason } from './finish-reason.ts';
import { count, text } from './json.ts';
import { jsonAnswer } from './json-answer.ts';
import { newId } from './response.ts';
import { usageOf } from './usage.ts';
import { type EventKind, memberOf } from './wire.ts';

/**
 * ConverseStream's events as OpenAI's chunks.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_ResponseSyntax
 */
export function decodeStream(call: Call, route: Route): StreamDecoder {
  return new ConverseStreamDecoder(call, route);
}

class ConverseStreamDecoder implements StreamDecoder {
  usage: Usage | undefined;
  readonly #chunks: ChunkBuilder;
  readonly #blocks: BlockDecoder;
  readonly #wantsUsage: boolean;
  readonly #provider: string;
  #finished = false;

  constructor(call: Call, route: Route) {
    const names = toolNames(call.body, MAX_TOOL_NAME);
    this.#chunks = new ChunkBuilder(newId(), route.model);
    this.#blocks = new BlockDecoder(names.fromVendor, jsonAnswer(call.body, names)?.name);
    this.#wantsUsage = asksForUsage(call.body);
    this.#provider = route.provider.name;
  }

  onEvent(event: JsonObject): ChatChunk[] {
    const member = memberOf<EventKind>(event);
    const kind = member?.kind;
    const value = object(member?.value) ?? {};
    switch (kind) {
      case 'messageStart':
        return this.#deltas([{}]);
      case 'contentBlockStart':
        return this.#deltas(this.#blocks.start(indexOf(value), object(value.start) ?? {}));
      case 'contentBlockDelta':
        return this.#deltas(this.#blocks.delta(indexOf(value), object(value.delta) ?? {}));
      case 'contentBlockStop':
        return this.#deltas(this.#blocks.stop(indexOf(value)));
      case 'messageStop':
        return this.#finish(text(value.stopReason));
      case 'metadata':
        // It may come before the finish or behind it.
        this.usage = usageOf(value.usage) ?? this.usage;
        return [];
      case 'internalServerException':
      case 'modelStreamErrorException':
      case 'serviceUnavailableException':
      case 'throttlingException':
      case 'validationException':
        throw new StreamError(JSON.stringify({ __type: kind, ...value }));
      case undefined:
        return [];
      default:
        kind satisfies never;
        return [];
    }
  }

  end(): ChatChunk[] {
    if (!this.#finished) {
      throw new Upstream(`The provider ${this.#provider} ended its stream before the answer was complete.`, {
        code: 'upstream_incomplete',
      });
    }
    return this.#wantsUsage && this.usage !== undefined ? [this.#chunks.usage(this.usage)] : [];
  }

  #deltas(deltas: ChatDelta[]): ChatChunk[] {
    return this.#finished ? [] : deltas.map((delta) => this.#chunks.delta(delta));
  }

  #finish(native: string | undefined): ChatChunk[] {
    if (this.#finished) return [];
    const due = this.#deltas(this.#blocks.end());
    this.#finished = true;
    return [...due, this.#chunks.finish(finishReason(native, this.#blocks.calls > 0), native)];
  }
}

function indexOf(value: JsonObject): number {
  return count(value.contentBlockIndex) ?? 0;
}
