import { object } from '../../openai/json.ts';
import { preciseBody } from '../../openai/precise-json.ts';
import type { JsonObject, Operation } from '../../openai/wire.ts';
import type { Call, Route, UpstreamRequest } from '../provider.ts';
import type { CompatibleVendor } from '../vendor.ts';
import { encodeEmbeddings } from './embeddings.ts';
import { encodeHistory } from './history.ts';
import { addsUsageChunk } from './stream.ts';

/** Fields that are the gateway's own, not OpenAI's. https://www.braintrust.dev/docs/deploy/ai-proxy#reasoning-models */
const OWN_FIELDS = ['reasoning_enabled', 'reasoning_budget', 'use_cache'];

export const PATHS: Readonly<Record<Operation, string>> = {
  chat: '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
  moderations: '/moderations',
};

/** The caller's body with what the vendor needs otherwise; the caller's very bytes where nothing has to change. */
export function encodeBody(call: Call, route: Route, vendor: CompatibleVendor): Uint8Array {
  if (call.operation === 'embeddings') return encodeEmbeddings(call, route);
  const fields = fieldChanges(call.body, vendor);
  const changes = valueChanges(call, route, vendor);
  if (fields.length + Object.keys(changes).length === 0) return call.bytes;
  const body = { ...preciseBody(call.body, call.bytes), ...changes };
  for (const [from, to] of fields) {
    if (to !== undefined) body[to] ??= body[from];
    delete body[from];
  }
  return Buffer.from(JSON.stringify(body));
}

function valueChanges(call: Call, route: Route, vendor: CompatibleVendor): JsonObject {
  const { body } = call;
  const messages = encodeHistory(body.messages, vendor);
  return {
    ...(body.model === route.model ? {} : { model: route.model }),
    ...(messages === undefined ? {} : { messages }),
    ...(addsUsageChunk(call, vendor)
      ? { stream_options: { ...object(body.stream_options), include_usage: true } }
      : {}),
  };
}

/** Fields that go, and the name that each goes on under, if any. */
function fieldChanges(body: JsonObject, vendor: CompatibleVendor): [from: string, to: string | undefined][] {
  const gone = [...OWN_FIELDS, ...(vendor.refusedFields ?? [])].map((field) => [field, undefined] as const);
  const renamed = Object.entries(vendor.renamedFields ?? {});
  return [...renamed, ...gone].flatMap(([from, to]) => (body[from] === undefined ? [] : [[from, to]]));
}

export function encodeRequest(
  call: Call,
  route: Route,
  vendor: CompatibleVendor,
  url: string,
): UpstreamRequest {
  const headers = { accept: call.stream ? 'text/event-stream' : 'application/json', ...call.headers };
  return {
    method: 'POST',
    url,
    headers: { ...headers, 'content-type': 'application/json', 'accept-encoding': 'identity' },
    body: encodeBody(call, route, vendor),
  };
}
