import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { ConfigError } from '../lambda/config.ts';
import { InvalidRequest } from '../lambda/errors.ts';
import type { RequestContext } from '../lambda/gateway/request/context.ts';
import type { Handler, Wire } from '../lambda/http/app.ts';
import { LateWork } from '../lambda/http/late-work.ts';
import { errorResponse } from '../lambda/http/respond.ts';
import type { Log } from '../lambda/log.ts';

export interface RunningServer {
  readonly port: number;
  /**
   * Takes no new requests and resolves when the running answers are complete, and what is to be done after them: that is given
   * up after ten seconds.
   */
  drain(): Promise<void>;
  /** Breaks what still runs. */
  abort(): void;
}

const LATE_MS = 10_000;

/** The core behind node:http on 127.0.0.1. Throws ConfigError where the port is taken. */
export async function startServer(
  handle: Handler,
  log: Log,
  port: number,
  totalMs: number,
  lateMs = LATE_MS,
): Promise<RunningServer> {
  const late = new LateWork();
  const listener = getRequestListener(
    (request, { incoming }) => {
      const context = contextOf(request, log, totalMs, late);
      const answering = handle(request, context, wireOf(incoming as IncomingMessage));
      // A caller who left before the answer leaves late work to come.
      late.add(answering, context.log);
      return answering;
    },
    {
      errorHandler: (error) =>
        errorResponse(
          new InvalidRequest('The request line or the Host header is not valid.', { cause: error }),
          contextOf(undefined, log, totalMs, late),
        ),
    },
  );
  // An upload may take as long as an answer; idle connections outlive a client's pause between two calls.
  const server = createServer({ requestTimeout: totalMs, keepAliveTimeout: 65_000 }, listener);
  await listen(server, port);
  const { open, unanswered } = connectionsOf(server);
  let draining = false;
  server.on('request', (_request, response: ServerResponse) => {
    response.once('close', () => draining && server.closeIdleConnections());
  });
  return {
    port: (server.address() as AddressInfo).port,
    async drain() {
      draining = true;
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of unanswered) socket.destroy();
      await closed;
      // A socket that was broken is still to tell so, and its answer's followers are told in the same turn.
      await Promise.all(
        Array.from(open, (socket) => new Promise((resolve) => socket.once('close', resolve))),
      );
      await new Promise((resolve) => setImmediate(resolve));
      await late.done(lateMs, log);
    },
    abort: () => server.closeAllConnections(),
  };
}

interface Connections {
  readonly open: ReadonlySet<Socket>;
  /** Those that no whole request has come over: browsers open some ahead, and Node does not count them as idle. */
  readonly unanswered: ReadonlySet<Socket>;
}

function connectionsOf(server: Server): Connections {
  const open = new Set<Socket>();
  const unanswered = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    unanswered.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      unanswered.delete(socket);
    });
  });
  server.on('request', ({ socket }) => unanswered.delete(socket));
  return { open, unanswered };
}

function wireOf({ url, headers }: IncomingMessage): Wire {
  return { headers, ...(url === undefined ? {} : { target: url }) };
}

function contextOf(request: Request | undefined, log: Log, totalMs: number, late: LateWork): RequestContext {
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
    waitUntil: (work) => late.add(work, bound),
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
