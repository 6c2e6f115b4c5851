import { InvalidRequest } from '../../errors.ts';
import type { ChatMessage } from '../../openai/chat.ts';
import { type ToolNames, toolNames } from '../../openai/tool-names.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { Call, Route } from '../provider.ts';
import { type ModelTraits, traitsOf } from './models.ts';

/** Where Gemini is asked: AI Studio or Vertex. Their APIs are one but for a few fields. */
export type Platform = 'gemini' | 'vertex';

/** What every part of one request's conversion needs to know. */
export interface Encoding {
  readonly body: JsonObject;
  readonly messages: readonly ChatMessage[];
  readonly platform: Platform;
  readonly traits: ModelTraits;
  readonly names: ToolNames;
  /** Calls and their results carry ids: Vertex refuses them on models before Gemini 3. */
  readonly callIds: boolean;
  /** Fields left out so far, for `x-sluice-dropped`. */
  readonly dropped: Set<string>;
}

/** What one request's conversion starts from. */
export function encodingOf(call: Call, route: Route, platform: Platform): Encoding {
  const traits = traitsOf(route.model);
  return {
    body: call.body,
    messages: (Array.isArray(call.body.messages) ? call.body.messages : []) as unknown as ChatMessage[],
    platform,
    traits,
    callIds: platform === 'gemini' || traits.generation3,
    names: vendorNames(call.body),
    dropped: new Set(),
  };
}

/**
 * A function's name begins with a letter or an underscore and has 64 characters at most on the older models.
 * https://ai.google.dev/api/caching#FunctionDeclaration
 */
export function vendorNames(body: JsonObject): ToolNames {
  const names = toolNames(body, 63);
  return {
    toVendor(name) {
      const safe = names.toVendor(name);
      return /^[A-Za-z_]/.test(safe) ? safe : `_${safe}`;
    },
    fromVendor(name) {
      const direct = names.fromVendor(name);
      if (direct !== name || !/^_[^A-Za-z_]/.test(name)) return direct;
      return names.fromVendor(name.slice(1));
    },
  };
}

/** A 400 for what Gemini can't do. */
export function unsupported(param: string, message: string): InvalidRequest {
  return new InvalidRequest(message, { param, code: 'unsupported_parameter' });
}

/** A 400 for a value that is of no use. */
export function invalid(param: string, message: string): InvalidRequest {
  return new InvalidRequest(message, { param, code: 'invalid_value' });
}
