import * as v from 'valibot';
import { InvalidRequest } from '../../errors.ts';
import { isObject } from '../../openai/json.ts';
import { invalidField, parseJson } from '../../openai/parse-request.ts';
import type { LoggingTarget } from '../../stores/credential-store.ts';
import { loggingTarget } from '../request/logging-target.ts';

/** What `POST /credentials` was asked for, checked. */
export interface MintRequest {
  /** `model` and `models` together, each with the field that named it; undefined: what the parent may use. */
  readonly models: readonly { readonly name: string; readonly param: string }[] | undefined;
  readonly ttlSeconds: number;
  readonly logging: LoggingTarget | undefined;
  readonly maxRequests: number | undefined;
  readonly maxCostUsd: number | undefined;
  readonly cacheScope: 'own' | 'parent';
}

const MAX_TTL_SECONDS = 86_400;
const MAX_MODELS = 32;

const model = v.pipe(v.string(), v.nonEmpty(), v.maxLength(128));
const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

const schema = v.looseObject({
  model: v.nullish(model),
  models: v.nullish(v.pipe(v.array(model), v.nonEmpty(), v.maxLength(MAX_MODELS))),
  ttl_seconds: v.optional(whole(1, MAX_TTL_SECONDS), 600),
  logging: v.nullish(
    v.looseObject({
      project_name: v.nullish(v.pipe(v.string(), v.nonEmpty(), v.maxLength(256))),
      parent: v.nullish(v.string()),
    }),
  ),
  max_requests: v.nullish(whole(1, 1_000_000_000)),
  max_cost_usd: v.nullish(v.pipe(v.number(), v.gtValue(0), v.maxValue(1_000_000))),
  cache_scope: v.nullish(v.picklist(['own', 'parent'])),
});

/**
 * `bytes` may be empty: every field has a default. Throws InvalidRequest that names the field.
 * https://www.braintrust.dev/docs/deploy/ai-proxy#temporary-credentials-for-end-user-access
 */
export function parseMintRequest(bytes: Uint8Array): MintRequest {
  const json = bytes.byteLength === 0 ? {} : parseJson(bytes);
  if (!isObject(json)) throw new InvalidRequest('The body must be a JSON object.', { code: 'invalid_json' });
  const result = v.safeParse(schema, json, { abortEarly: true });
  if (!result.success) throw invalidField(result.issues[0]);
  const body = result.output;
  const { model: one, models, logging } = body;
  const named = [
    ...(one === undefined || one === null ? [] : [{ name: one, param: 'model' }]),
    ...(models ?? []).map((name, i) => ({ name, param: `models[${i}]` })),
  ];
  const unique = named.filter(({ name }, i) => named.findIndex((other) => other.name === name) === i);
  return {
    models: unique.length === 0 ? undefined : unique,
    ttlSeconds: body.ttl_seconds,
    logging: logging === undefined || logging === null ? undefined : targetOf(logging),
    maxRequests: body.max_requests ?? undefined,
    maxCostUsd: body.max_cost_usd ?? undefined,
    cacheScope: body.cache_scope ?? 'own',
  };
}

type Logging = { project_name?: string | null | undefined; parent?: string | null | undefined };

function targetOf({ project_name: project, parent }: Logging): LoggingTarget {
  if (parent !== undefined && parent !== null) return loggingTarget(parent, 'logging.parent');
  if (project !== undefined && project !== null)
    return loggingTarget(`project_name:${project}`, 'logging.project_name');
  throw new InvalidRequest('The field logging needs project_name or parent.', {
    param: 'logging.project_name',
    code: 'missing_required_parameter',
  });
}
