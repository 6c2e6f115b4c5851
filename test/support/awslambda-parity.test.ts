import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StreamifyHandler } from 'aws-lambda';
import { installAwslambda, invoke, type Outcome } from './awslambda.ts';
import { functionUrlEvent } from './lambda-events.ts';
import { httpHead, INTEGRATION_RESPONSE } from './lambda-response.ts';
import { type Lambda, lambdaRuntimeClient, lambdaRuntimeClientMissing, startLambda } from './runtime-api.ts';

let uninstall: () => void;
let handler: StreamifyHandler;

beforeAll(async () => {
  uninstall = installAwslambda();
  ({ handler } = await import('./lambda-handlers.ts'));
});

afterAll(() => uninstall());

/** What a caller can see of an answer. */
interface Seen {
  status: number;
  headers: [string, string][];
  body: string;
  cutOff: boolean;
}

const HTTP_OWN = /^(connection|date|keep-alive|transfer-encoding|x-amzn-requestid)$/;

async function overHttp(url: string): Promise<Seen> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request(url, resolve).on('error', reject).end();
  const response = await promise;
  const chunks: Buffer[] = [];
  let cutOff = false;
  try {
    for await (const chunk of response) chunks.push(chunk);
  } catch {
    cutOff = true;
  }
  const raw = response.rawHeaders;
  const headers = raw.flatMap((name, i): [string, string][] =>
    i % 2 === 0 ? [[name, raw[i + 1] ?? '']] : [],
  );
  return {
    status: response.statusCode ?? 0,
    headers: headers.filter(([name]) => !HTTP_OWN.test(name.toLowerCase())),
    body: Buffer.concat(chunks).toString('latin1'),
    cutOff,
  };
}

/** What a function URL makes of the same. */
function asFunctionUrl(outcome: Outcome): Seen {
  const raw = outcome.contentType === INTEGRATION_RESPONSE ? undefined : outcome;
  const prelude =
    outcome.prelude ?? (raw?.body.length ? { headers: { 'content-type': raw.contentType } } : undefined);
  if (prelude === undefined) {
    return {
      status: 502,
      headers: [['content-type', 'text/plain']],
      body: 'Internal Server Error',
      cutOff: false,
    };
  }
  return { ...httpHead(prelude), body: outcome.body.toString('latin1'), cutOff: outcome.error !== undefined };
}

const underShim = (play: string) =>
  invoke(handler, functionUrlEvent({ method: 'GET', target: `/${play}` })).finished;

const plain: [string, string][] = [['content-type', 'text/plain']];
const failed = { status: 502, headers: plain, body: 'Internal Server Error', cutOff: false };
const EXPECTED: Record<string, Seen> = {
  json: {
    status: 201,
    headers: [
      ['content-type', 'application/json'],
      ['x-one', '1'],
      ['x-amzn-remapped-content-length', '7'],
      ['set-cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2'],
    ],
    body: '{"a":1}',
    cutOff: false,
  },
  'multi-value': {
    status: 200,
    headers: [...plain, ['x-two', '1'], ['x-two', '2']],
    body: '.',
    cutOff: false,
  },
  empty: { status: 404, headers: plain, body: '', cutOff: false },
  'end-only': failed,
  nothing: failed,
  binary: {
    status: 200,
    headers: plain,
    body: Buffer.from([...Array(16).fill(0), ...Array(256).keys()]).toString('latin1'),
    cutOff: false,
  },
  object: { status: 200, headers: plain, body: '{"a":[1]}', cutOff: false },
  pipeline: { status: 200, headers: plain, body: 'onetwothree', cutOff: false },
  'own-type': { status: 200, headers: [['content-type', 'text/x-own']], body: 'no prelude', cutOff: false },
  'throw-first': failed,
  'throw-mid': { status: 200, headers: plain, body: 'onetwo', cutOff: true },
  'throw-late': { status: 200, headers: plain, body: 'whole', cutOff: false },
  'too-late': {
    status: 200,
    headers: [['content-type', 'application/octet-stream']],
    body: 'no prelude',
    cutOff: true,
  },
  backpressure: { status: 200, headers: plain, body: `small${'x'.repeat(4 * 65_536)}`, cutOff: false },
};

test.each(Object.entries(EXPECTED))('under the shim: %s', async (play, expected) => {
  expect(asFunctionUrl(await underShim(play))).toEqual(expected);
});

const client = lambdaRuntimeClient();
// A newcomer's npm ci compiles nothing: where the client is missing, the title says so.
(client === undefined ? describe.skip : describe)(
  `under aws-lambda-ric ${client === undefined ? `(skipped: ${lambdaRuntimeClientMissing()})` : ''}`,
  () => {
    let folder: string;
    let lambda: Lambda;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sluice-lambda-'));
      const bundle = join(folder, 'index.mjs');
      await writeFile(
        bundle,
        `export * from ${JSON.stringify(new URL('lambda-handlers.ts', import.meta.url))};`,
      );
      lambda = await startLambda({
        bundle,
        handler: 'index.handler',
        environment: {},
        node: process.execPath,
      });
    });

    afterAll(async () => {
      await lambda?.stop();
      await rm(folder, { recursive: true });
    });

    test.each(Object.entries(EXPECTED))('%s', async (play, expected) => {
      expect(await overHttp(`${lambda.url}/${play}`)).toEqual(expected);
      await lambda.idle();
      const { error } = await underShim(play);
      expect(lambda.invocations().at(-1)?.error).toEqual(
        error && { ...error, trace: expect.arrayContaining([`${error.errorType}: ${error.errorMessage}`]) },
      );
    });
  },
);
