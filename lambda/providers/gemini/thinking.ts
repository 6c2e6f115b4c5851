import type { JsonObject } from '../../openai/wire.ts';
import { type Encoding, invalid } from './encoding.ts';
import type { Thinking } from './models.ts';

/** What the caller wants of the model's thinking, and the field that says so. */
type Wish =
  | { readonly kind: 'off' | 'on'; readonly field: string }
  | { readonly kind: 'effort'; readonly effort: string; readonly field: string }
  | { readonly kind: 'budget'; readonly tokens: number; readonly field: string };

/** Google's own translation of efforts to budgets. https://ai.google.dev/gemini-api/docs/openai#thinking */
const BUDGETS: Readonly<Record<string, number>> = { minimal: 1024, low: 1024, medium: 8192, high: 24_576 };

/** How much of the token limit an effort may think away: the limit counts thoughts, and the answer needs its part. */
const SHARES: Readonly<Record<string, number>> = { minimal: 0.2, low: 0.2, medium: 0.5 };
const LARGEST_SHARE = 0.8;

const EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/**
 * `thinkingConfig`, undefined where the model decides for itself. The token limit wins over the budget.
 * https://ai.google.dev/gemini-api/docs/thinking
 */
export function thinkingConfig(encoding: Encoding, limit: number | undefined): JsonObject | undefined {
  const wish = wishOf(encoding.body);
  if (wish === undefined) return undefined;
  const { thinking } = encoding.traits;
  switch (thinking.kind) {
    case 'none':
      if (wish.kind !== 'off') encoding.dropped.add(wish.field);
      return undefined;
    case 'budget':
      return byBudget(wish, thinking, limit, encoding.dropped);
    case 'level':
      return byLevel(wish, thinking.levels, limit);
  }
}

function wishOf(body: JsonObject): Wish | undefined {
  const { reasoning_enabled: enabled, reasoning_budget: tokens, reasoning_effort: effort } = body;
  if (enabled === false) return { kind: 'off', field: 'reasoning_enabled' };
  if (tokens !== null && tokens !== undefined) {
    if (typeof tokens !== 'number' || !Number.isInteger(tokens))
      throw invalid('reasoning_budget', 'The field reasoning_budget must be a whole number.');
    const field = 'reasoning_budget';
    return tokens === 0 ? { kind: 'off', field } : { kind: 'budget', tokens, field };
  }
  if (effort !== null && effort !== undefined) {
    if (typeof effort !== 'string')
      throw invalid('reasoning_effort', 'The field reasoning_effort must be a string.');
    const field = 'reasoning_effort';
    return effort === 'none' ? { kind: 'off', field } : { kind: 'effort', effort, field };
  }
  return enabled === true ? { kind: 'on', field: 'reasoning_enabled' } : undefined;
}

function byBudget(
  wish: Wish,
  model: Extract<Thinking, { kind: 'budget' }>,
  limit: number | undefined,
  dropped: Set<string>,
): JsonObject | undefined {
  if (wish.kind === 'on') return { includeThoughts: true };
  const least = model.canBeOff ? 0 : model.min;
  const room = limit === undefined || least < limit;
  if (wish.kind === 'off') return room ? { thinkingBudget: least } : undefined;
  // The vendor's own sign for a budget that the model chooses.
  if (wish.kind === 'budget' && wish.tokens < 0)
    return { thinkingBudget: wish.tokens, includeThoughts: true };
  const tokens = Math.min(tokensFor(wish, limit, model.max), model.max);
  if (tokens >= model.min) return { thinkingBudget: tokens, includeThoughts: true };
  dropped.add(wish.field);
  return room ? { thinkingBudget: least } : undefined;
}

function tokensFor(wish: Wish, limit: number | undefined, most: number): number {
  if (wish.kind === 'budget') {
    if (limit === undefined || wish.tokens < limit) return wish.tokens;
    return Math.floor(limit * LARGEST_SHARE);
  }
  const effort = wish.kind === 'effort' ? wish.effort : 'medium';
  if (!EFFORTS.includes(effort))
    throw invalid(
      'reasoning_effort',
      `The field reasoning_effort must be one of none, ${EFFORTS.join(', ')}.`,
    );
  const tokens = BUDGETS[effort] ?? most;
  return limit === undefined
    ? tokens
    : Math.min(tokens, Math.floor(limit * (SHARES[effort] ?? LARGEST_SHARE)));
}

/** Thinking in levels has no size that could be cut to the token limit, and can't be switched off. */
function byLevel(
  wish: Wish,
  levels: readonly string[] | undefined,
  limit: number | undefined,
): JsonObject | undefined {
  switch (wish.kind) {
    case 'off':
      return { thinkingLevel: levels?.[0] ?? 'minimal' };
    case 'on':
      return { includeThoughts: true };
    case 'budget':
      return { thinkingBudget: tokensFor(wish, limit, wish.tokens), includeThoughts: true };
    case 'effort':
      return { thinkingLevel: nearest(wish.effort, levels), includeThoughts: true };
  }
}

/** The level itself, else the next higher one that the model has, else its highest. */
function nearest(effort: string, levels: readonly string[] | undefined): string {
  const rank = EFFORTS.indexOf(effort);
  if (levels === undefined || rank === -1) return effort;
  return levels.find((level) => EFFORTS.indexOf(level) >= rank) ?? levels.at(-1) ?? effort;
}
