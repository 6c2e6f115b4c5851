import { isObject } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';

/**
 * Who asks: the vendor takes one opaque id and refuses any other key.
 * https://platform.claude.com/docs/en/api/messages#body-metadata
 */
export function encodeMetadata(body: JsonObject, dropped: Set<string>): { metadata?: { user_id: string } } {
  const metadata = isObject(body.metadata) ? body.metadata : {};
  const others = Object.keys(metadata).filter((key) => key !== 'user_id');
  if (others.length > 0) dropped.add('metadata');
  const given = [metadata.user_id, body.safety_identifier, body.user];
  const id = given.find((value) => typeof value === 'string' && value !== '');
  if (typeof body.user === 'string' && body.user !== '' && body.user !== id) dropped.add('user');
  return typeof id === 'string' ? { metadata: { user_id: id } } : {};
}

/** OpenAI's tiers that Anthropic has a word for. https://platform.claude.com/docs/en/api/service-tiers */
const TIERS: Readonly<Record<string, string>> = {
  auto: 'auto',
  priority: 'auto',
  default: 'standard_only',
  standard_only: 'standard_only',
};

export function encodeServiceTier(body: JsonObject, dropped: Set<string>): { service_tier?: string } {
  const { service_tier: wanted } = body;
  if (wanted === undefined || wanted === null) return {};
  const tier = typeof wanted === 'string' ? TIERS[wanted] : undefined;
  if (tier === undefined) dropped.add('service_tier');
  return tier === undefined ? {} : { service_tier: tier };
}
