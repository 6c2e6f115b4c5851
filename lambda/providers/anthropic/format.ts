import type { JsonObject } from '../../openai/wire.ts';
import type { Tool } from './wire.ts';

/** How the caller's `response_format` is kept. Made anew from the request wherever it is needed, and the same each time. */
export type Format =
  | { readonly kind: 'text' }
  /** The vendor's own decoding keeps the schema. */
  | { readonly kind: 'native'; readonly schema: JsonObject }
  /** A tool whose arguments are the answer; it comes back as content. */
  | { readonly kind: 'tool'; readonly tool: Tool; readonly forced: boolean };
