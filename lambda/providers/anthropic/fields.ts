import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import { InvalidRequest } from '../../errors.ts';
import type { JsonObject } from '../../openai/wire.ts';

/** What becomes of a field of OpenAI's chat request on the way to Anthropic's Messages API. */
export type FieldRule =
  | { readonly rule: 'mapped'; readonly to: string }
  /** Left out and named in `x-sluice-dropped`; `unless` holds values that ask for nothing. */
  | { readonly rule: 'dropped'; readonly why: string; readonly unless?: readonly unknown[] }
  /** A 400 with `param`; `unless` holds values that the vendor satisfies anyway. */
  | { readonly rule: 'refused'; readonly why: string; readonly unless?: readonly unknown[] };

const noSuchKnob = 'Anthropic has no such knob.';

/**
 * Every field of OpenAI's API, one rule each. A field that is not here is the vendor's own and is forwarded.
 * https://platform.openai.com/docs/api-reference/chat/create, https://platform.claude.com/docs/en/api/messages
 */
export const FIELDS = {
  model: { rule: 'mapped', to: 'model' },
  messages: { rule: 'mapped', to: 'messages, system' },
  stream: { rule: 'mapped', to: 'stream' },
  stream_options: { rule: 'mapped', to: 'the usage chunk, made by the gateway' },
  max_tokens: { rule: 'mapped', to: 'max_tokens' },
  max_completion_tokens: { rule: 'mapped', to: 'max_tokens' },
  temperature: { rule: 'mapped', to: 'temperature, lowered to 1' },
  top_p: { rule: 'mapped', to: 'top_p' },
  stop: { rule: 'mapped', to: 'stop_sequences' },
  tools: { rule: 'mapped', to: 'tools' },
  tool_choice: { rule: 'mapped', to: 'tool_choice' },
  parallel_tool_calls: { rule: 'mapped', to: 'tool_choice.disable_parallel_tool_use' },
  functions: { rule: 'mapped', to: 'tools' },
  function_call: { rule: 'mapped', to: 'tool_choice' },
  response_format: { rule: 'mapped', to: 'output_config.format, or a forced tool' },
  reasoning_effort: { rule: 'mapped', to: 'thinking, output_config.effort' },
  user: { rule: 'mapped', to: 'metadata.user_id' },
  safety_identifier: { rule: 'mapped', to: 'metadata.user_id' },
  metadata: { rule: 'mapped', to: 'metadata.user_id; other keys are dropped' },
  service_tier: { rule: 'mapped', to: 'service_tier: auto, default and priority; others are dropped' },
  web_search_options: { rule: 'mapped', to: 'the tool web_search_20250305' },
  seed: { rule: 'dropped', why: noSuchKnob },
  frequency_penalty: { rule: 'dropped', why: noSuchKnob, unless: [0] },
  presence_penalty: { rule: 'dropped', why: noSuchKnob, unless: [0] },
  logit_bias: { rule: 'dropped', why: noSuchKnob, unless: [{}] },
  verbosity: { rule: 'dropped', why: noSuchKnob },
  prediction: { rule: 'dropped', why: 'It only speeds an answer up.' },
  store: { rule: 'dropped', why: 'Anthropic keeps no answers to be asked for again.', unless: [false] },
  prompt_cache_key: { rule: 'dropped', why: 'Prompts are cached by `cache_control`.' },
  prompt_cache_options: { rule: 'dropped', why: 'Prompts are cached by `cache_control`.' },
  prompt_cache_retention: { rule: 'dropped', why: 'Prompts are cached by `cache_control`.' },
  n: { rule: 'refused', why: 'Anthropic gives one answer a request.', unless: [1] },
  logprobs: { rule: 'refused', why: 'Anthropic tells no log probabilities.', unless: [false] },
  top_logprobs: { rule: 'refused', why: 'Anthropic tells no log probabilities.', unless: [0] },
  audio: { rule: 'refused', why: 'Claude makes no audio.' },
  modalities: { rule: 'refused', why: 'Claude answers in text alone.', unless: [['text'], []] },
  moderation: { rule: 'refused', why: 'Anthropic has no moderation of this kind.' },
} as const satisfies Record<keyof ChatCompletionCreateParams, FieldRule>;

/** The gateway's own fields. https://www.braintrust.dev/docs/deploy/ai-proxy#reasoning-models */
export const OWN_FIELDS = ['reasoning_enabled', 'reasoning_budget', 'use_cache'] as const;

/** Fields of the vendor's that the conversion writes too, and therefore merges itself. */
const MERGED_FIELDS = ['system', 'stop_sequences', 'output_config', 'top_k', 'thinking'] as const;

const NOT_FORWARDED: ReadonlySet<string> = new Set([...Object.keys(FIELDS), ...OWN_FIELDS, ...MERGED_FIELDS]);

/** Applies the rules that need no conversion: refuses (InvalidRequest, with `param`), and names what is dropped. */
export function applyRules(body: JsonObject, dropped: Set<string>): void {
  for (const [field, rule] of Object.entries<FieldRule>(FIELDS)) {
    const value = body[field];
    if (rule.rule === 'mapped' || value === undefined || value === null) continue;
    if (rule.unless?.some((neutral) => JSON.stringify(neutral) === JSON.stringify(value))) continue;
    if (rule.rule === 'dropped') dropped.add(field);
    else throw new InvalidRequest(`${field}: ${rule.why}`, { param: field, code: 'unsupported_parameter' });
  }
}

/** What OpenAI does not know is the vendor's own: `mcp_servers`, `context_management`, `container`, … */
export function vendorFields(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([field]) => !NOT_FORWARDED.has(field)));
}
