import type { Json } from '../../openai/wire.ts';
import { object } from './json.ts';
import type { ConverseField } from './wire.ts';

/** What becomes of one field of OpenAI's chat request. */
export interface FieldRule {
  /** `dropped` is told to the caller, `refused` is a 400 that names the field, `gateway` never was the vendor's. */
  readonly rule: 'mapped' | 'dropped' | 'refused' | 'gateway';
  /** Where it goes in Converse's request. */
  readonly to?: string;
  /** Values that ask for nothing: neither told nor refused. */
  readonly harmless?: (value: Json) => boolean;
}

const zero = (value: Json) => value === 0;
const off = (value: Json) => value === false;

/**
 * OpenAI's chat request on Converse. A field that is not here is the vendor's own: it goes through.
 * https://platform.openai.com/docs/api-reference/chat/create
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */
export const FIELDS: Readonly<Record<string, FieldRule>> = {
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
  stream: { rule: 'gateway' },
  stream_options: { rule: 'gateway' },
  use_cache: { rule: 'gateway' },
  seed: { rule: 'dropped' },
  frequency_penalty: { rule: 'dropped', harmless: zero },
  presence_penalty: { rule: 'dropped', harmless: zero },
  logit_bias: { rule: 'dropped', harmless: (value) => Object.keys(object(value) ?? {}).length === 0 },
  user: { rule: 'dropped' },
  safety_identifier: { rule: 'dropped' },
  store: { rule: 'dropped', harmless: off },
  prediction: { rule: 'dropped' },
  prompt_cache_key: { rule: 'dropped' },
  prompt_cache_retention: { rule: 'dropped' },
  verbosity: { rule: 'dropped' },
  n: { rule: 'refused', harmless: (value) => value === 1 },
  logprobs: { rule: 'refused', harmless: off },
  top_logprobs: { rule: 'refused', harmless: zero },
  modalities: {
    rule: 'refused',
    harmless: (value) => Array.isArray(value) && value.every((item) => item === 'text'),
  },
  audio: { rule: 'refused' },
  web_search_options: { rule: 'refused' },
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
