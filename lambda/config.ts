import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { ENVIRONMENT } from './environment.ts';

/** A mistake in gateway.json, `.env` or the environment. The message names the source and the field. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const baseUrl = v.pipe(
  v.string(),
  v.check(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an http or https URL',
  ),
  v.check((text) => !/[?#]/.test(text), 'must have no query and no fragment'),
  v.transform((text) => text.replace(/\/+$/, '')),
);

const name = v.pipe(v.string(), v.regex(/^[\w.-]+$/, 'must be made of letters, digits, ".", "_" and "-"'));

const providerEntry = v.strictObject({
  kind: v.string(),
  baseUrl: v.optional(baseUrl),
  apiVersion: v.optional(v.string()),
  /** Azure: deployment names by model name, where they differ. */
  deployments: v.optional(v.record(v.string(), v.string())),
  accountId: v.optional(name),
  project: v.optional(name),
  location: v.optional(name),
  region: v.optional(name),
  api: v.optional(v.picklist(['converse', 'messages', 'openai'])),
  /** Sent with every request to this provider. Not for keys. */
  headers: v.optional(v.record(v.string(), v.string())),
});

const target = v.union([
  v.string(),
  v.strictObject({ model: v.string(), weight: v.pipe(v.number(), v.minValue(0), v.finite()) }),
]);
const targets = v.union([v.string(), v.pipe(v.array(target), v.minLength(1, 'must not be empty'))]);

const milliseconds = (fallback: number) =>
  v.optional(
    v.pipe(v.number(), v.integer('must be a whole number of milliseconds'), v.minValue(1)),
    fallback,
  );

const gatewayFile = v.strictObject({
  allowProviderKeys: v.optional(v.boolean()),
  providers: v.optional(v.record(name, providerEntry), {}),
  models: v.optional(v.record(v.string(), targets), {}),
  timeouts: v.optional(
    v.strictObject({
      connectMs: milliseconds(5_000),
      firstByteMs: milliseconds(120_000),
      idleMs: milliseconds(60_000),
      totalMs: milliseconds(840_000),
    }),
    {},
  ),
  retries: v.optional(
    v.strictObject({
      attempts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10)), 3),
    }),
    {},
  ),
  cache: v.optional(
    v.strictObject({
      defaultTtlSeconds: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(604_800)),
        604_800,
      ),
      maxEntryBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 8_000_000),
    }),
    {},
  ),
  cors: v.optional(v.strictObject({ origins: v.optional(v.array(v.string()), ['*']) }), {}),
});

export type ProviderEntry = v.InferOutput<typeof providerEntry>;
export type ModelTarget = { readonly model: string; readonly weight?: number };

export interface GatewayConfig {
  readonly allowProviderKeys: boolean | undefined;
  readonly providers: Readonly<Record<string, ProviderEntry>>;
  /** Aliases: each name's targets in order. */
  readonly models: Readonly<Record<string, readonly ModelTarget[]>>;
  readonly timeouts: v.InferOutput<typeof gatewayFile>['timeouts'];
  readonly retries: { readonly attempts: number };
  readonly cache: { readonly defaultTtlSeconds: number; readonly maxEntryBytes: number };
  readonly cors: { readonly origins: readonly string[] };
}

/** Checks a gateway.json. `source` is its path, for the message. Throws ConfigError that names the field. */
export function parseGatewayConfig(text: string, source: string): GatewayConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(
      `${source} is not JSON: ${error instanceof Error ? error.message : 'it can not be parsed'}`,
    );
  }
  const result = v.safeParse(gatewayFile, json);
  if (!result.success) throw new ConfigError(`${source}: ${describe(result.issues[0])}`);
  return {
    ...result.output,
    allowProviderKeys: result.output.allowProviderKeys,
    models: aliases(result.output.models),
  };
}

/** The path of the deepest issue and what is wrong there: unions tell their branches' issues apart by depth. */
function describe(issue: v.BaseIssue<unknown>): string {
  const deeper = issue.issues?.toSorted((a, b) => (b.path?.length ?? 0) - (a.path?.length ?? 0))[0];
  const path = [...(issue.path ?? []), ...(deeper?.path ?? [])].map((item) => String(item.key)).join('.');
  const { type, message, expected, received } = deeper ?? issue;
  if (type === 'strict_object' && expected === 'never') return `${path} is not a known key`;
  const text = message.startsWith('must')
    ? message
    : `expected ${expected ?? 'another value'}, found ${received}`;
  return path === '' ? text : `${path} ${message.startsWith('must') ? text : `is wrong: ${text}`}`;
}

function aliases(models: v.InferOutput<typeof gatewayFile>['models']): GatewayConfig['models'] {
  const list = (value: v.InferOutput<typeof targets>): ModelTarget[] =>
    (typeof value === 'string' ? [value] : value).map((item) =>
      typeof item === 'string' ? { model: item } : item,
    );
  return Object.fromEntries(Object.entries(models).map(([alias, value]) => [alias, list(value)]));
}

/** The values of environment variables; locally those of `.env` among them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's own variables. Nothing else reads `process.env`. */
export function processEnvironment(): Environment {
  return { ...process.env };
}

/** gateway.json as `SLUICE_CONFIG` names it, or `fallback` where that exists, or the defaults. */
export function loadGatewayConfig(environment: Environment, fallback?: string): GatewayConfig {
  const path = environment[ENVIRONMENT.config] || undefined;
  const file = path ?? fallback;
  if (file === undefined) return parseGatewayConfig('{}', 'gateway.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && path === undefined) return parseGatewayConfig('{}', 'gateway.json');
    throw new ConfigError(
      `${ENVIRONMENT.config}: ${file} can not be read${missing ? ': there is no such file' : ''}`,
    );
  }
  return parseGatewayConfig(text, file);
}

/** What the deployed function needs of its environment. Throws ConfigError that names the variable. */
export function loadLambdaConfig(environment: Environment = processEnvironment()) {
  return {
    gateway: loadGatewayConfig(environment),
    credentialsTable: required(environment, ENVIRONMENT.credentialsTable),
    providerKeysSecret: required(environment, ENVIRONMENT.providerKeysSecret),
  };
}

function required(environment: Environment, variable: string): string {
  const value = environment[variable];
  if (!value) throw new ConfigError(`The environment variable ${variable} is not set.`);
  return value;
}
