import type { JsonObject } from '../../openai/wire.ts';

/**
 * The request fields that the gateway itself reads or writes.
 * https://platform.openai.com/docs/api-reference/chat/create
 */
export interface OpenAIRequest extends JsonObject {
  model: string;
  stream?: boolean | null;
  stream_options?: JsonObject | null;
}

/** The error forms that OpenAI-compatible vendors answer with; all keys optional, none relied upon. */
export interface ErrorWire {
  error?:
    | string
    | {
        message?: unknown;
        type?: unknown;
        param?: unknown;
        code?: unknown;
        metadata?: { raw?: unknown } | null;
      }
    | null;
  errors?: ({ message?: unknown; code?: unknown } | undefined)[];
  message?: unknown;
  detail?: unknown;
  title?: unknown;
  fault?: { faultstring?: unknown };
  type?: unknown;
  param?: unknown;
  code?: unknown;
  error_code?: unknown;
}
