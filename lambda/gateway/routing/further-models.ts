import { PermissionDenied } from '../../errors.ts';
import { object } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { Principal } from '../request/principal.ts';

/**
 * Fields by which vendors take other models beside `model`: lists to fall back on, and what chooses or calls one by itself.
 * https://openrouter.ai/docs/guides/routing/model-fallbacks
 */
const FIELDS = ['models', 'fallbacks', 'route', 'preset', 'plugins'];

/**
 * A caller whose models or dollars are limited names one model, which is checked and whose price is known. Throws
 * PermissionDenied (403) that names the field.
 */
export function refuseFurtherModels(body: JsonObject, { modelLists, limits = [] }: Principal): void {
  const inDollars = limits.some(({ budget, maxCostUsd }) => budget !== undefined || maxCostUsd !== undefined);
  if (modelLists === undefined && !inDollars) return;
  for (const [within, fields] of [
    ['', body],
    ['extra_body.', object(body.extra_body) ?? {}],
  ] as const) {
    const named = FIELDS.find((field) => fields[field] !== undefined && fields[field] !== null);
    if (named === undefined) continue;
    throw new PermissionDenied(
      `This API key is limited to certain models or in dollars, and ${within}${named} may have another model answer: only "model" may name one.`,
      { param: `${within}${named}`, code: 'model_not_allowed' },
    );
  }
}
