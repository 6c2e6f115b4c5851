/**
 * What a conversion has to know of a Claude model that its API does not tell. Data, the facts of November 2026. A model
 * that no row names passes through: nothing of the caller's is left out or lowered for it.
 * https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting
 */
export interface ModelQuirks {
  /** `max_tokens` where the caller sets none: the vendor requires it. Never a limit on what a caller sets. */
  readonly defaultMaxTokens: number;
  /** How thinking is asked for: not at all, by a token budget, adaptively (with an effort), or either way. */
  readonly thinking: 'none' | 'budget' | 'adaptive' | 'both';
  /** How the caller's wish for no thinking is said. `never`: the model thinks always, effort is all there is. */
  readonly thinkingOff: 'disabled' | 'between_tools' | 'never';
  /** It thinks where the request says nothing of thinking. */
  readonly thinksByDefault: boolean;
  readonly xhighEffort: boolean;
  /** Which of temperature, top_p and top_k it takes: any, not temperature and top_p together, or none. */
  readonly sampling: 'any' | 'one' | 'none';
  /** `tool_choice` may force a tool. */
  readonly forcedTools: boolean;
  /** `output_config.format` and strict tools. */
  readonly nativeSchema: boolean;
}

const legacy: ModelQuirks = {
  defaultMaxTokens: 4096,
  thinking: 'none',
  thinkingOff: 'disabled',
  thinksByDefault: false,
  xhighEffort: false,
  sampling: 'any',
  forcedTools: true,
  nativeSchema: false,
};
const budget: ModelQuirks = { ...legacy, defaultMaxTokens: 64_000, thinking: 'budget' };
const claude45: ModelQuirks = { ...budget, sampling: 'one', nativeSchema: true };
const claude46: ModelQuirks = { ...claude45, defaultMaxTokens: 128_000, thinking: 'both' };
const claude47: ModelQuirks = { ...claude46, thinking: 'adaptive', xhighEffort: true, sampling: 'none' };
const claude5: ModelQuirks = { ...claude47, thinksByDefault: true };
const alwaysThinking: ModelQuirks = { ...claude5, thinkingOff: 'never' };

/** The first match wins; names of Vertex (`claude-…@date`) and Bedrock (`us.anthropic.claude-…-v1:0`) match too. */
export const CLAUDE_MODELS: readonly { pattern: RegExp; quirks: ModelQuirks }[] = [
  {
    pattern: /claude-sonnet-5-5/,
    quirks: { ...claude5, thinkingOff: 'between_tools', forcedTools: false },
  },
  { pattern: /claude-opus-5-5/, quirks: { ...alwaysThinking, forcedTools: false } },
  { pattern: /claude-(fable|mythos)-5-[12]/, quirks: { ...alwaysThinking, forcedTools: false } },
  { pattern: /claude-(fable|mythos)-5(?!-\d(\D|$))/, quirks: alwaysThinking },
  { pattern: /claude-(opus|sonnet|haiku)-5(?!-\d(\D|$))/, quirks: claude5 },
  { pattern: /claude-opus-4-[78]/, quirks: claude47 },
  { pattern: /claude-(opus|sonnet)-4-6/, quirks: claude46 },
  { pattern: /claude-(opus|sonnet|haiku)-4-5/, quirks: claude45 },
  { pattern: /claude-opus-4-1/, quirks: { ...claude45, defaultMaxTokens: 32_000 } },
  { pattern: /claude-opus-4(-0|-\d{8}|@|$)/, quirks: { ...budget, defaultMaxTokens: 32_000 } },
  { pattern: /claude-sonnet-4(-0|-\d{8}|@|$)/, quirks: budget },
  { pattern: /claude-3-7/, quirks: budget },
  { pattern: /claude-3-5/, quirks: { ...legacy, defaultMaxTokens: 8192 } },
  { pattern: /claude-(3-(opus|sonnet|haiku)|v?2|instant)/, quirks: legacy },
];

/** A Claude that is newer than the table: what every Claude since 4.7 has in common, and all that a caller sets. */
const unknownClaude: ModelQuirks = {
  ...claude47,
  defaultMaxTokens: 32_000,
  sampling: 'any',
};

/** Another maker's model behind the Messages API. */
const unknown: ModelQuirks = { ...legacy, thinking: 'budget' };

export function claudeQuirks(model: string): ModelQuirks {
  const known = CLAUDE_MODELS.find(({ pattern }) => pattern.test(model));
  return known?.quirks ?? (model.includes('claude') ? unknownClaude : unknown);
}
