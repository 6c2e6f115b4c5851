import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';

/**
 * The answer of a streaming function: a prelude of JSON, eight NUL bytes, then the body's bytes.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
 */
export const INTEGRATION_RESPONSE = 'application/vnd.awslambda.http-integration-response';
export const DELIMITER = new Uint8Array(8);

export interface Prelude {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly cookies?: readonly string[];
}

/** The error that a runtime reports, in a POST to /error or in the trailers of a response. */
export interface RuntimeError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** Takes the bytes of a response in whatever pieces they come and gives back the body's. */
export class PreludeReader {
  prelude: Prelude | undefined;
  #pending = Buffer.alloc(0);

  /** The body's bytes among these: none until the prelude is whole. Throws where the prelude is no JSON. */
  push(bytes: Uint8Array): Uint8Array {
    if (this.prelude !== undefined) return bytes;
    this.#pending = Buffer.concat([this.#pending, bytes]);
    // JSON escapes NUL, so the first eight are the delimiter even where the body begins with NULs.
    const end = this.#pending.indexOf(DELIMITER);
    if (end === -1) return new Uint8Array(0);
    this.prelude = JSON.parse(this.#pending.toString('utf8', 0, end)) as Prelude;
    const body = this.#pending.subarray(end + DELIMITER.length);
    this.#pending = Buffer.alloc(0);
    return body;
  }
}

/**
 * The front doors frame the response themselves and give the function's own framing another name, as seen on a live
 * function URL: https://github.com/cargo-lambda/cargo-lambda/issues/862
 */
const REMAPPED = /^(connection|content-length|date|server|transfer-encoding|www-authenticate)$/i;

/** Status and headers of the HTTP response that a front door makes of a prelude. */
export function httpHead(prelude: Prelude): { status: number; headers: [string, string][] } {
  const headers: [string, string][] = [];
  const add = (name: string, value: string) =>
    headers.push([REMAPPED.test(name) ? `x-amzn-remapped-${name.toLowerCase()}` : name, String(value)]);
  for (const [name, value] of Object.entries(prelude.headers ?? {})) add(name, value);
  for (const [name, values] of Object.entries(prelude.multiValueHeaders ?? {})) {
    for (const value of values) add(name, value);
  }
  for (const cookie of prelude.cookies ?? []) add('set-cookie', cookie);
  return { status: prelude.statusCode ?? 200, headers };
}

/** What a function sent as its response. */
export interface Sent {
  contentType?: string;
  prelude?: Prelude;
  bodyBytes: number;
}

/**
 * Relays a runtime's POST to the caller, byte for byte as it comes and no faster than the caller takes it. The
 * caller's leaving changes nothing for the function: the rest is read and dropped. `raw`: a response without a
 * prelude is let through, as function URLs do where the handler set a content type of its own. Resolves with
 * whether the caller has been answered (or cut off), and with the error in the trailers.
 */
export async function relayResponse(
  post: IncomingMessage,
  client: ServerResponse,
  sent: Sent,
  raw: boolean,
): Promise<{ answered: boolean; error?: RuntimeError }> {
  sent.contentType = post.headers['content-type'] ?? 'application/octet-stream';
  const reader = sent.contentType === INTEGRATION_RESPONSE ? new PreludeReader() : undefined;
  const gone = new Promise<void>((resolve) => client.on('close', resolve));
  const plain = { headers: { 'content-type': sent.contentType } };
  let broken = false;
  const relay = async (bytes: Uint8Array) => {
    const body = reader === undefined ? bytes : reader.push(bytes);
    if (reader?.prelude !== undefined) sent.prelude = reader.prelude;
    const head = sent.prelude ?? (raw && reader === undefined ? plain : undefined);
    if (head === undefined) return;
    sent.bodyBytes += body.length;
    if (!client.headersSent) writeHead(client, head);
    if (body.length === 0) return;
    await Promise.race([gone, new Promise<void>((resolve) => client.write(body, () => resolve()))]);
  };
  // Not read directly: what a process sent just before it died would be dropped with the request's own buffer.
  const arriving = post.pipe(new PassThrough());
  post.on('error', () => {
    broken = true;
    arriving.end();
  });
  let refused = false;
  for await (const bytes of arriving) {
    // Not left on an error: that would reset the runtime's connection, which Lambda does not do.
    if (!refused) await relay(bytes).catch(() => (refused = true));
  }
  const error = trailerError(post);
  if (client.headersSent) {
    if (broken || refused || error !== undefined) client.destroy();
    else client.end();
  }
  return { answered: client.headersSent, ...(error === undefined ? {} : { error }) };
}

function writeHead(client: ServerResponse, prelude: Prelude): void {
  const { status, headers } = httpHead(prelude);
  for (const [name, value] of headers) client.appendHeader(name, value);
  client.writeHead(status);
  client.flushHeaders();
}

/** https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming */
function trailerError({ trailers }: IncomingMessage): RuntimeError | undefined {
  const errorType = trailers['lambda-runtime-function-error-type'];
  if (errorType === undefined) return undefined;
  const body = trailers['lambda-runtime-function-error-body'] ?? '';
  return { errorMessage: '', ...JSON.parse(Buffer.from(body, 'base64').toString() || '{}'), errorType };
}
