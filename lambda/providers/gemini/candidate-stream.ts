import type { ChunkBuilder } from '../../openai/chunks.ts';
import { isObject } from '../../openai/json.ts';
import type { ChatChunk, JsonObject } from '../../openai/wire.ts';
import { callId, imageOf, toolCall } from './answer-parts.ts';
import { finishReason } from './finish-reason.ts';
import { annotationsOf } from './grounding.ts';
import { logprobsOf } from './logprobs.ts';
import { PartialArguments } from './partial-arguments.ts';
import { signed } from './signatures.ts';
import type { Candidate, Part } from './wire.ts';

/** A call whose arguments come in pieces. */
interface OpenCall {
  readonly index: number;
  readonly pieces: PartialArguments;
}

/** One candidate of a stream. Tool calls are counted over all its events. */
export class CandidateStream {
  readonly #index: number;
  readonly #chunks: ChunkBuilder;
  readonly #fromVendor: (name: string) => string;
  /** Kept only where citations may have to be placed in it. */
  readonly #text: string[] | undefined;
  #calls = 0;
  #open: OpenCall | undefined;
  #native: string | undefined;
  #finishMessage: string | undefined;
  #grounding: Candidate['groundingMetadata'];

  constructor(index: number, chunks: ChunkBuilder, body: JsonObject, fromVendor: (name: string) => string) {
    this.#index = index;
    this.#chunks = chunks;
    this.#fromVendor = fromVendor;
    this.#text = mayBeGrounded(body) ? [] : undefined;
  }

  get finished(): boolean {
    return this.#native !== undefined;
  }

  onEvent(candidate: Candidate, out: ChatChunk[]): void {
    const parts = candidate.content?.parts;
    const before = out.length;
    if (Array.isArray(parts)) for (const part of parts) if (isObject(part)) this.#part(part, out);
    const logprobs = logprobsOf(candidate.logprobsResult);
    if (logprobs !== undefined) this.#withLogprobs(logprobs, before, out);
    // Later events may hold the queries alone.
    if (candidate.groundingMetadata?.groundingChunks !== undefined)
      this.#grounding = candidate.groundingMetadata;
    if (candidate.finishMessage !== undefined) this.#finishMessage = candidate.finishMessage;
    if (candidate.finishReason !== undefined && candidate.finishReason !== '')
      this.#native = candidate.finishReason;
  }

  /** `blocked` is why Gemini stopped reading the prompt, should it have done so after it began to answer. */
  end(out: ChatChunk[], blocked: string | undefined): void {
    this.#closeCall(out);
    const annotations = annotationsOf(this.#grounding, this.#text?.join('') ?? '');
    if (annotations.length > 0) out.push(this.#chunks.delta({ annotations }, this.#index));
    const cut = this.#native === undefined && blocked !== undefined;
    const reason = cut ? 'content_filter' : finishReason(this.#native, this.#calls > 0);
    if (reason === 'content_filter' && this.#finishMessage !== undefined)
      out.push(this.#chunks.delta({ refusal: this.#finishMessage }, this.#index));
    out.push(this.#chunks.finish(reason, this.#native ?? blocked, this.#index));
  }

  #part(part: Part, out: ChatChunk[]): void {
    if (isObject(part.functionCall)) {
      this.#functionCall(part, part.functionCall, out);
      return;
    }
    const { text } = part;
    if (typeof text === 'string' && text !== '') {
      this.#closeCall(out);
      const delta =
        part.thought === true ? { reasoning: { content: text }, reasoning_content: text } : { content: text };
      if (part.thought !== true) this.#text?.push(text);
      out.push(this.#chunks.delta(delta, this.#index));
    }
    const image = part.inlineData === undefined ? undefined : imageOf(part);
    if (image !== undefined) out.push(this.#chunks.delta({ images: [image] }, this.#index));
    else if (part.thoughtSignature !== undefined && part.inlineData === undefined)
      out.push(this.#chunks.delta({ reasoning: { id: part.thoughtSignature } }, this.#index));
  }

  #functionCall(part: Part, call: NonNullable<Part['functionCall']>, out: ChatChunk[]): void {
    if (call.name === undefined) {
      this.#continueCall(call, out);
      return;
    }
    this.#closeCall(out);
    const index = this.#calls++;
    const id = callId(call.id, this.#chunks.id, this.#index, index);
    if (call.willContinue !== true && call.partialArgs === undefined) {
      const whole = toolCall(part, call, id, this.#fromVendor);
      out.push(this.#chunks.delta({ tool_calls: [{ index, ...whole }] }, this.#index));
      return;
    }
    this.#open = { index, pieces: new PartialArguments() };
    const begun = {
      index,
      id,
      type: 'function' as const,
      function: { name: this.#fromVendor(call.name), arguments: '' },
      ...signed(part.thoughtSignature),
    };
    out.push(this.#chunks.delta({ tool_calls: [begun] }, this.#index));
    this.#continueCall(call, out);
  }

  #continueCall(call: NonNullable<Part['functionCall']>, out: ChatChunk[]): void {
    this.#open?.pieces.add(call.partialArgs ?? []);
    if (call.willContinue !== true) this.#closeCall(out);
  }

  /** The pieces' order need not be that of JSON text, so the arguments are sent once they are whole. */
  #closeCall(out: ChatChunk[]): void {
    if (this.#open === undefined) return;
    const { index, pieces } = this.#open;
    this.#open = undefined;
    const delta = { tool_calls: [{ index, function: { arguments: String(pieces) } }] };
    out.push(this.#chunks.delta(delta, this.#index));
  }

  #withLogprobs(logprobs: unknown, from: number, out: ChatChunk[]): void {
    if (out.length === from) out.push(this.#chunks.delta({}, this.#index));
    const choice = out[from]?.choices[0];
    if (choice !== undefined) choice.logprobs = logprobs;
  }
}

/** Whether the answer may cite sources: the vendor was given a tool of its own. */
function mayBeGrounded(body: JsonObject): boolean {
  if (isObject(body.web_search_options)) return true;
  return Array.isArray(body.tools) && body.tools.some((tool) => isObject(tool) && tool.type !== 'function');
}
