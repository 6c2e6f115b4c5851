import type * as aws from '@aws-sdk/client-bedrock-runtime';
import type { JsonObject } from '../../openai/wire.ts';

/**
 * The SDK's types as they go over the wire: a blob is base64 text, and a member that the SDK does not know has no type.
 */
type Wire<T> = T extends Uint8Array
  ? string
  : T extends { $unknown: [string, unknown] }
    ? never
    : T extends readonly (infer Item)[]
      ? Wire<Item>[]
      : T extends object
        ? { [Key in keyof T as Key extends '$unknown' ? never : Key]: Wire<T[Key]> }
        : T;

export type ImageFormat = aws.ImageFormat;
export type DocumentFormat = aws.DocumentFormat;
export type VideoFormat = aws.VideoFormat;
export type StopReason = aws.StopReason;
export type InferenceConfig = aws.InferenceConfiguration;
export type MediaSource = { bytes: string } | { s3Location: { uri: string } };

export interface CachePoint {
  cachePoint: { type: 'default'; ttl?: aws.CacheTTL };
}

export interface ToolUse {
  toolUseId: string;
  name: string;
  input: JsonObject;
}

export type MediaBlock =
  | { text: string }
  | { image: { format: ImageFormat; source: MediaSource } }
  | { document: { format: DocumentFormat; name: string; source: MediaSource } }
  | { video: { format: VideoFormat; source: MediaSource } };

/** What a request holds; https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html */
export type RequestBlock =
  | MediaBlock
  | CachePoint
  | { toolUse: ToolUse }
  | { toolResult: { toolUseId: string; content: MediaBlock[] } }
  | { reasoningContent: Wire<aws.ReasoningContentBlock> };

export interface Turn {
  role: 'user' | 'assistant';
  content: RequestBlock[];
}

export type SystemBlock = { text: string } | CachePoint;

export type Tool =
  | { toolSpec: { name: string; description?: string; inputSchema: { json: JsonObject }; strict?: boolean } }
  | CachePoint;

export type ToolChoice = { auto: object } | { any: object } | { tool: { name: string } };

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
export interface ConverseBody {
  messages: Turn[];
  system?: SystemBlock[];
  inferenceConfig?: InferenceConfig;
  toolConfig?: { tools: Tool[]; toolChoice?: ToolChoice };
  requestMetadata?: Record<string, string>;
  serviceTier?: { type: string };
  additionalModelRequestFields?: JsonObject;
  [vendor: string]: unknown;
}

/** Converse's own top-level fields: a change of the SDK that takes one away shows here. */
export type ConverseField = Exclude<keyof aws.ConverseRequest, 'modelId'>;

type Kinds<Member> = Exclude<keyof Member, '$unknown'>;
export type BlockKind = Kinds<aws.ContentBlock.TextMember>;
export type DeltaKind = Kinds<aws.ContentBlockDelta.TextMember>;
export type StartKind = Kinds<aws.ContentBlockStart.ToolUseMember>;
export type EventKind = Kinds<aws.ConverseStreamOutput.MessageStartMember>;
export type LocationKind = Kinds<aws.CitationLocation.WebMember>;

/** A union's one member: its name and its value. What the SDK does not know comes out too: switches have a default. */
export function memberOf<Kind extends string>(union: JsonObject): { kind: Kind; value: unknown } | undefined {
  const entry = Object.entries(union).find(
    ([name, value]) => value !== undefined && value !== null && name !== 'type',
  );
  return entry === undefined ? undefined : { kind: entry[0] as Kind, value: entry[1] };
}
