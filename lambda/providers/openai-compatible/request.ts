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
};

/** The caller's body with what the vendor needs otherwise; the caller's very bytes where nothing has to change. */
export function encodeBody(call: Call, route: Route, vendor: CompatibleVendor): Uint8Array {
  if (call.operation === 'embeddings') return encodeEmbeddings(call, route);
  const changes = bodyChanges(call, route, vendor);
  if (changes === undefined) return call.bytes;
  return Buffer.from(JSON.stringify(changes));
}

function bodyChanges(call: Call, route: Route, vendor: CompatibleVendor): JsonObject | undefined {
  const changes: JsonObject = {};
  if (call.body.model !== route.model) changes.model = route.model;
  const messages = encodeHistory(call.body.messages, vendor);
  if (messages !== undefined) changes.messages = messages;
  if (addsUsageChunk(call, vendor))
    changes.stream_options = { ...asObject(call.body.stream_options), include_usage: true };
  const dropped = [...OWN_FIELDS, ...(vendor.refusedFields ?? [])].filter(
    (field) => call.body[field] !== undefined,
  );
  const renamed = Object.entries(vendor.renamedFields ?? {}).filter(
    ([from]) => call.body[from] !== undefined,
  );
  if (dropped.length + renamed.length + Object.keys(changes).length === 0) return undefined;
  const body = { ...call.body, ...changes };
  for (const [from, to] of renamed) {
    body[to] ??= body[from];
    delete body[from];
  }
  for (const field of dropped) delete body[field];
  return body;
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

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
