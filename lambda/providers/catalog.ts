import type { CompatibleVendor } from './vendor.ts';

/**
 * What most entries have in common. `<NAME>_BASE_URL` means what the gateway's contract says, also where a vendor's SDK
 * (Groq's, Cerebras') means the bare host by it.
 */
function usual(name: string, ...keyVariables: string[]) {
  const baseUrlVariables = [`${name.toUpperCase()}_BASE_URL`];
  return {
    name,
    keyVariables,
    baseUrlVariables,
    auth: 'bearer',
    includeUsage: true,
    listsModels: true,
  } as const;
}

/** Vendors that document `max_tokens` alone either refuse the newer name or, worse, ignore the limit. */
const OLD_TOKEN_LIMIT = { max_completion_tokens: 'max_tokens' } as const;

export const VENDORS: readonly CompatibleVendor[] = [
  {
    ...usual('openai', 'OPENAI_API_KEY'),
    strictMessages: true,
    baseUrl: 'https://api.openai.com/v1',
    page: 'https://platform.openai.com/docs/api-reference/chat/create',
  },
  {
    ...usual('azure', 'AZURE_OPENAI_API_KEY'),
    strictMessages: true,
    settings: { apiVersion: 'OPENAI_API_VERSION' },
    baseUrlVariables: ['AZURE_OPENAI_ENDPOINT', 'AZURE_BASE_URL'],
    auth: 'api-key',
    // Its list is of the models that could be deployed, not of the account's deployments.
    listsModels: false,
    page: 'https://learn.microsoft.com/azure/ai-foundry/openai/reference',
  },
  {
    ...usual('mistral', 'MISTRAL_API_KEY'),
    strictMessages: true,
    baseUrl: 'https://api.mistral.ai/v1',
    // Any field it does not know is a 422, `extra_forbidden`; a stream's last chunk has the usage unasked.
    includeUsage: false,
    refusedFields: ['stream_options', 'user', 'store', 'logit_bias', 'verbosity', 'safety_identifier'],
    renamedFields: { ...OLD_TOKEN_LIMIT, seed: 'random_seed' },
    page: 'https://docs.mistral.ai/api',
  },
  {
    ...usual('groq', 'GROQ_API_KEY'),
    strictMessages: true,
    baseUrl: 'https://api.groq.com/openai/v1',
    // Unknown fields are a 400 here too.
    refusedFields: ['logit_bias', 'verbosity'],
    page: 'https://console.groq.com/docs/openai',
  },
  {
    ...usual('together', 'TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'),
    servesCompletions: true,
    baseUrl: 'https://api.together.ai/v1',
    // Its list is a bare array.
    listsModels: false,
    renamedFields: OLD_TOKEN_LIMIT,
    page: 'https://docs.together.ai/reference/chat-completions-1',
  },
  {
    ...usual('fireworks', 'FIREWORKS_API_KEY'),
    servesCompletions: true,
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    renamedFields: OLD_TOKEN_LIMIT,
    page: 'https://docs.fireworks.ai/api-reference/post-chatcompletions',
  },
  {
    ...usual('xai', 'XAI_API_KEY'),
    baseUrl: 'https://api.x.ai/v1',
    page: 'https://docs.x.ai/docs/api-reference',
  },
  {
    ...usual('deepseek', 'DEEPSEEK_API_KEY'),
    baseUrl: 'https://api.deepseek.com',
    renamedFields: OLD_TOKEN_LIMIT,
    page: 'https://api-docs.deepseek.com/api/create-chat-completion',
  },
  {
    // Perplexity ended this API on 2026-09-27; kept for base URLs that still serve it. Usage comes unasked.
    ...usual('perplexity', 'PERPLEXITY_API_KEY'),
    baseUrl: 'https://api.perplexity.ai',
    includeUsage: false,
    listsModels: false,
    renamedFields: OLD_TOKEN_LIMIT,
    page: 'https://docs.perplexity.ai/docs/sonar/openai-compatibility',
  },
  {
    ...usual('cerebras', 'CEREBRAS_API_KEY'),
    servesCompletions: true,
    baseUrl: 'https://api.cerebras.ai/v1',
    // Its SDK has the option, yet streams that ask were seen to get a 422.
    includeUsage: false,
    page: 'https://inference-docs.cerebras.ai/resources/openai',
  },
  {
    ...usual('openrouter', 'OPENROUTER_API_KEY'),
    servesCompletions: true,
    baseUrl: 'https://openrouter.ai/api/v1',
    // Always sent; the option has no effect.
    includeUsage: false,
    page: 'https://openrouter.ai/docs/api-reference/overview',
  },
  {
    ...usual('cohere', 'CO_API_KEY', 'COHERE_API_KEY'),
    baseUrl: 'https://api.cohere.ai/compatibility/v1',
    // A field it does not support is a 422.
    includeUsage: false,
    listsModels: false,
    refusedFields: [
      'stream_options',
      'store',
      'metadata',
      'logit_bias',
      'prediction',
      'service_tier',
      'parallel_tool_calls',
    ],
    renamedFields: OLD_TOKEN_LIMIT,
    page: 'https://docs.cohere.com/docs/compatibility-api',
  },
  {
    ...usual('moonshot', 'MOONSHOT_API_KEY'),
    baseUrl: 'https://api.moonshot.ai/v1',
    page: 'https://platform.kimi.ai/docs/api/chat',
  },
  {
    ...usual('baseten', 'BASETEN_API_KEY'),
    servesCompletions: true,
    baseUrl: 'https://inference.baseten.co/v1',
    page: 'https://docs.baseten.co/inference/model-apis/overview',
  },
  {
    ...usual('huggingface', 'HF_TOKEN', 'HUGGINGFACE_API_KEY'),
    baseUrl: 'https://router.huggingface.co/v1',
    renamedFields: OLD_TOKEN_LIMIT,
    page: 'https://huggingface.co/docs/inference-providers/tasks/chat-completion',
  },
  {
    ...usual('nvidia', 'NVIDIA_API_KEY', 'NVIDIA_NIM_API_KEY'),
    baseUrl: 'https://integrate.api.nvidia.com/v1',
    renamedFields: OLD_TOKEN_LIMIT,
    page: 'https://docs.api.nvidia.com/nim/reference/llm-apis',
  },
  {
    ...usual('sambanova', 'SAMBANOVA_API_KEY'),
    baseUrl: 'https://api.sambanova.ai/v1',
    baseUrlVariables: ['SAMBA_NOVA_BASE_URL', 'SAMBANOVA_BASE_URL'],
    page: 'https://docs.sambanova.ai/docs/en/features/openai-compatibility',
  },
  {
    ...usual('databricks', 'DATABRICKS_TOKEN'),
    baseUrlTemplate: '{host}/serving-endpoints',
    settings: { host: 'DATABRICKS_HOST' },
    // Refused by some of the models behind it (Claude); the workspace lists endpoints, in a shape of its own.
    includeUsage: false,
    listsModels: false,
    refusedFields: ['stream_options', 'parallel_tool_calls'],
    renamedFields: OLD_TOKEN_LIMIT,
    page: 'https://docs.databricks.com/aws/en/machine-learning/foundation-model-apis/api-reference',
  },
  {
    ...usual('cloudflare', 'CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_API_KEY'),
    baseUrlTemplate: 'https://api.cloudflare.com/client/v4/accounts/{accountId}/ai/v1',
    settings: { accountId: 'CLOUDFLARE_ACCOUNT_ID' },
    listsModels: false,
    renamedFields: OLD_TOKEN_LIMIT,
    page: 'https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/',
  },
  {
    // OLLAMA_HOST is no base URL: it is the address that the server binds, often without a scheme.
    ...usual('ollama', 'OLLAMA_API_KEY'),
    servesCompletions: true,
    baseUrl: 'http://127.0.0.1:11434/v1',
    keyOptional: true,
    renamedFields: OLD_TOKEN_LIMIT,
    page: 'https://docs.ollama.com/api/openai-compatibility',
  },
];

const BY_NAME: ReadonlyMap<string, CompatibleVendor> = new Map(
  VENDORS.map((vendor) => [vendor.name, vendor]),
);

export function vendorNamed(name: string): CompatibleVendor | undefined {
  return BY_NAME.get(name);
}
