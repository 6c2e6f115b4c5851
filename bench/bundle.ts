/** The deployed function's bundle beside one that holds only what it uses of the AWS SDK: size and import time. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { ENVIRONMENT } from '../lambda/environment.ts';
import { BUNDLE } from '../lib/bundle.ts';
import { judge, type Row } from './figures.ts';
import { median } from './statistics.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const ENTRY = join(ROOT, 'lambda', 'index.ts');

const IMPORT_BUDGET = { limit: 'at most', value: 1.4 } as const;

/** The shared options and what the CDK adds to them. */
const AS_DEPLOYED = {
  ...BUNDLE,
  mainFields: [...BUNDLE.mainFields],
  bundle: true,
  platform: 'node',
  absWorkingDir: ROOT,
  logLevel: 'silent',
} satisfies BuildOptions;

const SDK_ONLY = `
  import {
    DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand,
  } from '@aws-sdk/client-dynamodb';
  import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
  export const clients = [new DynamoDBClient({}), new SecretsManagerClient({})];
  export const commands = [
    DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand, GetSecretValueCommand,
  ];
`;

/** Prints the ms that `require` of its argument took. Ends at once: what the import started must not go on. */
const IMPORT_SCRIPT = `
  globalThis.awslambda = { streamifyResponse: (handler) => handler, HttpResponseStream: { from: (s) => s } };
  const start = performance.now();
  require(process.argv[1]);
  const taken = performance.now() - start;
  require('node:fs').writeSync(1, String(taken));
  process.exit(0);
`;

/** As above for its second argument, in a process that has its first loaded. */
const FAMILY_SCRIPT = `
  globalThis.awslambda = { streamifyResponse: (handler) => handler, HttpResponseStream: { from: (s) => s } };
  require(process.argv[1]);
  const start = performance.now();
  require(process.argv[2]);
  const taken = performance.now() - start;
  require('node:fs').writeSync(1, String(taken));
  process.exit(0);
`;

export function hasLambda(): boolean {
  return existsSync(ENTRY);
}

/** Enough for the function to initialize far from AWS. */
function lambdaEnvironment(folder: string): Record<string, string> {
  const config = join(folder, 'gateway.json');
  writeFileSync(config, '{}\n');
  return {
    ...Object.fromEntries(Object.values(ENVIRONMENT).map((name) => [name, 'bench'])),
    [ENVIRONMENT.config]: config,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench-not-a-real-key',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(process.env.SystemRoot ? { SystemRoot: process.env.SystemRoot } : {}),
  };
}

async function importMs(file: string, env: Record<string, string>): Promise<number> {
  const { stdout } = await run(process.execPath, ['-e', IMPORT_SCRIPT, file], { env });
  return Number(stdout.trim().split('\n').at(-1));
}

function sizeRows(sdkFile: string, gatewayFile: string): Row[] {
  const [sdk, gateway] = [readFileSync(sdkFile), readFileSync(gatewayFile)];
  const kilobytes = (id: string, label: string, of: (bytes: Buffer) => number): Row => {
    const values = { sdk: of(sdk) / 1000, gateway: of(gateway) / 1000 };
    return {
      id,
      label,
      unit: 'KB',
      values,
      comparison: judge({ to: 'SDK', by: 'ratio', value: values.gateway / values.sdk }),
    };
  };
  return [
    kilobytes('bundle_size', 'Bundle, minified', (bytes) => bytes.length),
    kilobytes('bundle_gzip', 'Bundle, gzip', (bytes) => gzipSync(bytes).length),
  ];
}

/** `imports` of each bundle, each in a fresh process, by turns. */
export async function measureBundle(folder: string, imports: number): Promise<Row[]> {
  const sdkFile = join(folder, 'sdk.cjs');
  const gatewayFile = join(folder, 'gateway.cjs');
  const sdkEntry = { contents: SDK_ONLY, resolveDir: ROOT, loader: 'ts' } as const;
  // The SDK as it comes, with its own chain of credential providers.
  await build({ ...AS_DEPLOYED, alias: {}, stdin: sdkEntry, outfile: sdkFile });
  await build({ ...AS_DEPLOYED, entryPoints: [ENTRY], outfile: gatewayFile });
  const env = lambdaEnvironment(folder);
  for (const file of [sdkFile, gatewayFile]) await importMs(file, env);
  const sdk: number[] = [];
  const gateway: number[] = [];
  for (let index = 0; index < imports; index += 1) {
    const first = index % 2 === 0;
    if (first) sdk.push(await importMs(sdkFile, env));
    gateway.push(await importMs(gatewayFile, env));
    if (!first) sdk.push(await importMs(sdkFile, env));
  }
  const values = { sdk: median(sdk), gateway: median(gateway) };
  const value = values.gateway / values.sdk;
  const comparison = judge({ to: 'SDK', by: 'ratio', value, budget: IMPORT_BUDGET });
  const label = `Import, median of ${imports}`;
  return [...sizeRows(sdkFile, gatewayFile), { id: 'bundle_import', label, unit: 'ms', values, comparison }];
}

const FAMILIES = ['anthropic', 'gemini', 'bedrock'] as const;
const FAMILY_BUDGET = { limit: 'at most', value: 5 } as const;

/** What a family's first request adds to a warm core: its code alone, what the core has loaded already does not count. */
export async function measureFamilies(folder: string, imports: number): Promise<Row[]> {
  const core = join(folder, 'core.cjs');
  const env = lambdaEnvironment(folder);
  await build({ ...AS_DEPLOYED, entryPoints: [ENTRY], outfile: core });
  const rows: Row[] = [];
  for (const family of FAMILIES) {
    const file = join(folder, `${family}.cjs`);
    const entry = join(ROOT, 'lambda', 'providers', family, 'index.ts');
    await build({ ...AS_DEPLOYED, entryPoints: [entry], outfile: file });
    const taken: number[] = [];
    for (let index = 0; index < imports; index += 1) {
      const { stdout } = await run(process.execPath, ['-e', FAMILY_SCRIPT, core, file], { env });
      taken.push(Number(stdout.trim().split('\n').at(-1)));
    }
    const value = median(taken);
    const comparison = judge({ to: 'core', by: 'difference', value, budget: FAMILY_BUDGET });
    rows.push({
      id: `import_${family}`,
      label: `First import of ${family}`,
      unit: 'ms',
      values: { gateway: value },
      comparison,
    });
  }
  return rows;
}
