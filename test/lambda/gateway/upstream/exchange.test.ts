import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { exchange } from '../../../../lambda/gateway/upstream/exchange.ts';

let server: Server;
let connections = 0;

beforeAll(async () => {
  server = createServer((_, response) => response.end('{}'));
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** One whole exchange; its socket is free again afterwards. */
async function once(method = 'POST'): Promise<void> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const limits = { connectMs: 5_000, firstByteMs: 5_000, signal: new AbortController().signal };
  const { body } = await exchange({ method, url, headers: {}, body: null }, limits);
  body.resume();
  await new Promise((resolve) => body.once('close', resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

test('a socket serves the next exchange, but not the first one after a long rest', async () => {
  const start = Date.now();
  await once();
  await once();
  expect(connections).toBe(1);
  // GIVEN the process was frozen, as Lambda does between two invocations
  jest.spyOn(Date, 'now').mockReturnValue(start + 60_000);
  await once();
  expect(connections).toBe(2);
  await once();
  expect(connections).toBe(2);
});
