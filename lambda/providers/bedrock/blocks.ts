import { randomUUID } from 'node:crypto';
import { object } from '../../openai/json.ts';
import type { ChatDelta, JsonObject } from '../../openai/wire.ts';
import { annotation } from './citations.ts';
import { imagePart, joinBase64 } from './image.ts';
import { text } from './json.ts';
import { type DeltaKind, memberOf, type StartKind } from './wire.ts';

/** A content block that has begun. What can only be told whole is kept until it stops. */
interface OpenBlock {
  kind: 'text' | 'call' | 'json' | 'ignored-json' | 'vendor-tool';
  /** Where its text begins in the whole answer's. */
  readonly textStart: number;
  /** The place among the answer's tool calls: from 0, without holes, whatever other blocks there are. */
  call?: number;
  wroteArguments?: boolean;
  signature?: string;
  redacted?: string[];
  image?: { format: unknown; pieces: string[] };
}

/**
 * The content blocks of one stream as deltas. Where a JSON answer is wanted, text is held back: it is the answer only if
 * the tool that stands for the answer is never called.
 */
export class BlockDecoder {
  /** How many of the caller's tools were called. */
  calls = 0;
  readonly #open = new Map<number, OpenBlock>();
  readonly #fromVendor: (name: string) => string;
  readonly #jsonName: string | undefined;
  #textLength = 0;
  #heldText = '';
  #json = false;

  constructor(fromVendor: (name: string) => string, jsonName: string | undefined) {
    this.#fromVendor = fromVendor;
    this.#jsonName = jsonName;
  }

  start(index: number, start: JsonObject): ChatDelta[] {
    const block: OpenBlock = { kind: 'text', textStart: this.#textLength };
    this.#open.set(index, block);
    const member = memberOf<StartKind>(start);
    const kind = member?.kind;
    const value = object(member?.value) ?? {};
    switch (kind) {
      case 'toolUse':
        return this.#startTool(block, value);
      case 'toolResult':
        block.kind = 'vendor-tool';
        return [];
      case 'image':
        block.image = { format: value.format, pieces: [] };
        return [];
      case undefined:
        return [];
      default:
        kind satisfies never;
        return [];
    }
  }

  delta(index: number, delta: JsonObject): ChatDelta[] {
    const block = this.#block(index);
    const member = memberOf<DeltaKind>(delta);
    const kind = member?.kind;
    const value = object(member?.value) ?? {};
    switch (kind) {
      case 'text':
        return block.kind === 'text' ? this.#text(text(member?.value)) : [];
      case 'toolUse':
        return toolInput(block, value.input);
      case 'reasoningContent':
        return reasoning(block, value);
      case 'citation':
        return [{ annotations: [annotation(value, block.textStart, this.#textLength)] }];
      case 'image':
        block.image ??= { format: undefined, pieces: [] };
        for (const bytes of [text(object(value.source)?.bytes)])
          if (bytes !== undefined) block.image.pieces.push(bytes);
        return [];
      case 'toolResult':
      case undefined:
        return [];
      default:
        kind satisfies never;
        return [];
    }
  }

  stop(index: number): ChatDelta[] {
    const block = this.#open.get(index);
    this.#open.delete(index);
    return block === undefined ? [] : remainder(block);
  }

  /** What is due when the message stops: not every model stops each of its blocks. */
  end(): ChatDelta[] {
    const due = [...this.#open.keys()].flatMap((index) => this.stop(index));
    return this.#json || this.#heldText === '' ? due : [...due, { content: this.#heldText }];
  }

  /** Text and thoughts may begin with a delta. */
  #block(index: number): OpenBlock {
    const known = this.#open.get(index);
    if (known !== undefined) return known;
    const block: OpenBlock = { kind: 'text', textStart: this.#textLength };
    this.#open.set(index, block);
    return block;
  }

  #startTool(block: OpenBlock, value: JsonObject): ChatDelta[] {
    if (value.type === 'server_tool_use') {
      block.kind = 'vendor-tool';
      return [];
    }
    if (value.name === this.#jsonName) {
      // A second answer behind the first would make both unreadable.
      block.kind = this.#json ? 'ignored-json' : 'json';
      this.#json = true;
      return [];
    }
    block.kind = 'call';
    block.call = this.calls++;
    const id = text(value.toolUseId) ?? `call_${randomUUID()}`;
    const name = this.#fromVendor(String(value.name ?? ''));
    return [{ tool_calls: [{ index: block.call, id, type: 'function', function: { name, arguments: '' } }] }];
  }

  #text(piece: string | undefined): ChatDelta[] {
    if (piece === undefined) return [];
    this.#textLength += piece.length;
    if (this.#jsonName === undefined) return [{ content: piece }];
    this.#heldText += piece;
    return [];
  }
}

function toolInput(block: OpenBlock, input: unknown): ChatDelta[] {
  const piece = typeof input === 'string' ? input : JSON.stringify(input ?? '');
  if (piece === '' || piece === '""') return [];
  if (block.kind !== 'call' && block.kind !== 'json') return [];
  block.wroteArguments = true;
  return [argumentsDelta(block, piece)];
}

function argumentsDelta(block: OpenBlock, piece: string): ChatDelta {
  if (block.call === undefined) return { content: piece };
  return { tool_calls: [{ index: block.call, function: { arguments: piece } }] };
}

/** A signature and a redacted blob mean nothing in pieces: they come when the block stops. */
function reasoning(block: OpenBlock, value: JsonObject): ChatDelta[] {
  const signature = text(value.signature);
  if (signature !== undefined) block.signature = (block.signature ?? '') + signature;
  const redacted = text(value.redactedContent);
  if (redacted !== undefined) block.redacted = [...(block.redacted ?? []), redacted];
  const thought = text(value.text);
  return thought === undefined ? [] : [{ reasoning: { content: thought }, reasoning_content: thought }];
}

function remainder(block: OpenBlock): ChatDelta[] {
  const deltas: ChatDelta[] = [];
  const isCall = block.kind === 'call' || block.kind === 'json';
  // A tool without arguments streams none, and an empty text is no JSON.
  if (isCall && !block.wroteArguments) deltas.push(argumentsDelta(block, '{}'));
  if (block.signature !== undefined) deltas.push({ reasoning: { id: block.signature } });
  if (block.redacted !== undefined)
    deltas.push({ reasoning: { redacted: true, id: joinBase64(block.redacted) } });
  const images =
    block.image === undefined ? [] : imagePart(block.image.format, joinBase64(block.image.pieces));
  if (images.length > 0) deltas.push({ images });
  return deltas;
}
