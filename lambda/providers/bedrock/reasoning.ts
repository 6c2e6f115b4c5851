import type { JsonObject } from '../../openai/wire.ts';
import type { Encoding } from './encoding.ts';
import { count, text } from './json.ts';
import type { Turn } from './wire.ts';

/** How the request thinks: fields for `additionalModelRequestFields`, and what must not stand beside them. */
export interface EncodedReasoning {
  readonly more: JsonObject;
  /** Claude refuses sampling knobs while it thinks, Nova at its highest effort. */
  readonly refuses: 'nothing' | 'sampling';
}

const NOTHING: EncodedReasoning = { more: {}, refuses: 'nothing' };

/** https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html */
const MIN_BUDGET = 1024;
const EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
type Effort = (typeof EFFORTS)[number];

/** The share of the token limit that may go into thinking, and what is taken where there is no limit. */
const SHARE: Readonly<Record<Effort, number>> = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.8,
  xhigh: 0.8,
  max: 0.8,
};
const UNLIMITED: Readonly<Record<Effort, number>> = {
  minimal: MIN_BUDGET,
  low: 2048,
  medium: 8192,
  high: 16384,
  xhigh: 24576,
  max: 32768,
};

interface Wish {
  readonly off: boolean;
  readonly effort: Effort | undefined;
  readonly budget: number | undefined;
  /** The fields that asked, to be named where thinking is left out. */
  readonly fields: readonly string[];
}

/**
 * OpenAI's `reasoning_effort` and the gateway's `reasoning_enabled` and `reasoning_budget`, in the model's own words.
 * A forced tool and the token limit win over thinking.
 */
export function encodeReasoning(
  body: JsonObject,
  turns: readonly Turn[],
  limit: number | undefined,
  forced: boolean,
  encoding: Encoding,
): EncodedReasoning {
  const wish = readWish(body);
  if (wish === undefined) return NOTHING;
  const { thinking } = encoding.traits;
  const leaveOut = () => {
    for (const field of wish.fields) encoding.dropped.add(field);
    return NOTHING;
  };
  if (wish.off) return turnedOff(wish, encoding);
  if (forced && !encoding.traits.thinksForced) return leaveOut();
  switch (thinking) {
    case 'none':
      return leaveOut();
    case 'budget': {
      const budget = budgetOf(wish, limit);
      // Claude wants its last thoughts back before it goes on with tools: without them it can only go on unthinking.
      if (budget === undefined || lacksThoughts(turns)) return leaveOut();
      return { more: { thinking: { type: 'enabled', budget_tokens: budget } }, refuses: 'sampling' };
    }
    case 'adaptive': {
      if (wish.budget !== undefined) encoding.dropped.add('reasoning_budget');
      const effort =
        wish.effort === undefined ? {} : { output_config: { effort: atMost(wish.effort, encoding) } };
      return { more: { thinking: { type: 'adaptive' }, ...effort }, refuses: 'sampling' };
    }
    case 'nova':
      return nova(wish, limit, encoding);
    case 'effort':
    case 'nested-effort': {
      if (wish.budget !== undefined) encoding.dropped.add('reasoning_budget');
      const effort =
        text(body.reasoning_effort) !== undefined && encoding.traits.family === 'unknown'
          ? String(body.reasoning_effort)
          : atMost(wish.effort ?? 'medium', encoding);
      const more: JsonObject =
        thinking === 'effort' ? { reasoning_effort: effort } : { reasoning: { effort } };
      return { more, refuses: 'nothing' };
    }
    default:
      return thinking satisfies never;
  }
}

function readWish(body: JsonObject): Wish | undefined {
  const fields = ['reasoning_effort', 'reasoning_enabled', 'reasoning_budget'].filter(
    (field) => body[field] !== undefined && body[field] !== null,
  );
  if (fields.length === 0) return undefined;
  const stated = text(body.reasoning_effort);
  const budget = count(body.reasoning_budget);
  const off = body.reasoning_enabled === false || budget === 0 || (stated === 'none' && budget === undefined);
  const effort =
    EFFORTS.find((known) => known === stated) ??
    (stated === undefined || stated === 'none' ? undefined : 'medium');
  return { off, effort, budget, fields };
}

function turnedOff(wish: Wish, encoding: Encoding): EncodedReasoning {
  const { thinking, thinkingOff } = encoding.traits;
  switch (thinkingOff) {
    case 'default':
      return NOTHING;
    case 'disabled':
      return { more: { thinking: { type: 'disabled' } }, refuses: 'nothing' };
    case 'none': {
      const effort = 'none';
      const more: JsonObject =
        thinking === 'effort' ? { reasoning_effort: effort } : { reasoning: { effort } };
      return { more, refuses: 'nothing' };
    }
    case 'never':
      for (const field of wish.fields) encoding.dropped.add(field);
      return NOTHING;
    default:
      return thinkingOff satisfies never;
  }
}

/** The limit includes what is thought, and something must be left for the answer. */
function budgetOf(wish: Wish, limit: number | undefined): number | undefined {
  const effort = wish.effort ?? 'medium';
  if (limit === undefined) return atLeastMinimum(wish.budget ?? UNLIMITED[effort]);
  if (limit <= MIN_BUDGET) return undefined;
  const most = Math.max(MIN_BUDGET, Math.floor(limit * SHARE.high));
  if (wish.budget !== undefined) return atLeastMinimum(Math.min(wish.budget, most));
  return Math.min(most, Math.max(MIN_BUDGET, Math.floor(limit * SHARE[effort])));
}

function atLeastMinimum(budget: number): number | undefined {
  return budget < MIN_BUDGET ? undefined : Math.floor(budget);
}

function atMost(effort: Effort, encoding: Encoding): string {
  if (effort === 'minimal') return 'low';
  if (effort === 'max') return encoding.traits.thinking === 'adaptive' ? 'max' : 'high';
  return effort === 'xhigh' ? encoding.traits.maxEffort : effort;
}

/** At its highest effort Nova takes no token limit and no sampling knobs. The limit wins: the effort is lowered. */
function nova(wish: Wish, limit: number | undefined, encoding: Encoding): EncodedReasoning {
  if (wish.budget !== undefined) encoding.dropped.add('reasoning_budget');
  let effort = atMost(wish.effort ?? 'medium', encoding);
  if (effort === 'high' && limit !== undefined) {
    encoding.dropped.add('reasoning_effort');
    effort = 'medium';
  }
  const more = { reasoningConfig: { type: 'enabled', maxReasoningEffort: effort } };
  return { more, refuses: effort === 'high' ? 'sampling' : 'nothing' };
}

/** The last turn answers calls of a turn whose signed thoughts the client did not send back. */
function lacksThoughts(turns: readonly Turn[]): boolean {
  const last = turns.at(-1);
  if (last?.role !== 'user' || !last.content.some((block) => 'toolResult' in block)) return false;
  const first = turns.at(-2)?.content[0];
  return first !== undefined && !('reasoningContent' in first);
}
