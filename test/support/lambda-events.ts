/**
 * The events that Lambda's two front doors make of an HTTP request.
 *
 * Function URL, https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 * REST API, https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 *
 * AWS's pages leave encoding open. What follows was seen on live endpoints in July 2026, captured by
 * https://github.com/hotsock/voker (vokerhttp/testdata), on both doors unless one is named:
 * - `rawPath` and REST's `path` keep every percent-escape (`%20`, `%2F`, `%3F`, `%252F`), and so does
 *   `pathParameters.proxy`; only `requestContext.http.path` of a function URL is decoded.
 * - `rawQueryString` is the query as sent. Every parsed parameter is decoded, `+` to a space. REST has only these,
 *   so order across names and `a` against `a=` are lost there.
 * - A function URL joins repeated headers with a bare comma and leaves `cookie` beside `cookies`. REST keeps the
 *   client's case (but writes `Host` and `User-Agent`) and drops `content-length`.
 * REST splits a query at `;` too (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html).
 *
 * Less certain: which bodies a function URL leaves as text. AWS says "if the content type is binary"; the list
 * below was measured on HTTP APIs, which share the payload format (https://github.com/ministackorg/ministack/pull/766).
 */
import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent, LambdaFunctionURLEvent } from 'aws-lambda';
import { ACCOUNT, REGION } from './lambda-function.ts';

export interface EventRequest {
  readonly method: string;
  /** Path and query as on the wire: `/v1/models?limit=2`. For REST without the stage. */
  readonly target: string;
  /** Pairs where a name repeats; the case is the client's. */
  readonly headers?: readonly (readonly [string, string])[] | Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | undefined;
  readonly requestId?: string;
  readonly sourceIp?: string;
}

export interface RestOptions {
  readonly stage?: string;
  /** As the API is configured: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html */
  readonly binaryMediaTypes?: readonly string[];
}

const API_ID = 'abcdefghij0123456789';
const URL_DOMAIN = `${API_ID}.lambda-url.${REGION}.on.aws`;
const REST_DOMAIN = `${API_ID}.execute-api.${REGION}.amazonaws.com`;
/** The connection's own headers end at the front door; `Host` names AWS's domain, whatever the test connected to. */
const NOT_FORWARDED =
  /^(connection|expect|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i;
const TEXT = /^(text\/.*|application\/(json|xml|javascript))$/;
const BINARY_MEDIA_TYPES = ['multipart/form-data', 'audio/*', 'application/octet-stream'];

/** A function URL's event, payload format 2.0. */
export function functionUrlEvent(request: EventRequest): LambdaFunctionURLEvent {
  const { path, query } = splitTarget(request.target);
  const own = awsHeaders(request, URL_DOMAIN);
  const headers: Record<string, string> = { ...own };
  for (const [name, value] of pairs(request)) {
    const key = name.toLowerCase();
    if (key in own) continue;
    headers[key] = headers[key] === undefined ? value : `${headers[key]},${value}`;
  }
  const cookies = headers.cookie?.split(/;\s*/).filter((cookie) => cookie !== '');
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    parameters[name] = parameters[name] === undefined ? value : `${parameters[name]},${value}`;
  }
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    ...(cookies === undefined ? {} : { cookies }),
    headers,
    ...(query === '' ? {} : { queryStringParameters: parameters }),
    requestContext: {
      accountId: 'anonymous',
      apiId: API_ID,
      domainName: URL_DOMAIN,
      domainPrefix: API_ID,
      http: {
        method: request.method,
        path: decoded(path),
        protocol: 'HTTP/1.1',
        sourceIp: sourceIp(request),
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: request.requestId ?? randomUUID(),
      routeKey: '$default',
      stage: '$default',
      ...times(),
    },
    ...body(request, !TEXT.test(mediaType(request))),
  };
}

/** An API Gateway REST API's proxy event (payload format 1.0), of a method on `/{proxy+}` and on `/`. */
export function restEvent(request: EventRequest, options: RestOptions = {}): APIGatewayProxyEvent {
  const { path, query } = splitTarget(request.target);
  const resource = path === '/' ? '/' : '/{proxy+}';
  const own = awsHeaders(request, REST_DOMAIN);
  const headers: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(own)) headers[canonical(name)] = [value];
  for (const [name, value] of pairs(request)) {
    const lower = name.toLowerCase();
    if (lower === 'content-length' || lower in own) continue;
    const key = Object.keys(headers).find((other) => other.toLowerCase() === lower) ?? canonical(name);
    headers[key] = [...(headers[key] ?? []), value];
  }
  const parameters: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(query.replaceAll(';', '&'))) {
    parameters[name] = [...(parameters[name] ?? []), value];
  }
  const encoded = body(request, matches(mediaType(request), options.binaryMediaTypes ?? BINARY_MEDIA_TYPES));
  return {
    resource,
    path,
    httpMethod: request.method,
    headers: lastValues(headers),
    multiValueHeaders: headers,
    queryStringParameters: query === '' ? null : lastValues(parameters),
    multiValueQueryStringParameters: query === '' ? null : parameters,
    pathParameters: path === '/' ? null : { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: restContext(request, path, resource, options.stage ?? 'v1'),
    body: encoded.body ?? null,
    isBase64Encoded: encoded.isBase64Encoded,
  };
}

function restContext(
  request: EventRequest,
  path: string,
  resource: string,
  stage: string,
): APIGatewayProxyEvent['requestContext'] {
  const { time, timeEpoch } = times();
  const userAgent = pairs(request).find(([name]) => name.toLowerCase() === 'user-agent')?.[1] ?? null;
  return {
    accountId: ACCOUNT,
    apiId: API_ID,
    authorizer: undefined,
    domainName: REST_DOMAIN,
    domainPrefix: API_ID,
    extendedRequestId: 'ATfSdF7nPHcErRA=',
    httpMethod: request.method,
    identity: { ...NOBODY, sourceIp: sourceIp(request), userAgent },
    path: `/${stage}${path}`,
    protocol: 'HTTP/1.1',
    requestId: request.requestId ?? randomUUID(),
    requestTime: time,
    requestTimeEpoch: timeEpoch,
    resourceId: resource === '/' ? 'ro0t000000' : 'pr0xy00000',
    resourcePath: resource,
    stage,
  };
}

/** The identity of a caller on a method without IAM authorization. */
const NOBODY = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
};

function pairs(request: EventRequest): readonly (readonly [string, string])[] {
  const { headers = [] } = request;
  const all = Array.isArray(headers)
    ? (headers as readonly (readonly [string, string])[])
    : Object.entries(headers);
  return all.filter(([name]) => !NOT_FORWARDED.test(name));
}

/** What AWS puts on every request itself, in place of the client's where it sent one. */
function awsHeaders(request: EventRequest, domain: string): Record<string, string> {
  const before = pairs(request).find(([name]) => name.toLowerCase() === 'x-forwarded-for')?.[1];
  return {
    host: domain,
    'x-amzn-trace-id': 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700',
    'x-forwarded-for': before === undefined ? sourceIp(request) : `${before}, ${sourceIp(request)}`,
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
  };
}

function sourceIp(request: EventRequest): string {
  return request.sourceIp ?? '203.0.113.7';
}

function canonical(name: string): string {
  return /^(host|user-agent|x-amzn-.*|x-forwarded-.*)$/i.test(name)
    ? name.toLowerCase().replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
    : name;
}

function splitTarget(target: string): { path: string; query: string } {
  const [path = '', ...rest] = target.split('?');
  return { path: path === '' ? '/' : path, query: rest.join('?') };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function lastValues(values: Record<string, string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.at(-1) ?? '']));
}

function mediaType(request: EventRequest): string {
  const value = pairs(request).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return value.split(';', 1).join('').trim().toLowerCase();
}

function matches(type: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('/*') ? pattern === '*/*' || type.startsWith(pattern.slice(0, -1)) : pattern === type,
  );
}

function body(request: EventRequest, binary: boolean): { body?: string; isBase64Encoded: boolean } {
  const bytes = Buffer.from(request.body ?? '');
  if (bytes.length === 0) return { isBase64Encoded: false };
  return { body: bytes.toString(binary ? 'base64' : 'utf8'), isBase64Encoded: binary };
}

/** `10/Jul/2026:19:19:06 +0000` and milliseconds. */
function times(): { time: string; timeEpoch: number } {
  const now = new Date();
  const [, day, month, year, clock] = now.toUTCString().split(' ');
  return { time: `${day}/${month}/${year}:${clock} +0000`, timeEpoch: now.getTime() };
}
