import { type ToolNames, toolNames } from '../../openai/tool-names.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { text } from './json.ts';
import { DocumentNames } from './media.ts';
import { type ModelTraits, traitsOf } from './models.ts';
import type { CachePoint } from './wire.ts';

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html */
export const MAX_TOOL_NAME = 64;

/** What one request's parts share while they are encoded. */
export interface Encoding {
  readonly traits: ModelTraits;
  readonly names: ToolNames;
  readonly documents: DocumentNames;
  /** What was left out by rule, by the fields' names. */
  readonly dropped: Set<string>;
}

export function newEncoding(body: JsonObject, model: string): Encoding {
  return {
    traits: traitsOf(model),
    names: toolNames(body, MAX_TOOL_NAME),
    documents: new DocumentNames(),
    dropped: new Set(),
  };
}

/**
 * `cache_control` as a cache point behind what it stood on; nothing where the model has no cache.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 */
export function cachePoint(
  control: JsonObject | null | undefined,
  place: 'messages' | 'tools',
  encoding: Encoding,
): CachePoint[] {
  if (control === undefined || control === null) return [];
  const { cachePoints } = encoding.traits;
  if (cachePoints === 'nowhere' || (cachePoints === 'messages' && place === 'tools')) {
    encoding.dropped.add('cache_control');
    return [];
  }
  const ttl = text(control.ttl);
  return [{ cachePoint: { type: 'default', ...(ttl === '5m' || ttl === '1h' ? { ttl } : {}) } }];
}
