import type {
  ContentBlockParam,
  DocumentBlockParam,
  ImageBlockParam,
  Message,
  MessageCreateParamsBase,
  RawMessageStartEvent,
  RawMessageStreamEvent,
  TextBlockParam,
  TextCitation,
  ToolResultBlockParam,
  ToolUnion,
} from '@anthropic-ai/sdk/resources/messages';

/**
 * Anthropic's wire format, as the vendor's SDK types it. The types are a dependency of development alone: a new event or
 * block shows up as a type error in the switches below, never as a failure of a running gateway.
 * https://platform.claude.com/docs/en/api/messages
 */
export type {
  MessageDeltaUsage,
  StopReason,
  TextBlockParam,
  TextCitation,
  ThinkingConfigParam,
  Tool,
  ToolChoice,
  ToolResultBlockParam,
  ToolUnion,
  Usage as UsageWire,
} from '@anthropic-ai/sdk/resources/messages';

export type Block = ContentBlockParam;
export type MediaBlock = ImageBlockParam | DocumentBlockParam;
export type ResultContent = Exclude<ToolResultBlockParam['content'], string | undefined>[number];
export type CacheControl = NonNullable<TextBlockParam['cache_control']>;

/** `role: "system"` among the messages exists for some models only; system text is hoisted instead. */
export interface Turn {
  role: 'user' | 'assistant';
  content: Block[];
}

/** The request. What the vendor knows beyond these fields is in it too, as the caller sent it. */
export type MessagesRequest = Omit<MessageCreateParamsBase, 'messages' | 'tools'> &
  Record<string, unknown> & { messages: Turn[]; tools?: ToolUnion[]; top_k?: unknown };

/** An answer or an event has a `type`; everything else may be missing or null. */
export type Loose<T> = T extends readonly (infer Item)[]
  ? readonly Loose<Item>[]
  : T extends object
    ? { readonly [K in keyof T as K extends 'type' ? K : never]: T[K] } & {
        readonly [K in keyof T as K extends 'type' ? never : K]?: Loose<T[K]> | null;
      }
    : T;

export type MessageWire = Loose<Omit<Message, 'model'> & { model: string }>;
export type ContentWire = Loose<Message['content'][number]>;
export type CitationWire = Loose<TextCitation>;
export type StartEvent = Omit<RawMessageStartEvent, 'message'> & { message: MessageWire };
export type StreamEvent = Loose<
  Exclude<RawMessageStreamEvent, RawMessageStartEvent> | StartEvent | PingEvent | ErrorEvent
>;

/** https://platform.claude.com/docs/en/build-with-claude/streaming#ping-events */
export interface PingEvent {
  type: 'ping';
}

/** The body of an error answer, and an event of a stream that fails. https://platform.claude.com/docs/en/api/errors */
export interface ErrorEvent {
  type: 'error';
  error: ErrorWire;
  request_id?: string | null;
}

export interface ErrorWire {
  type: string;
  message: string;
  details?: { error_code?: string } | null;
}

/** Takes a value of a type that the types know nothing of: new blocks, events and deltas are no failure. */
export function ignored(_unknown: never): void {}
