import { GatewayError, Upstream, UpstreamTimeout } from '../../errors.ts';
import type { Route, VendorError } from '../../providers/provider.ts';
import { BodyFailure } from '../../streams/body-reader.ts';
import type { Principal } from '../request/principal.ts';
import { ExchangeFailure, type UpstreamResponse } from './exchange.ts';
import { redact, secretsOf, withoutSecrets } from './redact.ts';
import { passedHeaders } from './vendor-headers.ts';

/** Statuses that are the caller's to mend, and so keep their number. */
const CALLERS = new Set([400, 404, 413, 422, 429]);

/** Some vendors answer 409, 411 or 415 where others say 400: all of them blame the request. */
function statusForCaller(status: number): number {
  if (CALLERS.has(status)) return status;
  if (status === 503 || status === 529) return 503;
  if (status === 408 || status === 504 || status === 524) return 504;
  if (status === 402) return 502;
  return status >= 400 && status < 500 ? 400 : 502;
}

/** An error body read from the vendor's format, the keys that it quotes taken out before anything of it is cut. */
export function vendorError({ provider, key }: Route, status: number, body: string): VendorError {
  return provider.decodeError(status, withoutSecrets(body, secretsOf(key)));
}

/** A provider's answer that is an error, as the error the caller sees. */
export function upstreamError(
  route: Route,
  response: Pick<UpstreamResponse, 'status' | 'headers'>,
  vendor: VendorError,
  principal: Principal,
): GatewayError {
  const vendorStatus = vendor.status ?? response.status;
  const message =
    redact(vendor.message, secretsOf(route.key)) || `${route.provider.name} answered ${vendorStatus}.`;
  const headers = errorHeaders(response.headers, vendor);
  if (vendorStatus === 401 || vendorStatus === 403)
    return keyRefused(route, vendorStatus, message, headers, principal);
  const status = statusForCaller(vendorStatus);
  if (status === 429 && headers['retry-after'] === undefined) headers['retry-after'] = '1';
  const code = vendor.code === undefined || vendor.code === null ? null : redact(vendor.code);
  const type =
    vendor.type ?? (status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : undefined);
  return new Upstream(
    message,
    { code, param: vendor.param ?? null, headers, ...(type === undefined ? {} : { type }) },
    status,
  );
}

/** A provider refused the key: with a key of ours that is the operator's to mend, with the caller's own key the caller's. */
export function keyRefused(
  route: Route,
  status: 401 | 403,
  message: string,
  headers: Record<string, string>,
  principal: Principal,
): GatewayError {
  if (principal.apiKey !== undefined) {
    const type = status === 401 ? 'authentication_error' : 'permission_error';
    return new Upstream(message, { type, code: status === 401 ? 'invalid_api_key' : null, headers }, status);
  }
  const text = `The provider ${route.provider.name} refused the gateway's key for it (${status}): ${message}`;
  return new Upstream(text, { code: 'provider_auth', headers });
}

function errorHeaders(headers: UpstreamResponse['headers'], vendor: VendorError): Record<string, string> {
  const result = passedHeaders(headers);
  const seconds = vendor.retryAfterSeconds ?? retryAfterSeconds(headers);
  if (seconds !== undefined) result['retry-after'] = String(Math.max(0, Math.ceil(seconds)));
  return result;
}

const A_NUMBER = /^\d+(?:\.\d+)?$/;

/** `retry-after-ms` or `retry-after` (seconds or a date) in seconds. RFC 9110, section 10.2.3. */
export function retryAfterSeconds(headers: UpstreamResponse['headers']): number | undefined {
  const milliseconds = String(headers['retry-after-ms'] ?? '');
  if (A_NUMBER.test(milliseconds)) return Number(milliseconds) / 1000;
  const value = headers['retry-after'] ?? '';
  if (A_NUMBER.test(value)) return Number(value);
  // Date.parse takes a number below zero for a year: a date has a word in it.
  const date = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

/** A failure of the connection, before or in the answer, as the error the caller sees. */
export function connectionError(provider: string, failure: unknown): GatewayError {
  if (failure instanceof GatewayError) return failure;
  if (failure instanceof ExchangeFailure || failure instanceof BodyFailure) {
    if (failure.reason === 'timeout') {
      return new UpstreamTimeout(
        `The provider ${provider} sent nothing for longer than the configured limit.`,
        { cause: failure },
      );
    }
    const what =
      failure.reason === 'connect'
        ? 'could not be reached'
        : 'broke the connection before its answer was complete';
    const code = failure.reason === 'connect' ? 'upstream_unreachable' : 'upstream_reset';
    return new Upstream(`The provider ${provider} ${what}.`, { code, cause: failure });
  }
  return new Upstream(`The exchange with the provider ${provider} failed.`, {
    code: 'upstream_failed',
    cause: failure,
  });
}
