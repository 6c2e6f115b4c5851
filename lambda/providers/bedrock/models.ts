/** How a model is made to think: where the request says it, and in which words. */
export type Thinking =
  | 'none'
  /** Claude up to 4.5: `thinking: {type: "enabled", budget_tokens}`. */
  | 'budget'
  /** Claude from 4.6: `thinking: {type: "adaptive"}` and `output_config.effort`. */
  | 'adaptive'
  /** Nova 2: `reasoningConfig`. */
  | 'nova'
  /** gpt-oss: `reasoning_effort`. */
  | 'effort'
  /** OpenAI's other models: `reasoning.effort`. */
  | 'nested-effort';

export interface ModelTraits {
  readonly family: 'claude' | 'nova' | 'mistral' | 'openai' | 'other' | 'unknown';
  readonly thinking: Thinking;
  /** How thinking is turned off: it is off anyway, by `thinking`, by the effort `none`, or not at all. */
  readonly thinkingOff: 'default' | 'disabled' | 'none' | 'never';
  /** The highest effort that the model knows; higher ones are lowered to it. */
  readonly maxEffort: 'high' | 'xhigh';
  /** `any`: some tool can be forced, not a named one. `none`: no tool can. */
  readonly forcedTools: 'tool' | 'any' | 'none';
  /** It can think and be forced to call a tool at the same time. */
  readonly thinksForced: boolean;
  readonly strictTools: boolean;
  /** False: refuses temperature, top_p and top_k. `one`: refuses temperature and top_p together. */
  readonly sampling: boolean | 'one';
  readonly stop: boolean;
  readonly maxTemperature?: number;
  /** Where cache points may stand. */
  readonly cachePoints: 'anywhere' | 'messages' | 'nowhere';
  /** Where top_k goes below `additionalModelRequestFields`. */
  readonly topK: readonly string[];
}

/** What is assumed of a model that no rule knows: everything goes through as the caller wrote it. */
const UNKNOWN: ModelTraits = {
  family: 'unknown',
  thinking: 'effort',
  thinkingOff: 'none',
  maxEffort: 'xhigh',
  forcedTools: 'tool',
  thinksForced: true,
  strictTools: true,
  sampling: true,
  stop: true,
  maxTemperature: 1,
  cachePoints: 'anywhere',
  topK: ['top_k'],
};

const CLAUDE: ModelTraits = {
  ...UNKNOWN,
  family: 'claude',
  thinking: 'none',
  thinkingOff: 'default',
  thinksForced: false,
  strictTools: false,
};
const BUDGET: ModelTraits = { ...CLAUDE, thinking: 'budget' };
const BUDGET_NEW: ModelTraits = { ...BUDGET, sampling: 'one', strictTools: true };
const ADAPTIVE: ModelTraits = { ...BUDGET_NEW, thinking: 'adaptive', maxEffort: 'high' };
const ADAPTIVE_NEW: ModelTraits = { ...ADAPTIVE, sampling: false, maxEffort: 'xhigh', strictTools: false };
const FIVE: ModelTraits = { ...ADAPTIVE_NEW, thinkingOff: 'disabled' };
const ALWAYS_THINKS: ModelTraits = { ...ADAPTIVE_NEW, thinkingOff: 'never' };
const OTHER: ModelTraits = {
  ...UNKNOWN,
  family: 'other',
  thinking: 'none',
  thinkingOff: 'default',
  strictTools: false,
  cachePoints: 'nowhere',
};

/**
 * What sets models apart, first match wins; the facts are those of November 2026. An id may stand behind a region's prefix
 * (`us.`, `global.`) or in an ARN.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html
 * https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
 * https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html
 */
export const MODEL_RULES: readonly (readonly [RegExp, ModelTraits])[] = [
  [/claude-(sonnet|opus)-5-5|claude-fable-5-[12]/, { ...ALWAYS_THINKS, forcedTools: 'none' }],
  [/claude-(fable|mythos)/, ALWAYS_THINKS],
  [/claude-[a-z]+-5/, FIVE],
  [/claude-[a-z]+-4-[78]/, ADAPTIVE_NEW],
  [/claude-[a-z]+-4-6/, ADAPTIVE],
  [/claude-[a-z]+-4-5/, BUDGET_NEW],
  [/claude-opus-4-1/, { ...BUDGET, sampling: 'one' }],
  [/claude-(3-7|[a-z]+-4)/, BUDGET],
  [/claude-(3|v?2|instant)/, CLAUDE],
  [/anthropic\.claude/, { ...ADAPTIVE_NEW, sampling: true }],
  [
    /amazon\.nova-2/,
    {
      ...OTHER,
      family: 'nova',
      thinking: 'nova',
      maxEffort: 'high',
      cachePoints: 'messages',
      topK: ['inferenceConfig', 'topK'],
    },
  ],
  [/amazon\.nova/, { ...OTHER, family: 'nova', cachePoints: 'messages', topK: ['inferenceConfig', 'topK'] }],
  [/mistral\./, { ...OTHER, family: 'mistral', forcedTools: 'any' }],
  [
    /openai\.gpt-oss/,
    { ...OTHER, family: 'openai', thinking: 'effort', thinkingOff: 'never', maxEffort: 'high', stop: false },
  ],
  [/openai\./, openAI()],
  [/cohere\./, { ...OTHER, forcedTools: 'none', topK: ['k'] }],
  // Takes a named tool for a proposal, and calls none at all where it is forced to while it thinks.
  [
    /deepseek\.v3/,
    { ...OTHER, thinking: 'effort', maxEffort: 'high', forcedTools: 'any', thinksForced: false },
  ],
  [/(meta|ai21|deepseek|writer)\.|amazon\.titan/, { ...OTHER, forcedTools: 'none' }],
];

function openAI(): ModelTraits {
  const { maxTemperature: _, ...rest } = OTHER;
  return {
    ...rest,
    family: 'openai',
    thinking: 'nested-effort',
    thinkingOff: 'none',
    stop: false,
    sampling: false,
  };
}

export function traitsOf(model: string): ModelTraits {
  return MODEL_RULES.find(([pattern]) => pattern.test(model))?.[1] ?? UNKNOWN;
}
