import { Agent, type ClientRequest, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as TlsAgent } from 'node:https';
import type { UpstreamRequest } from '../../providers/provider.ts';

// Sockets are kept for the next request: a TLS handshake costs more than a gateway should add.
const agents = {
  'http:': new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, scheduling: 'lifo' }),
  'https:': new TlsAgent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, scheduling: 'lifo' }),
};

/** After so long without any exchange, kept sockets are not trusted. */
const IDLE_MS = 15_000;
let lastUsed = 0;

/**
 * Lambda freezes the process between invocations: a provider may have closed a socket meanwhile, and the request written
 * to it would be lost. A process that runs sees the close and drops the socket by itself.
 */
function dropStaleSockets(now: number): void {
  const stale = now - lastUsed > IDLE_MS;
  lastUsed = now;
  if (stale) dropKeptSockets();
}

/** Also where one of them was reset: the others are as old, and each further attempt would fall for the next. */
export function dropKeptSockets(): void {
  for (const agent of Object.values(agents)) {
    for (const sockets of Object.values(agent.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }
}

/** A request on its way, its body not yet written: over a kept socket where there is one. */
export function openRequest(upstream: UpstreamRequest): ClientRequest {
  dropStaleSockets(Date.now());
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
