/**
 * Where a bare name goes; the first match wins, and a name that none matches is OpenAI's. A name with a slash is not
 * bare: `deepseek-ai/…` is a repository of Hugging Face, whatever it begins with.
 */
export const MODEL_PATTERNS: readonly { pattern: RegExp; provider: string }[] = [
  // Before the rest: Bedrock's ids begin with the makers' names, `us.anthropic.claude-…`, `mistral.mistral-large-…`.
  {
    pattern:
      /^(arn:aws[\w-]*:bedrock:|([a-z]{2,6}(-gov)?\.)?(ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|twelvelabs|writer|zai)\.[^/]+$)/,
    provider: 'bedrock',
  },
  { pattern: /^claude[^/]*$/, provider: 'anthropic' },
  { pattern: /^(gemini|gemma-)[^/]*$/, provider: 'gemini' },
  { pattern: /^(gpt|o\d|chatgpt|codex|ft:|text-embedding-|davinci-|babbage-)[^/]*$/, provider: 'openai' },
  { pattern: /^(dall-e|sora|whisper|tts-|omni-moderation|computer-use-)[^/]*$/, provider: 'openai' },
  {
    pattern:
      /^((open-)?(mistral|mixtral|codestral)|ministral|magistral|devstral|labs-devstral|pixtral|voxtral)[^/]*$/,
    provider: 'mistral',
  },
  { pattern: /^grok[^/]*$/, provider: 'xai' },
  { pattern: /^deepseek[^/]*$/, provider: 'deepseek' },
  { pattern: /^(command|c4ai-|embed-)[^/]*$/, provider: 'cohere' },
  { pattern: /^sonar[^/]*$/, provider: 'perplexity' },
  { pattern: /^(kimi|moonshot)[^/]*$/, provider: 'moonshot' },
];

/** What OpenAI moderates with where a request names no model. https://platform.openai.com/docs/api-reference/moderations/create */
export const DEFAULT_MODERATION_MODEL = 'omni-moderation-latest';

/**
 * Models that OpenAI serves on `/completions` alone, their fine-tunes (`ft:davinci-002:…`) and Azure's spelling
 * (`gpt-35-turbo-instruct`) too. https://platform.openai.com/docs/models
 */
const COMPLETION_MODEL =
  /^(ft:)?(gpt-3\.?5-turbo-instruct|(davinci|babbage)-002|text-(davinci|curie|babbage|ada)-\d{3})([-:].*)?$/;

export function isCompletionModel(model: string): boolean {
  return COMPLETION_MODEL.test(model);
}
