/**
 * OpenAI's wire shapes, as far as the gateway reads them. Requests and answers may hold more: what is not named
 * here passes through. https://platform.openai.com/docs/api-reference/chat
 */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

/** What a request asks of a model: the path's meaning, whatever base path it came under. */
export type Operation = 'chat' | 'completions' | 'embeddings' | 'moderations';

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details?: { cached_tokens?: number; cache_creation_tokens?: number; audio_tokens?: number };
  completion_tokens_details?: { reasoning_tokens?: number; audio_tokens?: number };
}

export interface ToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
  [extension: string]: unknown;
}

/** A piece of the model's thinking: text, then the vendor's signature as `id`; `redacted` blocks hold only `id`. */
export interface ReasoningPart {
  content?: string;
  id?: string;
  redacted?: boolean;
}

export interface AssistantMessage {
  role: 'assistant';
  content: string | null;
  refusal: string | null;
  tool_calls?: ToolCall[];
  reasoning?: ReasoningPart[];
  reasoning_content?: string;
  annotations?: unknown[];
  images?: unknown[];
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

export interface ChatResponse {
  id: string;
  object: 'chat.completion';
  created: number;
  model: string;
  choices: {
    index: number;
    message: AssistantMessage;
    finish_reason: FinishReason;
    native_finish_reason?: string;
    logprobs?: unknown;
  }[];
  usage?: Usage;
  [extension: string]: unknown;
}

export interface ChatDelta {
  role?: 'assistant';
  content?: string | null;
  refusal?: string | null;
  tool_calls?: {
    index: number;
    id?: string;
    type?: 'function';
    function?: { name?: string; arguments?: string };
  }[];
  reasoning?: ReasoningPart;
  reasoning_content?: string;
  annotations?: unknown[];
  images?: unknown[];
}

export interface ChatChunk {
  id: string;
  object: 'chat.completion.chunk';
  created: number;
  model: string;
  choices: {
    index: number;
    delta: ChatDelta;
    finish_reason: FinishReason | null;
    native_finish_reason?: string;
    logprobs?: unknown;
  }[];
  usage?: Usage | null;
  [extension: string]: unknown;
}

/** https://platform.openai.com/docs/api-reference/embeddings/create */
export interface EmbeddingResponse {
  object: 'list';
  data: { object: 'embedding'; index: number; embedding: number[] | string }[];
  model: string;
  usage: { prompt_tokens: number; total_tokens: number };
}
