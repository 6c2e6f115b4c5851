import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps, Agent as TlsAgent } from 'node:https';
import { pipeline, Readable } from 'node:stream';
import type { UpstreamRequest } from '../providers/provider.ts';

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

// Sockets are kept for the next request: a TLS handshake costs more than a gateway should add.
const agents = {
  'http:': new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, scheduling: 'lifo' }),
  'https:': new TlsAgent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, scheduling: 'lifo' }),
};

/**
 * One HTTP/1.1 exchange. Redirects are not followed: a redirect would carry the key to a host that nobody configured.
 * Rejects with ExchangeFailure, or with the signal's reason.
 */
export async function exchange(upstream: UpstreamRequest, limits: ExchangeLimits): Promise<UpstreamResponse> {
  limits.signal.throwIfAborted();
  const started = performance.now();
  const outgoing = open(upstream);
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

function open(upstream: UpstreamRequest): ClientRequest {
  const place = placeOf(upstream.url);
  const secure = place.protocol === 'https:';
  const agent = secure ? agents['https:'] : agents['http:'];
  const options = { ...place, method: upstream.method, headers: headerList(upstream, place.host), agent };
  return secure ? requestHttps(options) : requestHttp(options);
}

const BODYLESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** Name, value, name, value: as a list they are written at once, not set one by one and then written. */
function headerList({ method, headers, body }: UpstreamRequest, host: string): string[] {
  const list = ['host', host];
  for (const name in headers) {
    // The length of what is sent, and of nothing else: a body that is not passed on must not be announced.
    const value = name === 'content-length' && !(body instanceof ReadableStream) ? undefined : headers[name];
    if (value !== undefined) list.push(name, value);
  }
  if (body instanceof Uint8Array) list.push('content-length', String(body.byteLength));
  else if (body === null && !BODYLESS.has(method)) list.push('content-length', '0');
  return list;
}

/** Where a URL leads, as request options. */
interface Place {
  readonly protocol: string;
  /** With the port, where that is not the protocol's own: what the header says. */
  readonly host: string;
  readonly hostname: string;
  readonly port: string | undefined;
  readonly path: string;
}

const places = new Map<string, Place>();

/** The same few URLs are asked again and again, and parsing one costs as much as sending it. */
function placeOf(url: string): Place {
  const known = places.get(url);
  if (known) return known;
  const { protocol, host, hostname, port, pathname, search } = new URL(url);
  // An IPv6 address stands in brackets in a URL, and without them for a socket.
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  const place = { protocol, host, hostname: bare, port: port || undefined, path: `${pathname}${search}` };
  if (places.size >= 256) places.clear();
  places.set(url, place);
  return place;
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
    outgoing.on('error', (error) => fail(sent ? 'reset' : 'connect', error));
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
