import type { RawContentBlockDelta } from '@anthropic-ai/sdk/resources/messages';
import type { ToolNames } from '../../openai/tool-names.ts';
import type { ChatDelta, JsonObject } from '../../openai/wire.ts';
import { annotationsOf } from './citations.ts';
import { vendorNames } from './declared-tools.ts';
import { type CitationWire, type ContentWire, ignored, type Loose } from './wire.ts';

const NONE: ChatDelta[] = [];

/** A block whose deltas matter. Blocks that are not for the client are never opened. */
type Open =
  | { readonly kind: 'text'; readonly start: number; readonly citations: CitationWire[] }
  | { readonly kind: 'json'; empty: boolean; readonly input: unknown }
  | { readonly kind: 'call'; empty: boolean; readonly input: unknown; readonly index: number };

/** The content blocks of one streamed answer, as what they add to OpenAI's message. */
export class StreamBlocks {
  /** Calls of the client's tools so far: their indexes count from 0, the vendor's count blocks of every kind. */
  calls = 0;
  readonly #open = new Map<number, Open>();
  readonly #body: JsonObject;
  readonly #jsonTool: string | undefined;
  #names: ToolNames | undefined;
  #textLength = 0;
  /** Text beside a JSON answer is held back: it is the answer only if no JSON comes. */
  #held = '';
  #hasJson = false;

  constructor(body: JsonObject, jsonTool: string | undefined) {
    this.#body = body;
    this.#jsonTool = jsonTool;
  }

  start(at: number, block: ContentWire): ChatDelta[] {
    switch (block.type) {
      case 'text': {
        const citations = [...(block.citations ?? [])];
        this.#open.set(at, { kind: 'text', start: this.#textLength, citations });
        return block.text ? this.#text(block.text) : NONE;
      }
      case 'thinking': {
        const deltas = block.thinking ? thinking(block.thinking) : NONE;
        return block.signature ? [...deltas, signature(block.signature)] : deltas;
      }
      case 'redacted_thinking':
        return [{ reasoning: { redacted: true, id: block.data ?? '' } }];
      case 'tool_use':
        return this.#startCall(at, block.id ?? '', block.name ?? '', block.input);
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

  delta(at: number, delta: Loose<RawContentBlockDelta>): ChatDelta[] {
    switch (delta.type) {
      case 'text_delta':
        return delta.text ? this.#text(delta.text) : NONE;
      case 'input_json_delta':
        return delta.partial_json ? input(this.#open.get(at), delta.partial_json) : NONE;
      case 'thinking_delta':
        return delta.thinking ? thinking(delta.thinking) : NONE;
      case 'signature_delta':
        return delta.signature ? [signature(delta.signature)] : NONE;
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

  stop(at: number): ChatDelta[] {
    const open = this.#open.get(at);
    if (open === undefined) return NONE;
    this.#open.delete(at);
    if (open.kind === 'text') {
      if (open.citations.length === 0) return NONE;
      const annotations = annotationsOf(open.citations, open.start, this.#textLength);
      return annotations.length > 0 ? [{ annotations }] : NONE;
    }
    // A call without arguments has no delta; one that was made by code has them all at its start.
    return open.empty ? input(open, JSON.stringify(open.input ?? {})) : NONE;
  }

  /** What is still due when the answer is complete. */
  rest(): ChatDelta[] {
    return this.#held !== '' && !this.#hasJson ? [{ content: this.#held }] : NONE;
  }

  #startCall(at: number, id: string, vendorName: string, given: unknown): ChatDelta[] {
    if (vendorName === this.#jsonTool) {
      // A second JSON text behind the first would make the content none.
      if (!this.#hasJson) this.#open.set(at, { kind: 'json', empty: true, input: given });
      this.#hasJson = true;
      return NONE;
    }
    this.#names ??= vendorNames(this.#body);
    const index = this.calls++;
    this.#open.set(at, { kind: 'call', empty: true, input: given, index });
    const name = this.#names.fromVendor(vendorName);
    return [{ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }];
  }

  #text(content: string): ChatDelta[] {
    this.#textLength += content.length;
    if (this.#jsonTool === undefined) return [{ content }];
    this.#held += content;
    return NONE;
  }
}

function thinking(content: string): ChatDelta[] {
  return [{ reasoning: { content }, reasoning_content: content }];
}

function signature(id: string): ChatDelta {
  return { reasoning: { id } };
}

/** Arguments of a block that is not open are those of a vendor's tool. */
function input(open: Open | undefined, piece: string): ChatDelta[] {
  if (open === undefined || open.kind === 'text') return NONE;
  open.empty = false;
  if (open.kind === 'json') return [{ content: piece }];
  return [{ tool_calls: [{ index: open.index, function: { arguments: piece } }] }];
}
