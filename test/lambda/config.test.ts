import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  ConfigError,
  loadGatewayConfig,
  loadLambdaConfig,
  parseGatewayConfig,
  processEnvironment,
} from '../../lambda/config.ts';

const parse = (value: unknown) => parseGatewayConfig(JSON.stringify(value), 'gateway.json');

/** The message that `work` throws as a ConfigError. */
function mistakeIn(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('parseGatewayConfig', () => {
  test('an empty file is the defaults', () => {
    expect(parse({})).toEqual({
      allowProviderKeys: undefined,
      providers: {},
      models: {},
      timeouts: { connectMs: 5_000, firstByteMs: 120_000, idleMs: 60_000, totalMs: 840_000, cacheMs: 150 },
      retries: { attempts: 3 },
      cache: { defaultTtlSeconds: 604_800, maxEntryBytes: 8_000_000 },
      cacheScopes: {},
      limits: {},
      prices: {},
      logging: {},
      identities: { iam: [], oidc: [] },
      cors: { origins: ['*'] },
    });
  });

  test('a section that is begun keeps the defaults of its other keys', () => {
    expect(parse({ timeouts: { idleMs: 1 } }).timeouts).toEqual({
      connectMs: 5_000,
      firstByteMs: 120_000,
      idleMs: 1,
      totalMs: 840_000,
      cacheMs: 150,
    });
  });

  test('every form that the documentation shows is taken', () => {
    const config = parse({
      allowProviderKeys: true,
      providers: {
        'azure-eu': { kind: 'azure', baseUrl: 'https://NAME.openai.azure.com', apiVersion: '2024-10-21' },
        vllm: { kind: 'openai-compatible', baseUrl: 'http://127.0.0.1:8000/v1' },
        vertex: { kind: 'vertex', project: 'p', location: 'us-central1' },
      },
      models: {
        fast: 'groq/llama-3.3-70b-versatile',
        smart: ['anthropic/claude-sonnet-4-5', 'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
        split: [
          { model: 'openai/gpt-4o', weight: 9 },
          { model: 'azure-eu/gpt-4o', weight: 1 },
        ],
      },
      timeouts: { connectMs: 5000, firstByteMs: 120000, idleMs: 60000, totalMs: 840000 },
      retries: { attempts: 3 },
      cache: { defaultTtlSeconds: 604800, maxEntryBytes: 8000000 },
      cors: { origins: ['*'] },
    });
    expect(config.allowProviderKeys).toBe(true);
    expect(config.providers['azure-eu']?.apiVersion).toBe('2024-10-21');
    expect(config.models).toEqual({
      fast: [{ model: 'groq/llama-3.3-70b-versatile' }],
      smart: [
        { model: 'anthropic/claude-sonnet-4-5' },
        { model: 'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0' },
      ],
      split: [
        { model: 'openai/gpt-4o', weight: 9 },
        { model: 'azure-eu/gpt-4o', weight: 1 },
      ],
    });
  });

  test('a base URL loses the slashes at its end: paths are appended to it', () => {
    const { providers } = parse({ providers: { a: { kind: 'azure', baseUrl: 'https://x.test/v1//' } } });
    expect(providers.a?.baseUrl).toBe('https://x.test/v1');
  });

  test('a byte order mark before the JSON is passed over', () => {
    expect(parseGatewayConfig('\uFEFF{"retries":{"attempts":1}}', 'gateway.json').retries.attempts).toBe(1);
  });

  test.each(['', '{', '{"models": }', "{'models': {}}", '{} // no'])('%p is told to be no JSON', (text) => {
    expect(mistakeIn(() => parseGatewayConfig(text, 'my.json'))).toMatch(/^my\.json is not JSON: ./);
  });

  const provider = (more: object) => ({ providers: { mine: { kind: 'openai', ...more } } });

  const ARN = 'arn:aws:iam::123456789012:';
  const STS = 'arn:aws:sts::123456789012:';
  const issuer = { issuer: 'https://issuer.test', audience: 'sluice', rules: [{}] };
  const iam = (more: object) => ({ identities: { iam: [{ arn: `${ARN}role/a`, ...more }] } });
  const oidc = (more: object) => ({ identities: { oidc: [{ ...issuer, ...more }] } });
  const rule = (claims: unknown) => oidc({ rules: [{ claims }] });

  test('identities come out in one form: roles without path and session, lists of texts', () => {
    const { identities } = parse({
      identities: {
        iam: [
          { arn: `${STS}assumed-role/team/*` },
          {
            arn: `${ARN}role/eu/ops/team`,
            models: ['fast'],
            rpm: 1,
            tpm: 2,
            budget: { usd: 0.5, per: 'day' },
          },
          { arn: `${ARN}user/eu/*` },
          { arn: `${ARN}root` },
        ],
        oidc: [
          { ...issuer, rules: [{ claims: { a: 'x', b: ['y', true, 7], c: false } }, { rpm: 5 }] },
          {
            ...issuer,
            issuer: 'http://[::1]:8080/a/',
            audience: ['a', 'b'],
            jwksUri: 'https://x.test/k?p=1',
          },
        ],
      },
    });
    expect(identities).toEqual({
      iam: [
        { arn: `${ARN}role/team` },
        { arn: `${ARN}role/team`, models: ['fast'], rpm: 1, tpm: 2, budget: { usd: 0.5, per: 'day' } },
        { arn: `${ARN}user/eu/*` },
        { arn: `${ARN}root` },
      ],
      oidc: [
        {
          issuer: 'https://issuer.test',
          audience: ['sluice'],
          rules: [{ claims: { a: ['x'], b: ['y', 'true', '7'], c: ['false'] } }, { claims: {}, rpm: 5 }],
        },
        {
          issuer: 'http://[::1]:8080/a/',
          audience: ['a', 'b'],
          jwksUri: 'https://x.test/k?p=1',
          rules: [{ claims: {} }],
        },
      ],
    });
  });

  test.each<[unknown, string]>([
    [null, 'expected Object, found null'],
    ['text', 'expected Object, found "text"'],
    [[], 'must be an object, not a list'],
    [{ model: {} }, 'model is not a known key'],
    [{ allowProviderKeys: 'yes' }, 'allowProviderKeys is wrong: expected boolean, found "yes"'],
    [{ providers: [{ kind: 'azure' }] }, 'providers must be an object, not a list'],
    [{ providers: { mine: 'azure' } }, 'providers.mine is wrong: expected Object, found "azure"'],
    [{ providers: { mine: {} } }, 'providers.mine.kind is missing'],
    [{ providers: { mine: { kidn: 'azure' } } }, 'providers.mine.kidn is not a known key'],
    [{ providers: { 'a/b': { kind: 'azure' } } }, 'providers.a/b must be made of letters'],
    [provider({ apiKey: 'k' }), 'providers.mine.apiKey is not a known key'],
    [provider({ baseUrl: 5 }), 'providers.mine.baseUrl is wrong: expected string, found 5'],
    [provider({ baseUrl: 'x.test/v1' }), 'providers.mine.baseUrl must be an http or https URL'],
    [provider({ baseUrl: 'file:///v1' }), 'providers.mine.baseUrl must be an http or https URL'],
    [provider({ baseUrl: 'https://me:secret@x.test/v1' }), 'providers.mine.baseUrl must hold no user name'],
    [provider({ baseUrl: 'https://x.test?a' }), 'providers.mine.baseUrl must have no query and no fragment'],
    [provider({ project: 'a/b' }), 'providers.mine.project must be made of letters'],
    [provider({ api: 'chat' }), 'providers.mine.api is wrong: expected ("converse" | "messages" | "openai")'],
    [provider({ deployments: { m: 1 } }), 'providers.mine.deployments.m is wrong: expected string, found 1'],
    [provider({ headers: ['a'] }), 'providers.mine.headers must be an object, not a list'],
    [{ models: [] }, 'models must be an object, not a list'],
    [{ models: { fast: 5 } }, 'models.fast is wrong: expected string, found 5'],
    [{ models: { fast: '' } }, 'models.fast must not be empty'],
    [{ models: { fast: [] } }, 'models.fast must not be empty'],
    [{ models: { fast: { model: 'a' } } }, 'models.fast is wrong: expected Array, found Object'],
    [{ models: { fast: ['a', 5] } }, 'models.fast.1 is wrong: expected string, found 5'],
    [{ models: { fast: [{ model: 'a', wieght: 1 }] } }, 'models.fast.0.wieght is not a known key'],
    [{ models: { fast: [{ weight: 1 }] } }, 'models.fast.0.model is missing'],
    [{ models: { fast: [{ model: 'a', weight: -1 }] } }, 'models.fast.0.weight is wrong: expected >=0'],
    [{ timeouts: 5 }, 'timeouts is wrong: expected Object, found 5'],
    [{ timeouts: { connect: 5 } }, 'timeouts.connect is not a known key'],
    [{ timeouts: { connectMs: '5' } }, 'timeouts.connectMs is wrong: expected number, found "5"'],
    [{ timeouts: { idleMs: 0 } }, 'timeouts.idleMs is wrong: expected >=1, found 0'],
    [{ timeouts: { totalMs: 1.5 } }, 'timeouts.totalMs must be a whole number of milliseconds'],
    [{ retries: { attempts: 0 } }, 'retries.attempts is wrong: expected >=1, found 0'],
    [{ retries: { attempts: 11 } }, 'retries.attempts is wrong: expected <=10, found 11'],
    [{ cache: { defaultTtlSeconds: 604_801 } }, 'cache.defaultTtlSeconds is wrong: expected <=604800'],
    [{ cache: { maxEntryBytes: -1 } }, 'cache.maxEntryBytes is wrong: expected >=0, found -1'],
    [{ cors: { origins: '*' } }, 'cors.origins is wrong: expected Array, found "*"'],
    [{ cors: { origins: [1] } }, 'cors.origins.0 is wrong: expected string, found 1'],
    [{ identities: [] }, 'identities must be an object, not a list'],
    [{ identities: { saml: [] } }, 'identities.saml is not a known key'],
    [iam({ arn: undefined }), 'identities.iam.0.arn is missing'],
    [iam({ arn: 'team' }), 'identities.iam.0.arn must be the ARN of an IAM role or user'],
    [iam({ arn: 'arn:aws:s3:::bucket' }), 'identities.iam.0.arn must be the ARN of an IAM role or user'],
    [iam({ arn: 'arn:aws*:iam::123456789012:role/a' }), 'identities.iam.0.arn must be the ARN of an IAM'],
    [iam({ arn: 'arn:*:iam::123456789012:role/a' }), 'identities.iam.0.arn must be the ARN of an IAM'],
    [iam({ arn: 'arn:aws:iam::*:role/a' }), 'identities.iam.0.arn must name the account by its 12 digits'],
    [
      iam({ arn: 'arn:aws:iam::12345678901*:role/a' }),
      'identities.iam.0.arn must name the account by its 12',
    ],
    [iam({ arn: 'arn:aws:iam::12345678901:role/a' }), 'identities.iam.0.arn must name the account by its 12'],
    [iam({ arn: 'arn:aws:iam:::role/a' }), 'identities.iam.0.arn must name the account by its 12'],
    [iam({ arn: `${ARN}` }), 'identities.iam.0.arn must end in role/NAME'],
    [iam({ arn: `${ARN}*` }), 'identities.iam.0.arn must end in role/NAME'],
    [iam({ arn: `${ARN}role` }), 'identities.iam.0.arn must end in role/NAME'],
    [iam({ arn: `${ARN}role/` }), 'identities.iam.0.arn must end in role/NAME'],
    [iam({ arn: `${ARN}*/a` }), 'identities.iam.0.arn must end in role/NAME'],
    [iam({ arn: `${ARN}role/a?` }), 'identities.iam.0.arn must end in role/NAME'],
    [iam({ arn: `${ARN}role/a ` }), 'identities.iam.0.arn must end in role/NAME'],
    [iam({ arn: `${ARN}group/a` }), 'identities.iam.0.arn must end in role/NAME'],
    [iam({ arn: `${ARN}assumed-role/a` }), 'identities.iam.0.arn must end in role/NAME'],
    [iam({ arn: 'arn:aws:sts::123456789012:role/a' }), 'identities.iam.0.arn must end in role/NAME'],
    [
      iam({ arn: `${STS}assumed-role/a/s` }),
      'identities.iam.0.arn must name no session: its caller chooses it',
    ],
    [iam({ arn: `${STS}assumed-role/a/s*` }), 'identities.iam.0.arn must name no session'],
    [iam({ arn: `${STS}assumed-role/a/*/x` }), 'identities.iam.0.arn must name no session'],
    [iam({ arn: `${STS}federated-user/*` }), 'identities.iam.0.arn must name a federated user without *'],
    [iam({ arn: `${ARN}role/team/*` }), 'identities.iam.0.arn must have no * in a role with a path'],
    [iam({ arn: `${ARN}role/*/a` }), 'identities.iam.0.arn must have no * in a role with a path'],
    [iam({ models: [] }), 'identities.iam.0.models must not be empty'],
    [iam({ rpm: 0 }), 'identities.iam.0.rpm must be at least 1'],
    [iam({ rpm: 1.5 }), 'identities.iam.0.rpm must be a whole number'],
    [iam({ tpm: '5' }), 'identities.iam.0.tpm is wrong: expected number, found "5"'],
    [iam({ budget: 5 }), 'identities.iam.0.budget is wrong: expected Object, found 5'],
    [iam({ budget: { usd: 5 } }), 'identities.iam.0.budget.per is missing'],
    [iam({ budget: { usd: 5, per: 'year' } }), 'identities.iam.0.budget.per must be day or month'],
    [iam({ budget: { usd: -1, per: 'day' } }), 'identities.iam.0.budget.usd must not be below 0'],
    [iam({ model: ['a'] }), 'identities.iam.0.model is not a known key'],
    [oidc({ issuer: undefined }), 'identities.oidc.0.issuer is missing'],
    [oidc({ issuer: 'accounts.example.com' }), 'identities.oidc.0.issuer must be an https URL'],
    [oidc({ issuer: 'http://issuer.test' }), 'identities.oidc.0.issuer must be an https URL'],
    [oidc({ issuer: 'http://localhost:80@evil.test' }), 'identities.oidc.0.issuer must be an https URL'],
    [oidc({ issuer: 'http://localhost.evil.test' }), 'identities.oidc.0.issuer must be an https URL'],
    [oidc({ issuer: 'http://127.0.0.1.evil.test' }), 'identities.oidc.0.issuer must be an https URL'],
    [oidc({ issuer: 'https://a:b@issuer.test' }), 'identities.oidc.0.issuer must hold no user name'],
    [oidc({ issuer: 'https://issuer.test/#a' }), 'identities.oidc.0.issuer must have no fragment'],
    [oidc({ issuer: 'https://issuer.test/?a' }), 'identities.oidc.0.issuer must have no query'],
    [oidc({ audience: undefined }), 'identities.oidc.0.audience is missing'],
    [oidc({ audience: '' }), 'identities.oidc.0.audience must not be empty'],
    [oidc({ audience: [] }), 'identities.oidc.0.audience must not be empty'],
    [oidc({ audience: ['a', 5] }), 'identities.oidc.0.audience.1 is wrong: expected string, found 5'],
    [oidc({ jwksUri: 'http://issuer.test/keys' }), 'identities.oidc.0.jwksUri must be an https URL'],
    [oidc({ jwksUri: 'file:///keys' }), 'identities.oidc.0.jwksUri must be an https URL'],
    [oidc({ rules: undefined }), 'identities.oidc.0.rules is missing'],
    [oidc({ rules: [] }), 'identities.oidc.0.rules must not be empty'],
    [oidc({ rules: [{ claim: {} }] }), 'identities.oidc.0.rules.0.claim is not a known key'],
    [rule([]), 'identities.oidc.0.rules.0.claims must be an object, not a list'],
    [rule({ a: [] }), 'identities.oidc.0.rules.0.claims.a must not be empty'],
    [rule({ a: '' }), 'identities.oidc.0.rules.0.claims.a must not be empty'],
    [rule({ a: null }), 'identities.oidc.0.rules.0.claims.a is wrong: expected string, found null'],
    [rule({ a: { b: 'c' } }), 'identities.oidc.0.rules.0.claims.a is wrong: expected string, found Object'],
    [
      rule({ a: ['x', ['y']] }),
      'identities.oidc.0.rules.0.claims.a.1 is wrong: expected string, found Array',
    ],
    [rule({ a: 1e300 }), 'identities.oidc.0.rules.0.claims.a must be a whole number'],
    // valibot would leave it out, and every token would fit.
    [rule(JSON.parse('{"__proto__":"x"}')), 'identities.oidc.0.rules.0.claims must not name __proto__'],
    [rule({ constructor: 'x' }), 'identities.oidc.0.rules.0.claims must not name __proto__'],
    [
      { identities: { oidc: [issuer, { ...issuer, audience: 'b' }] } },
      'identities.oidc must name each issuer once',
    ],
  ])('%j: the message names the field', (content, message) => {
    const found = mistakeIn(() => parse(content));
    expect(found.startsWith(`gateway.json: ${message}`) || found).toBe(true);
  });
});

describe('loadGatewayConfig', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function write(name: string, attempts: number): string {
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify({ retries: { attempts } }));
    return file;
  }

  test('SLUICE_CONFIG names the file, before the one that lies there', () => {
    const environment = { SLUICE_CONFIG: write('chosen.json', 1) };
    expect(loadGatewayConfig(environment, write('gateway.json', 2)).retries.attempts).toBe(1);
  });

  test('without it the file that lies there is read', () => {
    expect(loadGatewayConfig({ SLUICE_CONFIG: '' }, write('gateway.json', 2)).retries.attempts).toBe(2);
  });

  test('without any file the defaults hold', () => {
    expect(loadGatewayConfig({}, join(folder, 'gateway.json'))).toEqual(parse({}));
    expect(loadGatewayConfig({})).toEqual(parse({}));
  });

  test('a file that was named must be there', () => {
    const file = join(folder, 'chosen.json');
    expect(mistakeIn(() => loadGatewayConfig({ SLUICE_CONFIG: file }, write('gateway.json', 2)))).toBe(
      `SLUICE_CONFIG: ${file} can not be read: there is no such file`,
    );
  });

  test('a file that lies there and can not be read is no missing one', () => {
    expect(mistakeIn(() => loadGatewayConfig({}, folder))).toBe(`SLUICE_CONFIG: ${folder} can not be read`);
  });
});

describe('loadLambdaConfig', () => {
  const complete = {
    SLUICE_CREDENTIALS_TABLE: 'table',
    SLUICE_CACHE_TABLE: 'cache',
    SLUICE_PROVIDER_KEYS_SECRET: 'secret',
    SLUICE_SIGNING_SECRET: 'signing',
    SLUICE_REQUEST_LOG_GROUP: 'requests',
  };

  test('holds the names that the stack put into the environment', () => {
    expect(loadLambdaConfig(complete)).toEqual({
      gateway: parse({}),
      credentialsTable: 'table',
      cacheTable: 'cache',
      providerKeysSecret: 'secret',
      signingSecret: 'signing',
      requestLogGroup: 'requests',
    });
  });

  test.each(Object.keys(complete))('without %s the message names it', (variable) => {
    expect(mistakeIn(() => loadLambdaConfig({ ...complete, [variable]: '' }))).toContain(variable);
  });
});

test('the process’s environment is a copy: what comes later does not change it', () => {
  const before = processEnvironment();
  process.env.SLUICE_TEST_LATER = 'later';
  try {
    expect(before.SLUICE_TEST_LATER).toBeUndefined();
    expect(processEnvironment().SLUICE_TEST_LATER).toBe('later');
  } finally {
    delete process.env.SLUICE_TEST_LATER;
  }
});
