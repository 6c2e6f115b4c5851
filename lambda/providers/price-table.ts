import type { Price } from '../config.ts';

/** A dollar figure for each of a million tokens: input, output, cached input, cache writes. */
type Row = readonly [input: number, output: number, cached?: number, cacheWrite?: number];

function price([input, output, cached, cacheWrite]: Row): Price {
  return {
    input,
    output,
    ...(cached === undefined ? {} : { cached }),
    ...(cacheWrite === undefined ? {} : { cacheWrite }),
  };
}

/** The same row for several names. */
function rows(...lines: readonly (readonly [names: string, row: Row, over?: number, long?: Row])[]) {
  const named = lines.flatMap(([names, row, over, long]) => {
    const longPrompt =
      over === undefined || long === undefined ? {} : { longPrompt: { over, ...price(long) } };
    return names.split(' ').map((name) => [name, { ...price(row), ...longPrompt }] as const);
  });
  return Object.fromEntries(named) as Readonly<Record<string, Price>>;
}

/** https://developers.openai.com/api/docs/pricing, standard tier, November 2026. */
const openai = rows(
  ['gpt-6-astra', [10, 50, 1], 272_000, [20, 75, 2]],
  ['gpt-6-sol', [2, 10, 0.2, 2.5], 272_000, [4, 15, 0.4, 5]],
  ['gpt-6-luna', [0.1, 0.5, 0.01, 0.125], 272_000, [0.2, 0.75, 0.02, 0.25]],
  ['gpt-6.1-terra', [1, 5, 0.05, 1.25], 272_000, [2, 7.5, 0.1, 2.5]],
  ['gpt-5.6 gpt-5.6-sol', [5, 30, 0.5], 272_000, [10, 45, 1]],
  ['gpt-5.6-terra', [2, 12, 0.2], 272_000, [4, 18, 0.4]],
  ['gpt-5.6-luna', [0.2, 1.2, 0.02], 272_000, [0.4, 1.8, 0.04]],
  ['gpt-5.4', [2.5, 15, 0.25], 272_000, [5, 22.5, 0.5]],
  ['gpt-5.4-mini', [0.75, 4.5, 0.075]],
  ['gpt-5.2 gpt-5.2-chat-latest', [1.75, 14, 0.175]],
  ['gpt-5 gpt-5-chat-latest gpt-5-codex gpt-5.1 gpt-5.1-chat-latest gpt-5.1-codex', [1.25, 10, 0.125]],
  ['gpt-5-mini', [0.25, 2, 0.025]],
  ['gpt-5-nano', [0.05, 0.4, 0.005]],
  ['gpt-5-pro', [15, 120]],
  ['gpt-4.1', [2, 8, 0.5]],
  ['gpt-4.1-mini', [0.4, 1.6, 0.1]],
  ['gpt-4.1-nano', [0.1, 0.4, 0.025]],
  ['gpt-4o', [2.5, 10, 1.25]],
  ['gpt-4o-2024-05-13 chatgpt-4o-latest', [5, 15]],
  ['gpt-4o-mini', [0.15, 0.6, 0.075]],
  ['gpt-4-turbo gpt-4-0125-preview gpt-4-1106-preview', [10, 30]],
  ['gpt-4', [30, 60]],
  ['gpt-3.5-turbo gpt-35-turbo', [0.5, 1.5]],
  ['gpt-3.5-turbo-instruct gpt-35-turbo-instruct', [1.5, 2]],
  ['davinci-002', [2, 2]],
  ['babbage-002', [0.4, 0.4]],
  ['o1', [15, 60, 7.5]],
  ['o1-pro', [150, 600]],
  ['o3', [2, 8, 0.5]],
  ['o3-pro', [20, 80]],
  ['o1-mini o3-mini', [1.1, 4.4, 0.55]],
  ['o4-mini', [1.1, 4.4, 0.275]],
  ['text-embedding-3-small', [0.02, 0]],
  ['text-embedding-3-large', [0.13, 0]],
  ['text-embedding-ada-002', [0.1, 0]],
  ['omni-moderation omni-moderation-latest text-moderation-latest text-moderation-stable', [0, 0]],
);

/** https://platform.claude.com/docs/en/about-claude/pricing, five-minute cache writes, November 2026. */
const anthropic = rows(
  ['claude-fable-5-1 claude-mythos-5-1', [10, 50, 0.25, 12.5]],
  ['claude-fable-5 claude-mythos-5', [10, 50, 1, 12.5]],
  ['claude-opus-5-5', [4, 20, 0.2, 5]],
  ['claude-opus-5 claude-opus-4-8 claude-opus-4-7 claude-opus-4-6 claude-opus-4-5', [5, 25, 0.5, 6.25]],
  ['claude-opus-4-1 claude-opus-4 claude-opus-4-0 claude-3-opus', [15, 75, 1.5, 18.75]],
  ['claude-sonnet-5-5', [2, 10, 0.1, 2.5]],
  ['claude-sonnet-5', [2, 10, 0.2, 2.5]],
  ['claude-sonnet-4-6 claude-3-7-sonnet claude-3-5-sonnet', [3, 15, 0.3, 3.75]],
  ['claude-sonnet-4-5 claude-sonnet-4 claude-sonnet-4-0', [3, 15, 0.3, 3.75], 200_000, [6, 22.5, 0.6, 7.5]],
  ['claude-haiku-5-5', [0.1, 0.5, 0.01, 0.125], 100_000, [0.5, 2.5, 0.05, 0.625]],
  ['claude-haiku-4-5', [1, 5, 0.1, 1.25]],
  ['claude-3-5-haiku', [0.8, 4, 0.08, 1]],
  ['claude-3-haiku', [0.25, 1.25, 0.03, 0.3]],
);

/** https://ai.google.dev/gemini-api/docs/pricing, paid tier, text, October 2026. */
const gemini = rows(
  ['gemini-3.8-flash', [0.75, 3.75, 0.075]],
  ['gemini-3.5-flash', [1.5, 9]],
  ['gemini-3.5-flash-lite', [0.3, 2.5]],
  ['gemini-3.1-pro gemini-3-pro', [2, 12, 0.2], 200_000, [4, 18, 0.4]],
  ['gemini-3-flash', [0.5, 3, 0.05]],
  ['gemini-2.5-pro', [1.25, 10, 0.125], 200_000, [2.5, 15, 0.25]],
  ['gemini-2.5-flash', [0.3, 2.5, 0.03]],
  ['gemini-2.5-flash-lite', [0.1, 0.4, 0.01]],
  ['gemini-2.0-flash', [0.1, 0.4, 0.025]],
  ['gemini-2.0-flash-lite', [0.075, 0.3]],
  ['gemini-embedding gemini-embedding-001', [0.15, 0]],
  ['gemini-embedding-2', [0.2, 0]],
);

/** https://aws.amazon.com/bedrock/pricing, on demand, us-east-1; Claude is at Anthropic's prices. November 2026. */
const bedrock = rows(
  ['amazon.nova-micro', [0.035, 0.14]],
  ['amazon.nova-lite', [0.06, 0.24]],
  ['amazon.nova-pro', [0.8, 3.2]],
  ['amazon.nova-premier', [2.5, 12.5]],
  ['meta.llama3-1-8b-instruct', [0.22, 0.22]],
  ['meta.llama3-1-70b-instruct meta.llama3-3-70b-instruct', [0.72, 0.72]],
  ['amazon.titan-embed-text', [0.1, 0]],
  ['amazon.titan-embed-text-v2:0', [0.02, 0]],
  ['cohere.embed-english-v3 cohere.embed-multilingual-v3', [0.1, 0]],
);

/** https://mistral.ai/pricing, 2026. */
const mistral = rows(
  ['mistral-large-latest', [0.5, 1.5]],
  ['mistral-large-2407 mistral-large-2411', [2, 6]],
  ['mistral-medium-latest', [0.4, 2]],
  ['mistral-small-latest', [0.1, 0.3]],
  ['codestral-latest', [0.3, 0.9]],
  ['open-mistral-nemo', [0.15, 0.15]],
  ['mistral-embed', [0.1, 0]],
);

/** https://groq.com/pricing, 2026. */
const groq = rows(
  ['llama-3.1-8b-instant', [0.05, 0.08]],
  ['llama-3.3-70b-versatile', [0.59, 0.79]],
  ['meta-llama/llama-4-scout-17b-16e-instruct', [0.11, 0.34]],
  ['meta-llama/llama-4-maverick-17b-128e-instruct', [0.2, 0.6]],
  ['qwen/qwen3-32b', [0.29, 0.59]],
);

/** https://docs.x.ai/docs/models, 2026. */
const xai = rows(
  ['grok-4 grok-3', [3, 15, 0.75]],
  ['grok-4.20', [2, 6]],
  ['grok-4-fast-reasoning grok-4-fast-non-reasoning', [0.2, 0.5, 0.05]],
  ['grok-3-mini', [0.3, 0.5, 0.075]],
  ['grok-code-fast-1', [0.2, 1.5, 0.02]],
);

/** https://api-docs.deepseek.com/quick_start/pricing, cache misses, 2026. */
const deepseek = rows(['deepseek-v4-pro', [0.435, 0.87]], ['deepseek-v4-flash', [0.14, 0.28]]);

/** https://cohere.com/pricing, 2026. */
const cohere = rows(
  ['command-r-08-2024', [0.15, 0.6]],
  ['command-r-plus-08-2024 command-a-03-2025', [2.5, 10]],
  ['command-r7b-12-2024', [0.0375, 0.15]],
  ['embed-v4.0', [0.12, 0]],
  ['embed-english-v3.0 embed-multilingual-v3.0', [0.1, 0]],
);

/**
 * Prices by vendor and model, as the vendors' pages told them at the dates above. What is not here is unknown, never guessed:
 * the operator's own prices in gateway.json come first.
 */
export const PRICE_TABLE: Readonly<Record<string, Readonly<Record<string, Price>>>> = {
  openai,
  anthropic,
  gemini,
  bedrock,
  mistral,
  groq,
  xai,
  deepseek,
  cohere,
};
