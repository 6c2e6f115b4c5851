import type { ChatCompletionCreateParamsBase } from 'openai/resources/chat/completions';
import type { FieldRule } from '../field-rules.ts';

/** Fields that are no OpenAI's but that the gateway knows: Braintrust's, and what many clients send. */
type OwnField =
  | 'top_k'
  | 'reasoning_enabled'
  | 'reasoning_budget'
  | 'cache_control'
  | 'use_cache'
  | 'extra_body';

const NO_COUNTERPART = 'Gemini has nothing like it';
const NOT_SENT = 'the gateway reads it itself';

/**
 * Every field of OpenAI's chat API and its rule; a field that is not here is the vendor's own and goes on to it. A new
 * field in OpenAI's types is an error of the type check here.
 * https://platform.openai.com/docs/api-reference/chat/create, https://ai.google.dev/api/generate-content
 */
export const FIELDS: Readonly<Record<keyof ChatCompletionCreateParamsBase | OwnField, FieldRule>> = {
  messages: { rule: 'mapped', to: 'systemInstruction, contents' },
  model: { rule: 'mapped', to: 'the path' },
  stream: { rule: 'mapped', to: 'the path: streamGenerateContent' },
  stream_options: { rule: 'ignored', why: 'the usage chunk is made from the usage that Gemini always sends' },
  tools: { rule: 'mapped', to: 'tools' },
  tool_choice: { rule: 'mapped', to: 'toolConfig.functionCallingConfig' },
  web_search_options: { rule: 'mapped', to: 'tools[].googleSearch' },
  response_format: { rule: 'mapped', to: 'generationConfig.responseMimeType, .responseJsonSchema' },
  max_completion_tokens: { rule: 'mapped', to: 'generationConfig.maxOutputTokens' },
  max_tokens: { rule: 'mapped', to: 'generationConfig.maxOutputTokens' },
  temperature: { rule: 'mapped', to: 'generationConfig.temperature, at most 2' },
  top_p: { rule: 'mapped', to: 'generationConfig.topP' },
  top_k: { rule: 'mapped', to: 'generationConfig.topK' },
  n: { rule: 'mapped', to: 'generationConfig.candidateCount' },
  stop: { rule: 'mapped', to: 'generationConfig.stopSequences, at most 5' },
  seed: { rule: 'mapped', to: 'generationConfig.seed, folded into 31 bits' },
  presence_penalty: {
    rule: 'mapped',
    to: 'generationConfig.presencePenalty; dropped for models that refuse it',
  },
  frequency_penalty: {
    rule: 'mapped',
    to: 'generationConfig.frequencyPenalty; dropped for models that refuse it',
  },
  logprobs: { rule: 'mapped', to: 'generationConfig.responseLogprobs' },
  top_logprobs: { rule: 'mapped', to: 'generationConfig.logprobs' },
  modalities: { rule: 'mapped', to: 'generationConfig.responseModalities; audio is refused' },
  reasoning_effort: { rule: 'mapped', to: 'generationConfig.thinkingConfig' },
  reasoning_enabled: { rule: 'mapped', to: 'generationConfig.thinkingConfig' },
  reasoning_budget: { rule: 'mapped', to: 'generationConfig.thinkingConfig.thinkingBudget' },
  metadata: { rule: 'mapped', to: 'labels on Vertex; dropped on AI Studio' },
  service_tier: { rule: 'mapped', to: 'serviceTier on AI Studio; dropped on Vertex' },
  extra_body: { rule: 'mapped', to: 'its google.thinking_config, google.cached_content and other fields' },
  audio: { rule: 'refused', why: 'chat answers hold no audio' },
  functions: { rule: 'refused', why: 'obsolete: tools' },
  function_call: { rule: 'refused', why: 'obsolete: tool_choice' },
  parallel_tool_calls: { rule: 'dropped', why: NO_COUNTERPART, unless: [true] },
  logit_bias: { rule: 'dropped', why: NO_COUNTERPART, unless: [{}] },
  moderation: { rule: 'dropped', why: NO_COUNTERPART },
  prediction: { rule: 'dropped', why: NO_COUNTERPART },
  safety_identifier: { rule: 'dropped', why: NO_COUNTERPART },
  store: { rule: 'dropped', why: NO_COUNTERPART, unless: [false] },
  user: { rule: 'dropped', why: NO_COUNTERPART },
  verbosity: { rule: 'dropped', why: NO_COUNTERPART, unless: ['medium'] },
  prompt_cache_key: { rule: 'ignored', why: 'Gemini caches prompts by itself' },
  prompt_cache_options: { rule: 'ignored', why: 'Gemini caches prompts by itself' },
  prompt_cache_retention: { rule: 'ignored', why: 'Gemini caches prompts by itself' },
  cache_control: { rule: 'ignored', why: 'Gemini caches prompts by itself' },
  use_cache: { rule: 'ignored', why: NOT_SENT },
};
