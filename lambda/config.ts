import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { baseUrl, gatewayFile, type targets } from './config-schema.ts';
import { ENVIRONMENT } from './environment.ts';

/** A mistake in gateway.json, `.env` or the environment. The message names the source and the field. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** A base URL without a slash at its end. Throws ConfigError that names `source`, an environment variable. */
export function parseBaseUrl(text: string, source: string): string {
  const result = v.safeParse(baseUrl, text);
  if (!result.success) throw new ConfigError(`${source} ${result.issues[0].message}.`);
  return result.output;
}

type GatewayFile = v.InferOutput<typeof gatewayFile>;
export type ProviderEntry = GatewayFile['providers'][string];
export type IamEntry = GatewayFile['identities']['iam'][number];
export type OidcIssuer = GatewayFile['identities']['oidc'][number];
/** US dollars per million tokens. */
export type Price = GatewayFile['prices'][string];
export type ModelTarget = { readonly model: string; readonly weight?: number };

export interface GatewayConfig {
  readonly allowProviderKeys: boolean | undefined;
  readonly providers: Readonly<Record<string, ProviderEntry>>;
  /** Aliases: each name's targets in order. */
  readonly models: Readonly<Record<string, readonly ModelTarget[]>>;
  readonly timeouts: GatewayFile['timeouts'];
  readonly retries: { readonly attempts: number };
  readonly cache: { readonly defaultTtlSeconds: number; readonly maxEntryBytes: number };
  /** Names or ids of gateway keys that share one cache, by a name for it. */
  readonly cacheScopes: Readonly<Record<string, readonly string[]>>;
  readonly limits: { readonly onStoreFailure?: 'allow' | 'deny' | undefined };
  /** By `provider/model`, or by the model's name alone. */
  readonly prices: Readonly<Record<string, Price>>;
  readonly logging: { readonly otlp?: { readonly endpoint: string } | undefined };
  readonly identities: { readonly iam: readonly IamEntry[]; readonly oidc: readonly OidcIssuer[] };
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

function aliases(models: GatewayFile['models']): GatewayConfig['models'] {
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
    cacheTable: required(environment, ENVIRONMENT.cacheTable),
    providerKeysSecret: required(environment, ENVIRONMENT.providerKeysSecret),
    signingSecret: required(environment, ENVIRONMENT.signingSecret),
    requestLogGroup: required(environment, ENVIRONMENT.requestLogGroup),
  };
}

function required(environment: Environment, variable: string): string {
  const value = environment[variable];
  if (!value) throw new ConfigError(`The environment variable ${variable} is not set.`);
  return value;
}
