import type {
  ChatChunk,
  ChatResponse,
  EmbeddingResponse,
  JsonObject,
  Operation,
  Usage,
} from '../openai/wire.ts';

/** One model request of a caller, in OpenAI's shape. Never changed: each attempt encodes a fresh body from it. */
export interface Call {
  readonly operation: Operation;
  readonly body: JsonObject;
  /** `body` as the caller sent it, so that a body that needs no change goes out byte for byte. */
  readonly bytes: Uint8Array;
  readonly stream: boolean;
  /** The caller's headers that may go upstream: lower-case names, nothing that carries a key. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A request that is relayed as it is. `target` is path and query below the provider's base URL: `/files?limit=2`. */
export interface RawCall {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
}

/**
 * One key of a provider with what belongs to it. A secret's plain string is `{apiKey}`; its object form may hold
 * `baseUrl` and whatever else the provider's kind knows (`apiVersion`, `region`, `accessKeyId`, …).
 */
export interface ProviderKey {
  readonly apiKey?: string;
  readonly baseUrl?: string;
  readonly [setting: string]: string | undefined;
}

/** One way to serve a call: the provider, the model's name there, and the key to use. */
export interface Route {
  readonly provider: Provider;
  readonly model: string;
  readonly key: ProviderKey;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
  /** Fields of the caller's that the vendor has nothing for, left out by rule; told in `x-sluice-dropped`. */
  readonly dropped?: readonly string[];
}

/** A vendor's error, read from its own format. `status` only where the vendor's HTTP status does not tell it. */
export interface VendorError {
  readonly message: string;
  readonly type?: string;
  readonly code?: string | null;
  readonly param?: string | null;
  readonly status?: number;
  readonly retryAfterSeconds?: number;
}

/** The vendor answers in OpenAI's own format: bytes are relayed untouched and usage is read from the side. */
export interface Relay {
  readonly kind: 'relay';
  usageOf(answer: JsonObject): Usage | undefined;
  /** Whether `encodeRequest` asked for a usage chunk that the caller did not ask for, to be taken out again. */
  addsUsageChunk(call: Call, route: Route): boolean;
}

/** The vendor has a format of its own: answers are decoded into OpenAI's and encoded anew. */
export interface Conversion {
  readonly kind: 'conversion';
  readonly framing: 'sse' | 'aws-event-stream';
  decodeResponse(answer: JsonObject, call: Call, route: Route): ChatResponse;
  decodeStream(call: Call, route: Route): StreamDecoder;
  /** Absent where the vendor embeds nothing. */
  readonly embeddings?: EmbeddingConversion;
}

export interface EmbeddingConversion {
  /** How many inputs one upstream call may hold. */
  batchLimit(model: string): number;
  /** `call.body.input` is a list of at most `batchLimit` texts; the answer's `embedding`s are numbers, in that order. */
  decodeEmbeddings(answer: JsonObject, call: Call, route: Route): EmbeddingResponse;
}

/**
 * A push decoder, one per response. An event is the JSON of one SSE `data`, or of one AWS event-stream message as
 * `{[":event-type"]: payload}`. Unknown events are ignored; an event that reports a failure throws StreamError.
 */
export interface StreamDecoder {
  /** The usage so far, for the log and for what is counted; also where the caller did not ask for it. */
  readonly usage: Usage | undefined;
  onEvent(event: JsonObject): ChatChunk[];
  /**
   * At the end of the bytes: the chunks still due, the usage chunk last where the caller asked for it. Throws Upstream
   * (code `upstream_incomplete`) where the vendor's terminal event never came.
   */
  end(): ChatChunk[];
}

/** A model as a vendor lists it. `created` in seconds since the epoch. */
export interface ListedModel {
  readonly id: string;
  readonly created?: number;
  readonly owned_by?: string;
}

/** A provider entry: one vendor, one base URL. `encodeRequest`, `encodeRaw` and `decodeError` are pure. */
export interface Provider {
  /** The entry's name, as in `name/model` and in `x-bt-endpoint-name`. */
  readonly name: string;
  readonly answer: Relay | Conversion;
  /** Throws InvalidRequest that names the field where the vendor can't do what the answer's shape depends on. */
  encodeRequest(call: Call, route: Route): UpstreamRequest;
  encodeRaw(call: RawCall, key: ProviderKey): UpstreamRequest;
  authorize(request: UpstreamRequest, key: ProviderKey): UpstreamRequest | Promise<UpstreamRequest>;
  decodeError(status: number, body: string): VendorError;
  /**
   * Whether the vendor can't fetch the media at this URL itself, so that the gateway puts it into the request as a
   * `data:` URL first. Absent: the vendor fetches what it is given.
   */
  needsInline?(url: string, route: Route): boolean;
  /** Whether the vendor serves this model on `/completions` itself. Absent: never, a completion becomes a chat. */
  servesCompletions?(model: string): boolean;
  /** The models in an answer to `GET /models`; absent where that is OpenAI's list. */
  modelsOf?(answer: unknown): ListedModel[];
}
