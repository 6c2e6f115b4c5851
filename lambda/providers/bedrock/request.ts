import type { ChatMessage } from '../../openai/chat.ts';
import { merged, object, objects } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { applyRules, vendorFields } from '../field-rules.ts';
import type { Call } from '../provider.ts';
import { type Encoding, newEncoding } from './encoding.ts';
import { FIELDS, OWN_FIELDS } from './fields.ts';
import { encodeInference, tokenLimit, withOwn } from './inference-config.ts';
import { text } from './json.ts';
import { encodeMessages } from './messages.ts';
import { encodeReasoning } from './reasoning.ts';
import { encodeTools } from './tools.ts';
import type { ConverseBody } from './wire.ts';

/**
 * A chat request in Converse's words, and the names of the fields that it has none for.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */
export function encodeChat(call: Call, model: string): { body: ConverseBody; dropped: string[] } {
  const { body } = call;
  const encoding = newEncoding(body, model);
  applyRules(body, FIELDS, encoding.dropped);
  const { system, messages } = encodeMessages(objects(body.messages) as unknown as ChatMessage[], encoding);
  const tools = encodeTools(body, encoding);
  if (tools.instruction !== undefined) system.push({ text: tools.instruction });
  const reasoning = encodeReasoning(body, messages, tokenLimit(body), tools.forced, encoding);
  const { config, more } = encodeInference(body, reasoning.refuses === 'sampling', encoding);
  const inferenceConfig = withOwn(config, object(body.inferenceConfig));
  const fields = [
    reasoning.more,
    tools.more,
    more,
    vendorFields(body, FIELDS, new Set(OWN_FIELDS)),
    object(body.additionalModelRequestFields) ?? {},
  ];
  const additional = fields.reduce<JsonObject>(merged, {});
  const own = ownFields(body);
  const encoded: ConverseBody = {
    ...own,
    messages,
    ...(system.length === 0 ? {} : { system }),
    ...(Object.keys(inferenceConfig).length === 0 ? {} : { inferenceConfig }),
    ...(tools.toolConfig === undefined ? {} : { toolConfig: tools.toolConfig }),
    ...requestMetadata(body, encoding),
    ...serviceTier(body, encoding),
    ...(Object.keys(additional).length === 0 ? {} : { additionalModelRequestFields: additional }),
  };
  return { body: encoded, dropped: [...encoding.dropped] };
}

function ownFields(body: JsonObject): JsonObject {
  return Object.fromEntries(
    OWN_FIELDS.flatMap((field) =>
      body[field] === undefined || body[field] === null ? [] : [[field, body[field]]],
    ),
  );
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#bedrock-runtime_Converse-request-requestMetadata */
function requestMetadata(body: JsonObject, encoding: Encoding): Pick<ConverseBody, 'requestMetadata'> {
  const entries = Object.entries(object(body.metadata) ?? {});
  const allowed = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/;
  const usable = entries.filter(
    (entry): entry is [string, string] =>
      entry[0] !== '' && typeof entry[1] === 'string' && allowed.test(entry[0]) && allowed.test(entry[1]),
  );
  if (usable.length < entries.length) encoding.dropped.add('metadata');
  if (usable.length === 0) return {};
  return { requestMetadata: { ...Object.fromEntries(usable), ...(object(body.requestMetadata) as object) } };
}

/** `auto` leaves it to the vendor. https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html */
function serviceTier(body: JsonObject, encoding: Encoding): Pick<ConverseBody, 'serviceTier'> {
  const type = text(body.service_tier);
  if (type === undefined || type === 'auto' || body.serviceTier !== undefined) return {};
  if (['default', 'flex', 'priority', 'reserved'].includes(type)) return { serviceTier: { type } };
  encoding.dropped.add('service_tier');
  return {};
}
