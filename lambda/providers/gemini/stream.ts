import { Upstream } from '../../errors.ts';
import { asksForUsage, ChunkBuilder } from '../../openai/chunks.ts';
import { isObject } from '../../openai/json.ts';
import type { ChatChunk, JsonObject, Usage } from '../../openai/wire.ts';
import { StreamError } from '../../streams/stream-error.ts';
import type { Call, Route, StreamDecoder } from '../provider.ts';
import { CandidateStream } from './candidate-stream.ts';
import { vendorNames } from './encoding.ts';
import { textOf } from './json.ts';
import { blockReason, createdAt, refusalFor } from './response.ts';
import { usageOf } from './usage.ts';
import type { GenerateContentResponse } from './wire.ts';

/**
 * Events of `streamGenerateContent`, each a small `GenerateContentResponse`. A candidate's finish is held back to the end:
 * Gemini may go on after its first finish reason, and older models tell one in every event.
 * https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 */
export class GeminiStreamDecoder implements StreamDecoder {
  usage: Usage | undefined;
  readonly #call: Call;
  readonly #route: Route;
  readonly #candidates = new Map<number, CandidateStream>();
  readonly #fromVendor: (name: string) => string;
  #chunks: ChunkBuilder | undefined;
  #blocked: string | undefined;

  constructor(call: Call, route: Route) {
    this.#call = call;
    this.#route = route;
    this.#fromVendor = vendorNames(call.body).fromVendor;
  }

  onEvent(event: JsonObject): ChatChunk[] {
    const wire = event as unknown as GenerateContentResponse;
    if (isObject(wire.error) || Array.isArray(event)) throw new StreamError(JSON.stringify(event));
    const builder = this.#builder(wire);
    this.usage = usageOf(wire.usageMetadata) ?? this.usage;
    this.#blocked ??= blockReason(wire);
    const out: ChatChunk[] = [];
    const { candidates } = wire;
    if (!Array.isArray(candidates)) return out;
    for (let place = 0; place < candidates.length; place++) {
      const candidate = candidates[place];
      if (typeof candidate !== 'object' || candidate === null) continue;
      this.#candidate(candidate.index ?? place, builder).onEvent(candidate, out);
    }
    return out;
  }

  end(): ChatChunk[] {
    const out: ChatChunk[] = [];
    const builder = this.#chunks;
    const blocked = this.#blocked;
    if (builder !== undefined && blocked !== undefined && this.#candidates.size === 0) {
      out.push(builder.delta({ refusal: refusalFor(blocked) }));
      out.push(builder.finish('content_filter', nativeReason(blocked)));
    } else if (builder === undefined || this.#candidates.size === 0 || !this.#complete()) {
      throw new Upstream(
        `The provider ${this.#route.provider.name} ended its stream before the answer was complete.`,
        { code: 'upstream_incomplete' },
      );
    }
    for (const candidate of this.#candidates.values()) candidate.end(out, nativeReason(blocked));
    if (builder !== undefined && this.usage !== undefined && asksForUsage(this.#call.body))
      out.push(builder.usage(this.usage));
    return out;
  }

  #complete(): boolean {
    return this.#blocked !== undefined || this.#candidates.values().every((candidate) => candidate.finished);
  }

  #builder(wire: GenerateContentResponse): ChunkBuilder {
    this.#chunks ??= new ChunkBuilder(
      textOf(wire.responseId) ?? crypto.randomUUID(),
      textOf(wire.modelVersion) ?? this.#route.model,
      createdAt(wire),
    );
    return this.#chunks;
  }

  #candidate(index: number, builder: ChunkBuilder): CandidateStream {
    const known = this.#candidates.get(index);
    if (known !== undefined) return known;
    const made = new CandidateStream(index, builder, this.#call.body, this.#fromVendor);
    this.#candidates.set(index, made);
    return made;
  }
}

function nativeReason(blocked: string | undefined): string | undefined {
  return blocked?.split(':')[0];
}
