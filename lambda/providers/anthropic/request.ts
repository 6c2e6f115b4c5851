import { InvalidRequest } from '../../errors.ts';
import { isObject } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { applyRules, vendorFields } from '../field-rules.ts';
import { claudeQuirks, type ModelQuirks } from '../model-quirks.ts';
import type { Call, Route, UpstreamRequest } from '../provider.ts';
import { requiredBetas, withBetas } from './betas.ts';
import { vendorNames } from './declared-tools.ts';
import { refuseEmbeddings } from './embeddings.ts';
import { FIELDS, MERGED_FIELDS } from './fields.ts';
import type { Findings } from './findings.ts';
import { type Host, VERSION } from './host.ts';
import { encodeMessages } from './messages.ts';
import { encodeMetadata, encodeServiceTier } from './metadata.ts';
import { type Format, planFormat } from './response-format.ts';
import { encodeSampling } from './sampling.ts';
import { planThinking } from './thinking.ts';
import { encodeTools } from './tools.ts';
import type { MessagesRequest, TextBlockParam } from './wire.ts';

/** A chat request as a request of the Messages API. https://platform.claude.com/docs/en/api/messages */
export function encodeRequest(call: Call, route: Route, host: Host): UpstreamRequest {
  if (call.operation === 'embeddings') refuseEmbeddings(route.model);
  const findings: Findings = { dropped: new Set(), usesFiles: false };
  const request = encodeBody(call, route, host, findings);
  const headers: Record<string, string> = {
    accept: call.stream ? 'text/event-stream' : 'application/json',
    ...(host.versionHeader ? { 'anthropic-version': VERSION } : {}),
    ...vendorHeaders(call.headers),
    'content-type': 'application/json',
    'accept-encoding': 'identity',
  };
  return {
    method: 'POST',
    url: host.url(call, route),
    headers: withBetas(headers, requiredBetas(request, findings)),
    body: Buffer.from(JSON.stringify(host.body(request))),
    ...(findings.dropped.size > 0 ? { dropped: [...findings.dropped] } : {}),
  };
}

function encodeBody(call: Call, route: Route, host: Host, findings: Findings): MessagesRequest {
  const { body } = call;
  const { dropped } = findings;
  const quirks = claudeQuirks(route.model);
  applyRules(body, FIELDS, dropped);
  const names = vendorNames(body);
  const { system, turns, prefilled, lacksThinking } = encodeMessages(body, names, findings);
  if (turns.some(({ content }) => content.some(isFileOfVendor)) && !host.hasFiles) refuseFiles();
  const format = planFormat(body, quirks, host);
  const { tools, choice, forced } = encodeTools(body, names, format, quirks, dropped);
  const maxTokens = maxTokensOf(body, quirks);
  const circumstances = { maxTokens, forced, lacksThinking, prefilled };
  const { thinking, effort, on } = planThinking(body, quirks, circumstances, dropped);
  return {
    ...vendorFields(body, FIELDS, MERGED_FIELDS),
    model: route.model,
    max_tokens: maxTokens,
    ...withSystem(body.system, system),
    messages: turns,
    ...(tools.length > 0 ? { tools } : {}),
    ...(choice === undefined ? {} : { tool_choice: choice }),
    ...encodeSampling(body, quirks, on, dropped),
    ...encodeStop(body, dropped),
    ...(thinking === undefined ? {} : { thinking }),
    ...outputConfig(body.output_config, effort, format),
    ...encodeMetadata(body, dropped),
    ...encodeServiceTier(body, dropped),
    ...(call.stream ? { stream: true } : {}),
  } as MessagesRequest;
}

/** OpenAI's own headers are nothing to Anthropic. */
function vendorHeaders(headers: Call['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('openai-')));
}

/** The limit is the caller's, reasoning and answer together; where there is none, the vendor still wants one. */
function maxTokensOf(body: JsonObject, quirks: ModelQuirks): number {
  const field = body.max_completion_tokens == null ? 'max_tokens' : 'max_completion_tokens';
  const value = body[field];
  if (value === undefined || value === null) return quirks.defaultMaxTokens;
  if (typeof value === 'number') return value;
  throw new InvalidRequest(`${field} must be a number.`, { param: field, code: 'invalid_type' });
}

/** The caller's own `system`, in the vendor's form, comes before what the messages say. */
function withSystem(own: unknown, hoisted: TextBlockParam[]): { system?: TextBlockParam[] } {
  const before = typeof own === 'string' ? [{ type: 'text', text: own }] : Array.isArray(own) ? own : [];
  const system = [...before, ...hoisted] as TextBlockParam[];
  return system.length > 0 ? { system } : {};
}

/** The vendor refuses a stop sequence without a visible character. */
function encodeStop(body: JsonObject, dropped: Set<string>): { stop_sequences?: unknown[] } {
  const own = Array.isArray(body.stop_sequences) ? body.stop_sequences : [];
  const given = Array.isArray(body.stop) ? body.stop : body.stop == null ? [] : [body.stop];
  const taken = given.filter((stop) => typeof stop !== 'string' || stop.trim() !== '');
  if (taken.length < given.length) dropped.add('stop');
  const all = [...own, ...taken];
  return all.length > 0 ? { stop_sequences: all } : {};
}

function outputConfig(own: unknown, effort: string | undefined, format: Format): object {
  const config = {
    ...(effort === undefined ? {} : { effort }),
    ...(format.kind === 'native' ? { format: { type: 'json_schema', schema: format.schema } } : {}),
    ...(isObject(own) ? own : {}),
  };
  return Object.keys(config).length > 0 ? { output_config: config } : {};
}

function isFileOfVendor(block: object): boolean {
  const { source } = block as { source?: { type?: unknown } };
  return source?.type === 'file';
}

function refuseFiles(): never {
  throw new InvalidRequest('This provider has no Files API.', {
    param: 'messages',
    code: 'unsupported_content',
  });
}
