import { asksForUsage } from '../../openai/chunks.ts';
import type { Call } from '../provider.ts';
import type { CompatibleVendor } from '../vendor.ts';

/**
 * Whether the gateway asks for the stream's usage on the caller's behalf: the caller did not, and the vendor knows how.
 * https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options
 */
export function addsUsageChunk(call: Call, vendor: CompatibleVendor): boolean {
  return call.stream && call.operation !== 'embeddings' && vendor.includeUsage && !asksForUsage(call.body);
}
