import { isObject } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { RawCall } from '../../providers/provider.ts';

/** The JSON object that a raw call sends; undefined where it sends something else, or was not read. */
export function jsonBody({ body, headers }: RawCall): JsonObject | undefined {
  if (!(body instanceof Uint8Array) || !/json/i.test(headers['content-type'] ?? '')) return undefined;
  try {
    const json: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
