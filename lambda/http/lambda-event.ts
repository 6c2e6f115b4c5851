import type {
  APIGatewayProxyEvent,
  LambdaFunctionURLEvent,
  LambdaFunctionURLEventWithIAMAuthorizer,
} from 'aws-lambda';
import type { IamIdentity } from '../gateway/callers/identities.ts';
import { tooLarge } from './request-body.ts';

type FunctionUrlEvent = LambdaFunctionURLEvent | LambdaFunctionURLEventWithIAMAuthorizer;
export type HttpEvent = FunctionUrlEvent | APIGatewayProxyEvent;

/** Lambda's limit for an invocation. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_EVENT_BODY = 6 * 1024 * 1024;

/** A request out of an event, and its target as the platform tells it. */
export interface EventRequest {
  readonly request: Request;
  readonly target: string;
  readonly requestId: string;
  /** Who signed the request, where AWS checked a signature. */
  readonly iam?: IamIdentity;
}

/**
 * A function URL's event (payload 2.0) or a REST API's (1.0). Throws InvalidRequest (413) above Lambda's limit.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export function readEvent(event: HttpEvent): EventRequest {
  const { method, target, headers } = 'httpMethod' in event ? fromRestApi(event) : fromFunctionUrl(event);
  const body = bodyOf(event);
  if (body === undefined) headers.delete('content-length');
  else headers.set('content-length', String(body.byteLength));
  headers.delete('transfer-encoding');
  const bodyless = body === undefined || method === 'GET' || method === 'HEAD';
  const request = new Request(`https://sluice.invalid${target}`, {
    method,
    headers,
    body: bodyless ? null : body,
  });
  const iam = signerOf(event);
  return { request, target, requestId: event.requestContext.requestId, ...(iam ? { iam } : {}) };
}

/**
 * The IAM identity that Lambda found behind the signature of a request to a function URL with `AWS_IAM`. It stands beside what
 * the caller sent, and is read there alone. A REST API's event tells none: what stands under `authorizer` there is what an
 * authorizer of the API's owner returned. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 */
function signerOf(event: HttpEvent): IamIdentity | undefined {
  if ('httpMethod' in event || !('authorizer' in event.requestContext)) return undefined;
  // Null where the function URL has no authorization.
  const { userArn, accountId } = event.requestContext.authorizer?.iam ?? {};
  return userArn && accountId ? { userArn, accountId } : undefined;
}

interface EventHead {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
}

function fromFunctionUrl(event: FunctionUrlEvent): EventHead {
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers))
    if (value !== undefined) headers.set(name, value);
  const search = event.rawQueryString ? `?${event.rawQueryString}` : '';
  return { method: event.requestContext.http.method, target: `${escaped(event.rawPath)}${search}`, headers };
}

/** `path` lacks the stage, which is the caller's `/v1`; the context's path is what the caller wrote. */
function fromRestApi(event: APIGatewayProxyEvent): EventHead {
  const headers = new Headers();
  const several = event.multiValueHeaders ?? {};
  for (const [name, values] of Object.entries(several))
    for (const value of values ?? []) headers.append(name, value);
  for (const [name, value] of Object.entries(event.headers ?? {})) {
    if (value !== undefined && !headers.has(name)) headers.set(name, value);
  }
  return {
    method: event.httpMethod,
    target: `${escaped(event.requestContext.path ?? event.path)}${restQuery(event)}`,
    headers,
  };
}

/** The REST API hands the query over decoded and taken apart. */
function restQuery(event: APIGatewayProxyEvent): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(event.multiValueQueryStringParameters ?? {})) {
    for (const value of values ?? []) query.append(name, value);
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** A path that was decoded on its way is made a valid one again; escapes that are there stay. */
function escaped(path: string): string {
  return path
    .replaceAll(/%(?![0-9a-f]{2})/gi, '%25')
    .replaceAll(/[^\x21-\x7e]+|["#<>?`{}|^]/g, encodeURIComponent);
}

function bodyOf(event: HttpEvent): Buffer<ArrayBuffer> | undefined {
  const { body } = event;
  if (body === undefined || body === null || body === '') return undefined;
  if (body.length > MAX_EVENT_BODY) throw tooLarge('6 MB, the most that AWS Lambda takes');
  return Buffer.from(body, event.isBase64Encoded ? 'base64' : 'utf8');
}
