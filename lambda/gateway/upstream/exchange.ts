import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import type { UpstreamRequest } from '../../providers/provider.ts';
import { dropKeptSockets, openRequest } from './outgoing.ts';

/** What went wrong before there was an answer. `sent`: the provider may have seen the request. */
export class ExchangeFailure extends Error {
  override name = 'ExchangeFailure';
  readonly reason: 'connect' | 'timeout' | 'reset';
  readonly sent: boolean;
  constructor(reason: 'connect' | 'timeout' | 'reset', sent: boolean, cause?: unknown) {
    super(`the exchange with the provider failed: ${reason}`, { cause });
    this.reason = reason;
    this.sent = sent;
  }
}

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value, as the provider wrote them. */
  readonly rawHeaders: readonly string[];
  /** The bytes as sent; `content-encoding` still stands. */
  readonly body: Readable;
  /** When the request left and when the headers came, in `performance.now()` milliseconds. */
  readonly headersMs: number;
}

export interface ExchangeLimits {
  /** To name resolution, TCP and TLS together. */
  readonly connectMs: number;
  /** From the start to the answer's headers. */
  readonly firstByteMs: number;
  /** Aborts the exchange: the caller left. */
  readonly signal: AbortSignal;
}

/**
 * One HTTP/1.1 exchange. Redirects are not followed: a redirect would carry the key to a host that nobody configured.
 * Rejects with ExchangeFailure, or with the signal's reason.
 */
export async function exchange(upstream: UpstreamRequest, limits: ExchangeLimits): Promise<UpstreamResponse> {
  limits.signal.throwIfAborted();
  const started = performance.now();
  const outgoing = openRequest(upstream);
  const abort = () => outgoing.destroy();
  limits.signal.addEventListener('abort', abort, { once: true });
  try {
    const incoming = await answered(outgoing, upstream, limits);
    // The abort keeps working while the body is read: it ends with the message.
    incoming.once('close', () => limits.signal.removeEventListener('abort', abort));
    const { statusCode = 502, headers, rawHeaders } = incoming;
    return {
      status: statusCode,
      headers,
      rawHeaders,
      body: incoming,
      headersMs: performance.now() - started,
    };
  } catch (error) {
    limits.signal.removeEventListener('abort', abort);
    outgoing.destroy();
    limits.signal.throwIfAborted();
    throw error;
  }
}

function answered(
  outgoing: ClientRequest,
  upstream: UpstreamRequest,
  limits: ExchangeLimits,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let sent = false;
    const timer = setTimeout(() => fail('timeout'), limits.firstByteMs);
    let connecting: NodeJS.Timeout | undefined;
    const settle = () => {
      clearTimeout(timer);
      clearTimeout(connecting);
    };
    const fail = (reason: 'connect' | 'timeout' | 'reset', cause?: unknown) => {
      settle();
      reject(new ExchangeFailure(reason, sent, cause));
      outgoing.destroy();
    };
    outgoing.on('socket', (socket) => {
      if (!socket.connecting) {
        sent = true;
        return;
      }
      connecting = setTimeout(() => fail('connect'), limits.connectMs);
      socket.once(upstream.url.startsWith('https:') ? 'secureConnect' : 'connect', () => {
        sent = true;
        clearTimeout(connecting);
      });
    });
    outgoing.on('response', (incoming) => {
      settle();
      resolve(incoming);
    });
    outgoing.on('error', (error) => {
      if (outgoing.reusedSocket) dropKeptSockets();
      fail(sent ? 'reset' : 'connect', error);
    });
    write(outgoing, upstream.body, fail);
  });
}

function write(
  outgoing: ClientRequest,
  body: UpstreamRequest['body'],
  fail: (reason: 'reset', cause: unknown) => void,
): void {
  if (body === null || body instanceof Uint8Array) {
    outgoing.end(body ?? undefined);
    return;
  }
  // A body that breaks off must not look complete to the provider: pipeline destroys the request with it.
  pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), outgoing, (error) => {
    if (error) fail('reset', error);
  });
}
