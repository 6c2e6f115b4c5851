import type { RawContentBlockDelta, RawMessageDeltaEvent } from '@anthropic-ai/sdk/resources/messages';
import { Upstream } from '../../errors.ts';
import { asksForUsage, ChunkBuilder } from '../../openai/chunks.ts';
import type { ToolNames } from '../../openai/tool-names.ts';
import type { ChatChunk, ChatDelta, JsonObject, Usage } from '../../openai/wire.ts';
import { StreamError } from '../../streams/stream-error.ts';
import type { Call, Route, StreamDecoder } from '../provider.ts';
import { annotationsOf } from './citations.ts';
import type { Host } from './host.ts';
import { jsonToolName } from './response.ts';
import { finishReason, refusalText } from './stop-reason.ts';
import { vendorNames } from './tools.ts';
import { type AnyUsage, corrected, toUsage } from './usage.ts';
import {
  type CitationWire,
  type ContentWire,
  ignored,
  type Loose,
  type StartEvent,
  type StopReason,
  type StreamEvent,
} from './wire.ts';

const NONE: ChatChunk[] = [];

/** A block whose deltas matter. Blocks that are not for the client are never opened. */
type Open =
  | { readonly kind: 'text'; readonly start: number; readonly citations: CitationWire[] }
  | { readonly kind: 'thinking' }
  | { readonly kind: 'json'; empty: boolean; readonly input: unknown }
  | { readonly kind: 'call'; empty: boolean; readonly input: unknown; readonly index: number };

/** https://platform.claude.com/docs/en/build-with-claude/streaming */
export class MessageStream implements StreamDecoder {
  readonly #call: Call;
  readonly #chunks: ChunkBuilder;
  readonly #jsonTool: string | undefined;
  /** Blocks by the vendor's index, which counts blocks of every kind. */
  readonly #open = new Map<number, Open>();
  #names: ToolNames | undefined;
  #id: string | undefined;
  #usage: AnyUsage | undefined;
  #calls = 0;
  #textLength = 0;
  /** Text beside a JSON answer is held back: it is the answer only if no JSON comes. */
  #held = '';
  #hasJson = false;
  #reason: StopReason | null | undefined;
  #refusal: string | null = null;
  #state: 'before' | 'open' | 'done' = 'before';

  constructor(call: Call, route: Route, host: Host) {
    this.#call = call;
    this.#chunks = new ChunkBuilder('', route.model);
    this.#jsonTool = jsonToolName(call, route, host);
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
        return event.delta ? this.#onDelta(event.index ?? 0, event.delta) : NONE;
      case 'content_block_start':
        return event.content_block ? this.#onStart(event.index ?? 0, event.content_block) : NONE;
      case 'content_block_stop':
        return this.#onStop(event.index ?? 0);
      case 'message_start':
        return this.#onMessage(event);
      case 'message_delta':
        return this.#onMessageDelta(event);
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
    if (this.#state !== 'done')
      throw new Upstream('The provider ended its stream before the answer was complete.', {
        code: 'upstream_incomplete',
      });
    const { usage } = this;
    return usage && asksForUsage(this.#call.body) ? [this.#chunks.usage(usage)] : [];
  }

  #onMessage({ message }: Loose<StartEvent>): ChatChunk[] {
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
    // A turn that goes on after code ran has its blocks here, whole.
    const chunks: ChatChunk[] = [];
    for (const [index, block] of (message?.content ?? []).entries())
      chunks.push(...this.#onStart(index, block), ...this.#onStop(index));
    return chunks;
  }

  #onStart(index: number, block: ContentWire): ChatChunk[] {
    switch (block.type) {
      case 'text': {
        this.#open.set(index, {
          kind: 'text',
          start: this.#textLength,
          citations: [...(block.citations ?? [])],
        });
        return block.text ? this.#text(block.text) : NONE;
      }
      case 'thinking': {
        this.#open.set(index, { kind: 'thinking' });
        const chunks = block.thinking ? this.#thinking(block.thinking) : [];
        return block.signature ? [...chunks, this.#signature(block.signature)] : chunks;
      }
      case 'redacted_thinking':
        return [this.#chunks.delta({ reasoning: { redacted: true, id: block.data ?? '' } })];
      case 'tool_use':
        return this.#onCall(index, block.id ?? '', block.name ?? '', block.input);
      // What the vendor's own tools did, or the model for them, is no text of the answer and no call of the client's.
      case 'server_tool_use':
      case 'web_search_tool_result':
      case 'web_fetch_tool_result':
      case 'code_execution_tool_result':
      case 'bash_code_execution_tool_result':
      case 'text_editor_code_execution_tool_result':
      case 'tool_search_tool_result':
      case 'container_upload':
        return NONE;
      default:
        ignored(block);
        return NONE;
    }
  }

  #onCall(at: number, id: string, vendorName: string, input: unknown): ChatChunk[] {
    if (vendorName === this.#jsonTool) {
      // A second JSON would make the content none.
      if (!this.#hasJson) this.#open.set(at, { kind: 'json', empty: true, input });
      this.#hasJson = true;
      return NONE;
    }
    this.#names ??= vendorNames(this.#call.body);
    const index = this.#calls++;
    this.#open.set(at, { kind: 'call', empty: true, input, index });
    const name = this.#names.fromVendor(vendorName);
    return [
      this.#chunks.delta({
        tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
      }),
    ];
  }

  #onDelta(at: number, delta: Loose<RawContentBlockDelta>): ChatChunk[] {
    switch (delta.type) {
      case 'text_delta':
        return delta.text ? this.#text(delta.text) : NONE;
      case 'input_json_delta':
        return delta.partial_json ? this.#input(this.#open.get(at), delta.partial_json) : NONE;
      case 'thinking_delta':
        return delta.thinking ? this.#thinking(delta.thinking) : NONE;
      case 'signature_delta':
        return delta.signature ? [this.#signature(delta.signature)] : NONE;
      case 'citations_delta': {
        const open = this.#open.get(at);
        if (open?.kind === 'text' && delta.citation) open.citations.push(delta.citation);
        return NONE;
      }
      default:
        ignored(delta);
        return NONE;
    }
  }

  #onStop(at: number): ChatChunk[] {
    const open = this.#open.get(at);
    if (open === undefined) return NONE;
    this.#open.delete(at);
    if (open.kind === 'text') {
      if (open.citations.length === 0) return NONE;
      const annotations = annotationsOf(open.citations, open.start, this.#textLength);
      return annotations.length > 0 ? [this.#chunks.delta({ annotations })] : NONE;
    }
    // A call without arguments has no delta; one that was made by code has them all at its start.
    if (open.kind === 'thinking' || !open.empty) return NONE;
    return this.#input(open, JSON.stringify(open.input ?? {}));
  }

  #onMessageDelta({ delta, usage }: Loose<RawMessageDeltaEvent>): ChatChunk[] {
    if (usage) this.#usage = corrected(this.#usage, usage);
    if (!delta?.stop_reason) return NONE;
    this.#reason = delta.stop_reason;
    this.#refusal = refusalText(delta.stop_reason, delta.stop_details);
    return NONE;
  }

  #finish(): ChatChunk[] {
    this.#state = 'done';
    const chunks: ChatChunk[] = [];
    if (this.#held !== '' && !this.#hasJson) chunks.push(this.#chunks.delta({ content: this.#held }));
    if (this.#refusal !== null) chunks.push(this.#chunks.delta({ refusal: this.#refusal }));
    const reason = finishReason(this.#reason, this.#calls > 0);
    chunks.push(this.#chunks.finish(reason, this.#reason ?? undefined));
    return chunks;
  }

  #text(content: string): ChatChunk[] {
    this.#textLength += content.length;
    if (this.#jsonTool === undefined) return [this.#chunks.delta({ content })];
    this.#held += content;
    return NONE;
  }

  #thinking(content: string): ChatChunk[] {
    return [this.#chunks.delta({ reasoning: { content }, reasoning_content: content })];
  }

  #signature(id: string): ChatChunk {
    return this.#chunks.delta({ reasoning: { id } });
  }

  /** Arguments of a block that is not open are a vendor's tool's. */
  #input(open: Open | undefined, piece: string): ChatChunk[] {
    if (open?.kind !== 'json' && open?.kind !== 'call') return NONE;
    open.empty = false;
    const delta: ChatDelta =
      open.kind === 'json'
        ? { content: piece }
        : { tool_calls: [{ index: open.index, function: { arguments: piece } }] };
    return [this.#chunks.delta(delta)];
  }
}
