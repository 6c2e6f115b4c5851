import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { ConfigError } from '../lambda/config.ts';
import { InvalidRequest } from '../lambda/errors.ts';
import type { RequestContext } from '../lambda/gateway/context.ts';
import type { Handler, Wire } from '../lambda/http/app.ts';
import { errorResponse } from '../lambda/http/respond.ts';
import { failureFields, type Log } from '../lambda/log.ts';

export interface RunningServer {
  readonly port: number;
  /** Takes no new requests and resolves when the running answers are complete. */
  drain(): Promise<void>;
  /** Breaks what still runs. */
  abort(): void;
}

/** The core behind node:http on 127.0.0.1. Throws ConfigError where the port is taken. */
export async function startServer(
  handle: Handler,
  log: Log,
  port: number,
  totalMs: number,
): Promise<RunningServer> {
  const listener = getRequestListener(
    (request, { incoming }) =>
      handle(request, contextOf(request, log, totalMs), wireOf(incoming as IncomingMessage)),
    {
      errorHandler: (error) =>
        errorResponse(
          new InvalidRequest('The request line or the Host header is not valid.', { cause: error }),
          contextOf(undefined, log, totalMs),
        ),
    },
  );
  // An upload may take as long as an answer; idle connections outlive a client's pause between two calls.
  const server = createServer({ requestTimeout: totalMs, keepAliveTimeout: 65_000 }, listener);
  await listen(server, port);
  const unanswered = unansweredConnections(server);
  let draining = false;
  server.on('request', (_request, response: ServerResponse) => {
    response.once('close', () => draining && server.closeIdleConnections());
  });
  return {
    port: (server.address() as AddressInfo).port,
    drain: () =>
      new Promise((resolve) => {
        draining = true;
        server.close(() => resolve());
        for (const socket of unanswered) socket.destroy();
      }),
    abort: () => server.closeAllConnections(),
  };
}

/** Connections that no whole request has come over: browsers open some ahead, and Node does not count them as idle. */
function unansweredConnections(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', ({ socket }) => sockets.delete(socket));
  return sockets;
}

function wireOf({ url, headers }: IncomingMessage): Wire {
  return { headers, ...(url === undefined ? {} : { target: url }) };
}

function contextOf(request: Request | undefined, log: Log, totalMs: number): RequestContext {
  const requestId = randomUUID();
  const bound = log.with({ requestId });
  return {
    requestId,
    // The signal is made on first use: most requests end before anyone listens to it.
    get signal() {
      return request?.signal ?? new AbortController().signal;
    },
    deadline: Date.now() + totalMs,
    log: bound,
    waitUntil: (work) => {
      work.catch((error: unknown) => bound.error('late work failed', failureFields(error)));
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? 'is in use: set another one, such as PORT=8788'
          : `can not be used (${error.code})`;
      reject(new ConfigError(`PORT: ${port} ${reason}.`));
    });
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
