import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import type { FieldRule } from '../field-rules.ts';

/** Braintrust's fields. https://www.braintrust.dev/docs/deploy/ai-proxy#reasoning-models */
type OwnField = 'reasoning_enabled' | 'reasoning_budget' | 'use_cache';

const noSuchKnob = 'Anthropic has no such knob.';

/**
 * Every field of OpenAI's API, one rule each; a new one in OpenAI's types is an error of the type check here. A field that is not here is the vendor's own and is forwarded.
 * https://platform.openai.com/docs/api-reference/chat/create, https://platform.claude.com/docs/en/api/messages
 */
export const FIELDS: Readonly<Record<keyof ChatCompletionCreateParams | OwnField, FieldRule>> = {
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
  reasoning_enabled: { rule: 'mapped', to: 'thinking' },
  reasoning_budget: { rule: 'mapped', to: 'thinking.budget_tokens' },
  use_cache: { rule: 'ignored', why: 'The gateway reads it itself.' },
};

/** Fields of the vendor's that the conversion writes too, and therefore merges itself. */
export const MERGED_FIELDS: ReadonlySet<string> = new Set([
  'system',
  'stop_sequences',
  'output_config',
  'top_k',
  'thinking',
]);
