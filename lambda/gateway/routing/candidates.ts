import type { GatewayConfig, ModelTarget } from '../../config.ts';
import { ModelNotFound } from '../../errors.ts';
import type { ProviderHandle, ProviderRegistry } from '../../providers/index.ts';
import { MODEL_PATTERNS } from '../../providers/model-names.ts';

export interface CandidateParts {
  readonly config: Pick<GatewayConfig, 'models'>;
  readonly registry: ProviderRegistry;
}

/** A provider and the model's name there, before keys are looked at. */
export interface Candidate {
  readonly handle: ProviderHandle;
  readonly model: string;
}

/** Where a name goes that no table knows, and every path that is not the gateway's own. */
export const DEFAULT_PROVIDER = 'openai';

/** An alias first, then `provider/model`, then the table of names, then OpenAI. */
export function candidatesFor(model: string, parts: CandidateParts): Candidate[] {
  const targets = Object.hasOwn(parts.config.models, model) ? parts.config.models[model] : undefined;
  if (targets === undefined) return [candidate(model, parts.registry)];
  return ordered(targets).map((target) => candidate(target.model, parts.registry));
}

export function candidate(model: string, registry: ProviderRegistry): Candidate {
  const explicit = prefixed(model, registry);
  if (explicit) return explicit;
  const name = MODEL_PATTERNS.find(({ pattern }) => pattern.test(model))?.provider ?? DEFAULT_PROVIDER;
  const handle = registry.get(name) ?? registry.get(DEFAULT_PROVIDER);
  if (handle) return { handle, model };
  throw new ModelNotFound('No provider serves this model here.');
}

export function prefixed(model: string, registry: ProviderRegistry): Candidate | undefined {
  const slash = model.indexOf('/');
  const handle = slash > 0 && slash < model.length - 1 ? registry.get(model.slice(0, slash)) : undefined;
  return handle && { handle, model: model.slice(slash + 1) };
}

/** Weights choose the first; the others stay in order behind it. */
function ordered(targets: readonly ModelTarget[]): ModelTarget[] {
  if (targets.every(({ weight }) => weight === undefined)) return [...targets];
  const weights = targets.map((target) => target.weight ?? 1);
  let draw = Math.random() * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => {
    draw -= weight;
    return draw < 0;
  });
  const chosen = targets[index] ?? targets[0];
  const rest = targets.filter((target) => target !== chosen && target.weight !== 0);
  return chosen ? [chosen, ...rest] : rest;
}

/** Whether weights choose which of an alias's targets is first. */
export function isDrawn(model: string, { config }: Pick<CandidateParts, 'config'>): boolean {
  const targets = Object.hasOwn(config.models, model) ? config.models[model] : undefined;
  return targets?.some(({ weight }) => weight !== undefined) ?? false;
}

/** Everything that `model` may stand for, whatever the weights: what a list of allowed models means by it. */
export function allCandidates(model: string, parts: CandidateParts): Candidate[] {
  const targets = Object.hasOwn(parts.config.models, model) ? parts.config.models[model] : undefined;
  return (targets ?? [{ model }]).map((target) => candidate(target.model, parts.registry));
}
