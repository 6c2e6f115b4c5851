import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import type { FieldRule } from '../field-rules.ts';
import type { ConverseField } from './wire.ts';

/** Fields that are no OpenAI's but that the gateway knows. */
type OwnField = 'top_k' | 'reasoning_enabled' | 'reasoning_budget' | 'use_cache';

const NO_COUNTERPART = 'Converse has nothing like it.';
const UNKNOWN = 'Bedrock can not do what this asks for.';

/**
 * Every field of OpenAI's API, one rule each; a new one in OpenAI's types is an error of the type check here. A field that
 * is not here is the vendor's own and goes through.
 * https://platform.openai.com/docs/api-reference/chat/create
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */
export const FIELDS: Readonly<Record<keyof ChatCompletionCreateParams | OwnField, FieldRule>> = {
  model: { rule: 'mapped', to: 'modelId (in the path)' },
  messages: { rule: 'mapped', to: 'messages, system' },
  tools: { rule: 'mapped', to: 'toolConfig.tools' },
  tool_choice: { rule: 'mapped', to: 'toolConfig.toolChoice' },
  parallel_tool_calls: { rule: 'mapped', to: 'additionalModelRequestFields.tool_choice (Claude)' },
  functions: { rule: 'mapped', to: 'toolConfig.tools' },
  function_call: { rule: 'mapped', to: 'toolConfig.toolChoice' },
  response_format: { rule: 'mapped', to: 'a tool whose arguments are the answer' },
  max_tokens: { rule: 'mapped', to: 'inferenceConfig.maxTokens' },
  max_completion_tokens: { rule: 'mapped', to: 'inferenceConfig.maxTokens' },
  temperature: { rule: 'mapped', to: 'inferenceConfig.temperature (1 at most)' },
  top_p: { rule: 'mapped', to: 'inferenceConfig.topP' },
  top_k: { rule: 'mapped', to: 'additionalModelRequestFields.top_k' },
  stop: { rule: 'mapped', to: 'inferenceConfig.stopSequences' },
  reasoning_effort: { rule: 'mapped', to: 'additionalModelRequestFields, by the model' },
  reasoning_enabled: { rule: 'mapped', to: 'additionalModelRequestFields, by the model' },
  reasoning_budget: { rule: 'mapped', to: 'additionalModelRequestFields.thinking.budget_tokens (Claude)' },
  metadata: { rule: 'mapped', to: 'requestMetadata' },
  service_tier: { rule: 'mapped', to: 'serviceTier.type' },
  stream: { rule: 'ignored', why: 'The gateway reads it itself.' },
  stream_options: { rule: 'ignored', why: 'The gateway reads it itself.' },
  use_cache: { rule: 'ignored', why: 'The gateway reads it itself.' },
  seed: { rule: 'dropped', why: NO_COUNTERPART },
  frequency_penalty: { rule: 'dropped', why: NO_COUNTERPART, unless: [0] },
  presence_penalty: { rule: 'dropped', why: NO_COUNTERPART, unless: [0] },
  logit_bias: { rule: 'dropped', why: NO_COUNTERPART, unless: [{}] },
  user: { rule: 'dropped', why: NO_COUNTERPART },
  safety_identifier: { rule: 'dropped', why: NO_COUNTERPART },
  store: { rule: 'dropped', why: NO_COUNTERPART, unless: [false] },
  prediction: { rule: 'dropped', why: NO_COUNTERPART },
  moderation: { rule: 'dropped', why: NO_COUNTERPART },
  prompt_cache_key: { rule: 'dropped', why: NO_COUNTERPART },
  prompt_cache_options: { rule: 'dropped', why: NO_COUNTERPART },
  prompt_cache_retention: { rule: 'dropped', why: NO_COUNTERPART },
  verbosity: { rule: 'dropped', why: NO_COUNTERPART },
  n: { rule: 'refused', why: UNKNOWN, unless: [1] },
  logprobs: { rule: 'refused', why: UNKNOWN, unless: [false] },
  top_logprobs: { rule: 'refused', why: UNKNOWN, unless: [0] },
  modalities: { rule: 'refused', why: UNKNOWN, unless: [['text'], []] },
  audio: { rule: 'refused', why: UNKNOWN },
  web_search_options: { rule: 'refused', why: UNKNOWN },
};

/** Converse's own fields, taken as they are where a caller sends them. */
export const OWN_FIELDS: readonly ConverseField[] = [
  'guardrailConfig',
  'performanceConfig',
  'requestMetadata',
  'serviceTier',
  'promptVariables',
  'additionalModelResponseFieldPaths',
  'outputConfig',
  'inferenceConfig',
  'additionalModelRequestFields',
];
