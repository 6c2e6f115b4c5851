/**
 * Every error that reaches a caller. All are sent as OpenAI's error object
 * (https://platform.openai.com/docs/guides/error-codes): `{"error":{"message","type","param","code"}}`.
 */
export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
}

export interface ErrorDetails {
  /** The field of the request at fault, as a path: `messages[2].content`. */
  param?: string | null;
  /** A word for programs, stable across releases. */
  code?: string | null;
  type?: string;
  /** Response headers that belong to the error: `retry-after`, `allow`, `x-upstream-request-id`. */
  headers?: Record<string, string>;
  cause?: unknown;
}

export class GatewayError extends Error {
  override name = 'GatewayError';
  readonly status: number;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, type: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = status;
    this.type = details.type ?? type;
    this.param = details.param ?? null;
    this.code = details.code ?? null;
    this.headers = details.headers ?? {};
  }

  toBody(): ErrorBody {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}

/** 400, or 405, 409, 413, 422 where that says it better: the caller has to change the request. */
export class InvalidRequest extends GatewayError {
  override name = 'InvalidRequest';
  constructor(message: string, details: ErrorDetails = {}, status = 400) {
    super(status, 'invalid_request_error', message, details);
  }
}

/** 401: no bearer, or one that is not (or no longer) valid. */
export class Authentication extends GatewayError {
  override name = 'Authentication';
  constructor(message: string, details: ErrorDetails = {}) {
    super(401, 'authentication_error', message, { code: 'invalid_api_key', ...details });
  }
}

/** 403: the bearer is valid, but not for this. */
export class PermissionDenied extends GatewayError {
  override name = 'PermissionDenied';
  constructor(message: string, details: ErrorDetails = {}) {
    super(403, 'permission_error', message, details);
  }
}

/** 404: no provider serves this model here. */
export class ModelNotFound extends GatewayError {
  override name = 'ModelNotFound';
  constructor(message: string, details: ErrorDetails = {}) {
    super(404, 'not_found_error', message, { param: 'model', code: 'model_not_found', ...details });
  }
}

/** 429, with `retry-after` in whole seconds. */
export class RateLimit extends GatewayError {
  override name = 'RateLimit';
  constructor(message: string, retryAfterSeconds: number, details: ErrorDetails = {}) {
    const headers = { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))), ...details.headers };
    super(429, 'rate_limit_error', message, { code: 'rate_limit_exceeded', ...details, headers });
  }
}

/** A provider's failure, with the status that is true for the caller: 400, 404, 413, 422, 429, 502, 503, 504. */
export class Upstream extends GatewayError {
  override name = 'Upstream';
  constructor(message: string, details: ErrorDetails = {}, status = 502) {
    super(status, 'upstream_error', message, details);
  }
}

/** 504: a provider was silent for longer than the configured limit. */
export class UpstreamTimeout extends GatewayError {
  override name = 'UpstreamTimeout';
  constructor(message: string, details: ErrorDetails = {}) {
    super(504, 'upstream_error', message, { code: 'upstream_timeout', ...details });
  }
}

/** 503: the store of provider keys or of credentials can't be read. */
export class KeyUnavailable extends GatewayError {
  override name = 'KeyUnavailable';
  constructor(message: string, details: ErrorDetails = {}) {
    super(503, 'server_error', message, { code: 'store_unavailable', ...details });
  }
}

/** 500: a fault of ours. The cause goes to the log, never to the caller. */
export class Internal extends GatewayError {
  override name = 'Internal';
  constructor(cause: unknown) {
    super(500, 'server_error', 'The gateway failed to handle this request. The log has the cause.', {
      code: 'internal_error',
      cause,
    });
  }
}
