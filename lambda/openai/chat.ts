import type { JsonObject, ReasoningPart, ToolCall } from './wire.ts';

/**
 * OpenAI's chat request, as far as conversion reads it. All of it comes from a caller: a field may be missing, null or of
 * another type than stated, and what conversion can't use it refuses with a 400 that names the field.
 * https://platform.openai.com/docs/api-reference/chat/create
 */
export interface ChatRequest extends JsonObject {
  model: string;
}

/** One part of a message's content. Unknown types exist: `type` decides. */
export interface ContentPart {
  type: string;
  text?: string;
  refusal?: string;
  /** `url` is http(s) or a `data:` URL; some clients send the URL alone. */
  image_url?: { url?: string; detail?: string; format?: string } | string;
  /** `file_data` is a `data:` URL or bare base64. */
  file?: { file_data?: string; filename?: string; file_id?: string };
  input_audio?: { data?: string; format?: string };
  /** Prompt caching, as Anthropic writes it: `{"type": "ephemeral", "ttl": "1h"}`. */
  cache_control?: JsonObject;
}

export interface ChatMessage {
  /** `system`, `developer`, `user`, `assistant`, `tool`; the obsolete `function` too. */
  role: string;
  content?: string | (string | ContentPart)[] | null;
  name?: string;
  tool_calls?: ToolCall[] | null;
  /** The obsolete single call. */
  function_call?: { name?: string; arguments?: string } | null;
  tool_call_id?: string;
  refusal?: string | null;
  reasoning?: ReasoningPart[] | string | null;
  reasoning_content?: string | null;
  cache_control?: JsonObject;
}

export interface FunctionTool {
  type: 'function';
  function: { name: string; description?: string; parameters?: JsonObject; strict?: boolean | null };
  cache_control?: JsonObject;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { type: 'function'; function: { name: string } };

export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema';
      json_schema: { name: string; description?: string; schema?: JsonObject; strict?: boolean | null };
    };
