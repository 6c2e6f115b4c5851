import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StreamifyHandler } from 'aws-lambda';
import { build } from 'esbuild';
import { ENVIRONMENT } from '../../lambda/environment.ts';
import { hashKey } from '../../lambda/gateway/callers/bearer.ts';
import { BUNDLE } from '../../lib/bundle.ts';
import { CREDENTIALS_TABLE, startDynamoDB } from '../../local/dynamodb.ts';
import { invoke, type Outcome } from './awslambda.ts';
import { LOG_GROUP, startCloudWatchLogs } from './cloudwatch-logs.ts';
import { sendJson, startUpstream } from './fake-upstream.ts';
import { functionUrlEvent, restEvent } from './lambda-events.ts';
import { httpHead } from './lambda-response.ts';
import { LOCAL_KEY } from './local-gateway.ts';

export type EventKind = 'function-url' | 'rest';

/** What a deployed function finds around it: tables, secret, gateway.json, all real but AWS itself. */
export interface Surroundings {
  readonly environment: Record<string, string>;
  /** What the function wrote into the log group of requests. */
  requestLines(): string[];
  close(): Promise<void>;
}

const SIGNING_SECRET = 'sluice-signing-secret';

/** `secret` is the provider-keys secret's value, `config` the content of gateway.json. */
export async function startSurroundings(secret: object, config: object): Promise<Surroundings> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lambda-'));
  const file = join(folder, 'gateway.json');
  writeFileSync(file, JSON.stringify(config));
  const dynamodb = await startDynamoDB(join(folder, 'data'));
  await dynamodb.credentials.putKey({ hash: hashKey(LOCAL_KEY), name: 'test', createdAt: 0 });
  const secrets = await startUpstream(({ body }, response) => {
    const { SecretId } = JSON.parse(body.toString('utf8'));
    const signing = SecretId === SIGNING_SECRET;
    sendJson(response, {
      SecretString: signing ? 'signing-secret-of-nobody'.repeat(3) : JSON.stringify(secret),
    });
  });
  const logs = await startCloudWatchLogs();
  return {
    environment: {
      [ENVIRONMENT.config]: file,
      [ENVIRONMENT.credentialsTable]: CREDENTIALS_TABLE,
      [ENVIRONMENT.cacheTable]: 'sluice-cache',
      [ENVIRONMENT.providerKeysSecret]: 'sluice-provider-keys',
      [ENVIRONMENT.signingSecret]: SIGNING_SECRET,
      [ENVIRONMENT.requestLogGroup]: LOG_GROUP,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.origin,
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: logs.origin,
    },
    requestLines: () => [...logs.streams.values()].flat(),
    async close() {
      await Promise.all([dynamodb.close(), secrets.close(), logs.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The function's one file, built as it is deployed. */
export async function buildBundle(): Promise<{ path: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bundle-'));
  const outfile = join(folder, 'index.js');
  const entry = join(import.meta.dirname, '../../lambda/index.ts');
  const options = { ...BUNDLE, mainFields: [...BUNDLE.mainFields], bundle: true, platform: 'node' as const };
  await build({ ...options, entryPoints: [entry], outfile, logLevel: 'silent' });
  return { path: outfile, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** One call through the shim: the response as the front door would give it, and how the invocation ended. */
export interface ShimCall {
  readonly response: Promise<Response>;
  readonly finished: Promise<Outcome>;
}

/** Calls `handler` with the event that AWS would make of this request. `path` has the stage, as a caller writes it. */
export function callShim(
  handler: StreamifyHandler,
  kind: EventKind,
  path: string,
  init: {
    method?: string;
    headers?: Record<string, string>;
    body?: string | Uint8Array;
    remainingMs?: number;
  } = {},
): ShimCall {
  const { method = 'GET', headers = {}, body, remainingMs } = init;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const request = {
    method,
    target: kind === 'rest' ? path.replace(/^\/v1/, '') : path,
    headers: { authorization: `Bearer ${LOCAL_KEY}`, ...headers },
    ...(bytes === undefined ? {} : { body: bytes }),
  };
  const event = kind === 'rest' ? restEvent(request) : functionUrlEvent(request);
  const {
    prelude,
    body: parts,
    finished,
  } = invoke(handler, event, remainingMs === undefined ? {} : { remainingMs });
  const response = prelude.then((sent) => {
    const { status, headers: list } = httpHead(sent);
    const bodyless = status === 204 || status === 304;
    return new Response(bodyless ? null : ReadableStream.from(parts), { status, headers: list });
  });
  response.catch(() => undefined);
  return { response, finished };
}
