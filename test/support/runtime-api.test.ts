import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Lambda,
  type LambdaOptions,
  lambdaRuntimeClient,
  lambdaRuntimeClientMissing,
  startLambda,
} from './runtime-api.ts';

const client = lambdaRuntimeClient();

(client === undefined ? describe.skip : describe)(
  `startLambda ${client === undefined ? `(skipped: ${lambdaRuntimeClientMissing()})` : ''}`,
  () => {
    let folder: string;
    let lambda: Lambda | undefined;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sluice-lambda-'));
      const source = JSON.stringify(new URL('lambda-handlers.ts', import.meta.url));
      await writeFile(join(folder, 'index.mjs'), `export * from ${source};`);
      await writeFile(
        join(folder, 'broken.mjs'),
        `console.log('on the way'); throw new TypeError('no configuration');`,
      );
    });

    afterEach(async () => {
      await lambda?.stop();
      lambda = undefined;
    });

    afterAll(() => rm(folder, { recursive: true }));

    async function start(options: Partial<LambdaOptions> = {}): Promise<Lambda> {
      const bundle = join(folder, 'index.mjs');
      const started = {
        bundle,
        handler: 'index.handler',
        environment: {},
        node: process.execPath,
        ...options,
      };
      lambda = await startLambda(started);
      return lambda;
    }

    test('streams: each piece arrives before the next is written, the end before the handler is done', async () => {
      const { url, invocations, idle } = await start();
      await using gate = await openGate();
      const response = await fetch(`${url}/gated?gate=${gate.url}`);
      const pieces = response.body?.getReader();
      const next = async () => Buffer.from((await pieces?.read())?.value ?? []).toString();
      expect(await next()).toBe('one');
      await gate.letOne();
      expect(await next()).toBe('two');
      await gate.letOne();
      expect(await next()).toBe('');
      expect(invocations()).toMatchObject([{ state: 'running', bodyBytes: 6, prelude: { statusCode: 200 } }]);
      await gate.letOne();
      await idle();
      expect(invocations()).toMatchObject([{ state: 'done' }]);
    });

    test('a caller who leaves changes nothing for the function', async () => {
      const { url, invocations, idle } = await start();
      await using gate = await openGate();
      const call = request(`${url}/gated?gate=${gate.url}`).end();
      const [response] = (await once(call, 'response')) as [IncomingMessage];
      await once(response, 'data');
      call.on('error', () => undefined).destroy();
      for (let i = 0; i < 3; i += 1) await gate.letOne();
      await idle();
      expect(invocations()).toMatchObject([{ state: 'done', bodyBytes: 6 }]);
    });

    test('a process that exits costs one request; the next gets a new one', async () => {
      const { url, invocations, idle } = await start();
      expect((await fetch(`${url}/exit`)).status).toBe(502);
      const cut = await fetch(`${url}/exit-mid`);
      expect(cut.status).toBe(200);
      await expect(cut.text()).rejects.toThrow();
      expect((await fetch(`${url}/json`)).status).toBe(201);
      await idle();
      const error = { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with status 3' };
      expect(invocations()).toMatchObject([
        { state: 'exit', error },
        { state: 'exit', error },
        { state: 'done' },
      ]);
    });

    test('kills the process at the timeout', async () => {
      const { url, invocations, idle } = await start({ remainingMs: 1000 });
      await expect((await fetch(`${url}/not-ended`)).text()).rejects.toThrow();
      expect((await fetch(`${url}/json`)).status).toBe(201);
      await idle();
      const error = { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 1.00 seconds' };
      expect(invocations()).toMatchObject([{ state: 'timeout', error }, { state: 'done' }]);
    });

    test('one request at a time for each worker', async () => {
      const { url, invocations } = await start({ workers: 2 });
      await using gate = await openGate();
      const calls = [1, 2, 3].map(() =>
        fetch(`${url}/gated?gate=${gate.url}`).then((response) => response.text()),
      );
      await gate.waiting(2);
      expect(invocations()).toMatchObject([{ state: 'running' }, { state: 'running' }]);
      for (let i = 0; i < 9; i += 1) await gate.letOne();
      expect(await Promise.all(calls)).toEqual(['onetwo', 'onetwo', 'onetwo']);
      expect(invocations()).toHaveLength(3);
    });

    test("the function sees its own environment and nothing of this process's", async () => {
      const { url } = await start({ environment: { SLUICE_CONFIG: 'x' }, remainingMs: 60_000 });
      const seen = (await (await fetch(`${url}/environment`)).json()) as Record<string, unknown>;
      expect(seen).toMatchObject({ SLUICE_CONFIG: 'x', AWS_REGION: 'us-east-1', _HANDLER: 'index.handler' });
      expect(seen.left).toBeLessThanOrEqual(60_000);
      expect(seen).not.toHaveProperty('HOME');
      expect(seen).not.toHaveProperty('JEST_WORKER_ID');
    });

    test('refuses an event of over 6 MB, base64 and JSON escapes included', async () => {
      const { url, invocations } = await start();
      const send = (body: Uint8Array, type: string) =>
        fetch(`${url}/echo`, { method: 'POST', body: Buffer.from(body), headers: { 'content-type': type } });
      const fits = await send(Buffer.alloc(6_000_000, 'a'), 'text/plain');
      expect((await fits.arrayBuffer()).byteLength).toBe(6_000_000);
      expect((await send(Buffer.alloc(6_000_000), 'application/octet-stream')).status).toBe(413);
      expect((await send(Buffer.alloc(6_000_000, '"'), 'text/plain')).status).toBe(413);
      expect(invocations()).toHaveLength(1);
    });

    test('as a REST API: v1 event, stage in the URL alone, no answer without a prelude', async () => {
      const { url, invocations } = await start({ event: 'rest', stage: 'live' });
      expect(url).toMatch(/\/live$/);
      const body = Buffer.from([0, 255]);
      const echo = await fetch(`${url}/echo?a=%2B&a=b`, {
        method: 'PUT',
        body,
        headers: { 'content-type': 'audio/x' },
      });
      expect(Buffer.from(await echo.arrayBuffer())).toEqual(body);
      expect(invocations()[0]?.event).toMatchObject({
        path: '/echo',
        httpMethod: 'PUT',
        isBase64Encoded: true,
        multiValueQueryStringParameters: { a: ['+', 'b'] },
      });
      const bare = await fetch(`${url}/own-type`);
      expect([bare.status, await bare.json()]).toEqual([502, { message: 'Internal server error' }]);
      expect((await fetch(new URL('/other/json', url))).status).toBe(403);
    });

    test('keeps what the processes write', async () => {
      const { url, logs, idle } = await start();
      await (await fetch(`${url}/throw-late`)).text();
      await idle();
      await lambda?.stop();
      expect(logs()).toMatch(/ERROR\tInvoke Error .*after the end/);
    });

    test('says why a function does not start', async () => {
      const broken = start({ bundle: join(folder, 'broken.mjs'), handler: 'broken.handler' });
      await expect(broken).rejects.toThrow(/TypeError: no configuration\n[\s\S]*on the way/);
      await expect(start({ handler: 'index.other' })).rejects.toThrow('Runtime.HandlerNotFound');
      await expect(start({ handler: 'index.callback' })).rejects.toThrow('Runtime.CallbackHandlerDeprecated');
      await expect(start({ handler: 'main.handler' })).rejects.toThrow('main.handler is not in index.mjs');
      await expect(start({ node: join(folder, 'no-node') })).rejects.toThrow('ENOENT');
    });
  },
);

/** An HTTP server whose answers the test hands out one at a time. */
async function openGate() {
  const held: ServerResponse[] = [];
  let arrived = Promise.withResolvers<void>();
  const server = createServer((_request, response) => {
    held.push(response);
    arrived.resolve();
    arrived = Promise.withResolvers();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const waiting = async (count: number) => {
    while (held.length < count) await arrived.promise;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    waiting,
    async letOne() {
      await waiting(1);
      held.shift()?.end();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
