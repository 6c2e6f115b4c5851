import type { Call, Route } from '../provider.ts';

/**
 * An embedding request goes out as it came, byte for byte, but for the model's name where that is another here. The
 * vendors' rules for chat fields do not hold for it.
 * https://platform.openai.com/docs/api-reference/embeddings/create
 */
export function encodeEmbeddings(call: Call, route: Route): Uint8Array {
  if (call.body.model === route.model) return call.bytes;
  return Buffer.from(JSON.stringify({ ...call.body, model: route.model }));
}
