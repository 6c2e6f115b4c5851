import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { ENVIRONMENT } from './environment.ts';

/** A mistake in gateway.json, `.env` or the environment. The message names the source and the field. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** valibot takes a list for an object; a file with one in its place has a mistake. */
const notList = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value), 'must be an object, not a list'),
);
const object = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(notList, v.strictObject(entries));
const record = <Key extends v.GenericSchema<string, string>, Value extends v.GenericSchema>(
  key: Key,
  value: Value,
) => v.pipe(notList, v.record(key, value));

const baseUrl = v.pipe(
  v.string(),
  v.check((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'must be an http or https URL'),
  v.check((text) => !/[?#]/.test(text), 'must have no query and no fragment'),
  // A key belongs into the environment or the secret, and travels as the vendor wants it.
  v.check((text) => !URL.parse(text)?.username, 'must hold no user name'),
  v.transform((text) => text.replace(/\/+$/, '')),
);

/** A base URL without a slash at its end. Throws ConfigError that names `source`, an environment variable. */
export function parseBaseUrl(text: string, source: string): string {
  const result = v.safeParse(baseUrl, text);
  if (!result.success) throw new ConfigError(`${source} ${result.issues[0].message}.`);
  return result.output;
}

const name = v.pipe(v.string(), v.regex(/^[\w.-]+$/, 'must be made of letters, digits, ".", "_" and "-"'));

const providerEntry = object({
  kind: v.string(),
  baseUrl: v.optional(baseUrl),
  apiVersion: v.optional(v.string()),
  /** Azure: deployment names by model name, where they differ. */
  deployments: v.optional(record(v.string(), v.string())),
  accountId: v.optional(name),
  project: v.optional(name),
  location: v.optional(name),
  region: v.optional(name),
  api: v.optional(v.picklist(['converse', 'messages', 'openai'])),
  /** Sent with every request to this provider. Not for keys. */
  headers: v.optional(record(v.string(), v.string())),
});

// Chosen by what stands there, not by `v.union`: its issues do not tell the field that is wrong in one of its forms.
const modelName = v.pipe(v.string(), v.minLength(1, 'must not be empty'));
const weighted = object({ model: modelName, weight: v.pipe(v.number(), v.minValue(0), v.finite()) });
const target = v.lazy((value) => (typeof value === 'object' ? weighted : modelName));
const targetList = v.pipe(v.array(target), v.minLength(1, 'must not be empty'));
const targets = v.lazy((value) => (typeof value === 'object' ? targetList : modelName));

const milliseconds = (fallback: number) =>
  v.optional(
    v.pipe(v.number(), v.integer('must be a whole number of milliseconds'), v.minValue(1)),
    fallback,
  );

const gatewayFile = object({
  allowProviderKeys: v.optional(v.boolean()),
  providers: v.optional(record(name, providerEntry), {}),
  models: v.optional(record(modelName, targets), {}),
  timeouts: v.optional(
    object({
      connectMs: milliseconds(5_000),
      firstByteMs: milliseconds(120_000),
      idleMs: milliseconds(60_000),
      totalMs: milliseconds(840_000),
    }),
    {},
  ),
  retries: v.optional(
    object({
      attempts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10)), 3),
    }),
    {},
  ),
  cache: v.optional(
    object({
      defaultTtlSeconds: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(604_800)),
        604_800,
      ),
      maxEntryBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 8_000_000),
    }),
    {},
  ),
  cors: v.optional(object({ origins: v.optional(v.array(v.string()), ['*']) }), {}),
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
    // Some editors begin a file with a byte order mark.
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new ConfigError(
      `${source} is not JSON: ${error instanceof Error ? error.message : 'it can not be parsed'}`,
    );
  }
  const result = v.safeParse(gatewayFile, json);
  if (!result.success) {
    // A key in a typing error is told rather than the key that is missing for it.
    throw new ConfigError(`${source}: ${describe(result.issues.find(isUnknownKey) ?? result.issues[0])}`);
  }
  return {
    ...result.output,
    allowProviderKeys: result.output.allowProviderKeys,
    models: aliases(result.output.models),
  };
}

function isUnknownKey({ type, expected }: Pick<v.BaseIssue<unknown>, 'type' | 'expected'>): boolean {
  return type === 'strict_object' && expected === 'never';
}

/** The path of an issue and what is wrong there. */
function describe({ path: keys, type, message, expected, received }: v.BaseIssue<unknown>): string {
  const path = (keys ?? []).map(({ key }) => String(key)).join('.');
  if (isUnknownKey({ type, expected })) return `${path} is not a known key`;
  if (type === 'strict_object' && received === 'undefined') return `${path} is missing`;
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
