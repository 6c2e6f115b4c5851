import { InvalidRequest } from '../../errors.ts';
import { isObject } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { ModelQuirks } from '../model-quirks.ts';
import type { ThinkingConfigParam } from './wire.ts';

/** The vendor's least. https://platform.claude.com/docs/en/build-with-claude/extended-thinking */
const MIN_BUDGET = 1024;

/**
 * What part of the token limit an effort may think away: Braintrust's shares, and two for the efforts it does not know.
 * `minimal` and efforts unknown here count as low, as they do there.
 */
const SHARES: Readonly<Record<string, number>> = { low: 0.2, medium: 0.5, high: 0.8, xhigh: 0.9, max: 0.95 };

export interface Thinking {
  readonly thinking?: ThinkingConfigParam;
  readonly effort?: string;
  /** The model may think, as far as can be told: sampling is narrower then. */
  readonly on: boolean;
}

export interface Circumstances {
  readonly maxTokens: number;
  /** A tool is forced: the vendor allows no thinking beside it. */
  readonly forced: boolean;
  readonly lacksThinking: boolean;
  readonly prefilled: boolean;
}

type Wish =
  | { readonly kind: 'none' }
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly budget?: number; readonly effort?: string };

/**
 * `reasoning_effort`, `reasoning_enabled` and `reasoning_budget` as thinking. The token limit holds thinking and answer
 * together, as OpenAI's does. The vendor's own `thinking` goes as the caller wrote it.
 * https://platform.claude.com/docs/en/build-with-claude/thinking, https://www.braintrust.dev/docs/deploy/ai-proxy#reasoning-models
 */
export function planThinking(
  body: JsonObject,
  quirks: ModelQuirks,
  circumstances: Circumstances,
  dropped: Set<string>,
): Thinking {
  if (isObject(body.thinking)) return vendorThinking(body.thinking, quirks, circumstances, dropped);
  const wish = wishOf(body);
  const leaveOut = (): Thinking => {
    for (const field of REASONING) if (isSet(body, field)) dropped.add(field);
    return offWhereOn(quirks);
  };
  if (wish.kind === 'none') return circumstances.forced ? offWhereOn(quirks) : { on: quirks.thinksByDefault };
  if (quirks.thinking === 'none') return wish.kind === 'off' ? { on: false } : leaveOut();
  if (wish.kind === 'off') return off(body, quirks, dropped);
  if (circumstances.forced) return leaveOut();
  const byBudget = quirks.thinking === 'budget' || (quirks.thinking === 'both' && wish.budget !== undefined);
  if (!byBudget) return adaptive(wish, quirks, dropped);
  const budget = budgetOf(wish, circumstances.maxTokens);
  if (budget === undefined || circumstances.lacksThinking || circumstances.prefilled) return leaveOut();
  return { thinking: { type: 'enabled', budget_tokens: budget }, on: true };
}

/** The vendor's own field goes as it is, unless what else is asked makes a 400 of it. */
function vendorThinking(
  thinking: JsonObject,
  quirks: ModelQuirks,
  { forced, lacksThinking, prefilled }: Circumstances,
  dropped: Set<string>,
): Thinking {
  const byBudget = thinking.type === 'enabled';
  const on = byBudget || thinking.type === 'adaptive';
  if ((on && forced) || (byBudget && (lacksThinking || prefilled))) {
    dropped.add('thinking');
    return offWhereOn(quirks);
  }
  return { thinking: thinking as unknown as ThinkingConfigParam, on };
}

const REASONING = ['reasoning_effort', 'reasoning_enabled', 'reasoning_budget'] as const;

function isSet(body: JsonObject, field: string): boolean {
  return body[field] !== undefined && body[field] !== null;
}

function wishOf(body: JsonObject): Wish {
  const { reasoning_enabled: enabled, reasoning_budget: budget, reasoning_effort: effort } = body;
  checkTypes(body);
  if (enabled === false || budget === 0) return { kind: 'off' };
  const word = typeof effort === 'string' && effort !== 'none' ? { effort } : {};
  if (typeof budget === 'number') return { kind: 'on', budget: Math.floor(budget), ...word };
  if (effort === 'none') return { kind: 'off' };
  return enabled === true || word.effort !== undefined ? { kind: 'on', ...word } : { kind: 'none' };
}

const TYPES = { reasoning_effort: 'string', reasoning_enabled: 'boolean', reasoning_budget: 'number' };

function checkTypes(body: JsonObject): void {
  for (const [param, type] of Object.entries(TYPES))
    if (isSet(body, param) && typeof body[param] !== type)
      throw new InvalidRequest(`${param} must be a ${type}.`, { param, code: 'invalid_type' });
}

/** Thinking that nobody asked for, but that would be on, switched off where that is possible. */
function offWhereOn(quirks: ModelQuirks): Thinking {
  if (!quirks.thinksByDefault) return { on: false };
  return quirks.thinkingOff === 'disabled' ? { thinking: { type: 'disabled' }, on: false } : { on: true };
}

function off(body: JsonObject, quirks: ModelQuirks, dropped: Set<string>): Thinking {
  if (quirks.thinkingOff !== 'never') return { thinking: { type: quirks.thinkingOff }, on: false };
  for (const field of REASONING) if (isSet(body, field)) dropped.add(field);
  return { effort: 'low', on: true };
}

/** Newer models hide what they think unless asked; the caller who asks for thinking wants to see it. */
function adaptive(wish: Wish & { kind: 'on' }, quirks: ModelQuirks, dropped: Set<string>): Thinking {
  if (wish.budget !== undefined) dropped.add('reasoning_budget');
  const thinking = { type: 'adaptive', display: 'summarized' } as const;
  if (wish.effort === undefined) return { thinking, on: true };
  const known = wish.effort in SHARES ? wish.effort : 'low';
  return { thinking, effort: known === 'xhigh' && !quirks.xhighEffort ? 'high' : known, on: true };
}

/** Undefined where the limit leaves no room for the vendor's least. */
function budgetOf(wish: Wish & { kind: 'on' }, maxTokens: number): number | undefined {
  const share = SHARES[wish.effort ?? 'low'] ?? 0.2;
  const wanted = Math.max(MIN_BUDGET, wish.budget ?? Math.floor(share * maxTokens));
  // Something must be left for the answer, so a budget that is too large shrinks to the share of a high effort.
  const budget = wanted < maxTokens ? wanted : Math.max(MIN_BUDGET, Math.floor(0.8 * maxTokens));
  return budget < maxTokens ? budget : undefined;
}
