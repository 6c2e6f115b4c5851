import { createHash, createHmac } from 'node:crypto';
import { InvalidRequest } from '../errors.ts';
import type { ProviderKey, UpstreamRequest } from './provider.ts';

/** What a signature is made with, and for. */
export interface SigningScope {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials: a role's, a Lambda function's. */
  readonly sessionToken?: string | undefined;
  readonly region: string;
  readonly service: string;
}

/** A streamed body has to be whole before it can be hashed. */
const MAX_SIGNED_BYTES = 32 * 1024 * 1024;
const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * The request with what AWS needs to let it in: a Bedrock API key as bearer, else a Signature Version 4. Without either
 * (a local server) it goes as it is.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html
 */
export function authorizeAws(
  request: UpstreamRequest,
  key: ProviderKey,
  scope: Pick<SigningScope, 'region' | 'service'>,
  now = new Date(),
): UpstreamRequest | Promise<UpstreamRequest> {
  const { apiKey, accessKeyId, secretAccessKey, sessionToken } = key;
  if (apiKey !== undefined) {
    return { ...request, headers: { ...request.headers, authorization: `Bearer ${apiKey}` } };
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) return request;
  const full = { ...scope, accessKeyId, secretAccessKey, sessionToken };
  if (request.body instanceof ReadableStream) {
    return readWhole(request.body).then((body) => signRequest({ ...request, body }, full, now));
  }
  return signRequest(request, full, now);
}

/**
 * The request with a Signature Version 4 in its headers. The URL's path is taken as it goes over the wire, so an escape in
 * it is escaped once more in what is signed: every service but S3 wants it so.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signRequest(request: UpstreamRequest, scope: SigningScope, now: Date): UpstreamRequest {
  if (request.body instanceof ReadableStream) throw new TypeError('A stream can not be signed.');
  const url = new URL(request.url);
  const time = now.toISOString().replaceAll(/[:-]|\.\d{3}/g, '');
  const payloadHash = sha256(request.body ?? '');
  const added = {
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': time,
    ...(scope.sessionToken === undefined ? {} : { 'x-amz-security-token': scope.sessionToken }),
  };
  const headers: Record<string, string> = { ...withoutAuth(request.headers), ...added };
  const signed = signedHeaders({ ...headers, host: url.host });
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    request.method.toUpperCase(),
    canonicalPath(url.pathname),
    canonicalQuery(url.searchParams),
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    payloadHash,
  ].join('\n');
  const place = `${time.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
  const signature = hmac(
    signingKey(scope, time.slice(0, 8)),
    [ALGORITHM, time, place, sha256(canonical)].join('\n'),
  );
  const authorization = `${ALGORITHM} Credential=${scope.accessKeyId}/${place}, SignedHeaders=${names}, Signature=${signature.toString('hex')}`;
  return { ...request, headers: { ...headers, authorization } };
}

/** Headers that a proxy in between may change stay unsigned. */
function signedHeaders(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value.trim().replaceAll(/\s+/g, ' ')])
    .filter(([name]) => name === 'host' || name === 'content-type' || name.startsWith('x-amz-'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function withoutAuth(headers: Readonly<Record<string, string>>): Record<string, string> {
  const ours = /^(authorization|x-amz-date|x-amz-security-token|x-amz-content-sha256)$/i;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ours.test(name)));
}

function canonicalPath(pathname: string): string {
  const segments = pathname.split('/').filter((segment) => segment !== '');
  const slash = pathname.endsWith('/') && segments.length > 0 ? '/' : '';
  return `/${segments.map(escapeUri).join('/')}${slash}`;
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${escapeUri(name)}=${escapeUri(value)}`)
    .sort()
    .join('&');
}

/** Everything but RFC 3986's unreserved characters. */
function escapeUri(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function signingKey(scope: SigningScope, day: string): Buffer {
  const steps = [day, scope.region, scope.service, 'aws4_request'];
  return steps.reduce<Buffer>((key, step) => hmac(key, step), Buffer.from(`AWS4${scope.secretAccessKey}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

async function readWhole(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of stream) {
    total += part.byteLength;
    if (total > MAX_SIGNED_BYTES) {
      throw new InvalidRequest(
        'The body is too large to be signed for AWS.',
        { code: 'body_too_large' },
        413,
      );
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}
