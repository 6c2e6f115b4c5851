import { isObject } from '../../openai/json.ts';
import type { VendorError } from '../provider.ts';
import type { ErrorStatus } from './wire.ts';

/** https://cloud.google.com/apis/design/errors#handling_errors */
const HTTP_STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  UNKNOWN: 500,
  INTERNAL: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

type ErrorDetails = NonNullable<ErrorStatus['details']>;

/**
 * Google's error object, bare or in a list, from an answer or an event. AI Studio answers 400 to a bad key: only the
 * details tell. https://ai.google.dev/gemini-api/docs/troubleshooting
 */
export function decodeError(status: number, body: string): VendorError {
  const error = parse(body);
  if (error === undefined) {
    const text = body.trim();
    const readable = text !== '' && !/^[<{[]/.test(text);
    return { message: readable ? text.slice(0, 500) : `The provider answered ${status} without a message.` };
  }
  const details: ErrorDetails = Array.isArray(error.details) ? error.details.filter(isObject) : [];
  const code = typeof error.status === 'string' ? error.status : null;
  const reason = details.find((detail) => typeof detail.reason === 'string')?.reason;
  const field = details
    .flatMap((detail) => detail.fieldViolations ?? [])
    .find((violation) => violation.field)?.field;
  const seconds = retryAfter(details);
  const actual = reason === 'API_KEY_INVALID' ? 401 : statusOf(error, code);
  return {
    message:
      typeof error.message === 'string' && error.message !== ''
        ? error.message
        : `The provider answered ${status} without a message.`,
    code: reason === 'API_KEY_INVALID' ? reason : code,
    param: field ?? null,
    ...(actual === undefined || actual === status ? {} : { status: actual }),
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  };
}

function parse(body: string): ErrorStatus | undefined {
  try {
    const json: unknown = JSON.parse(body);
    const first: unknown = Array.isArray(json) ? json[0] : json;
    if (!isObject(first)) return undefined;
    if (isObject(first.error)) return first.error as ErrorStatus;
    // Google's token and front-end servers answer `{"error": "…", "error_description": "…"}`.
    return { message: first.error_description ?? first.error ?? first.message };
  } catch {
    return undefined;
  }
}

function statusOf(error: ErrorStatus, name: string | null): number | undefined {
  const { code } = error;
  if (typeof code === 'number' && code >= 400 && code < 600) return code;
  return name !== null && Object.hasOwn(HTTP_STATUS, name) ? HTTP_STATUS[name] : undefined;
}

/** `RetryInfo`'s delay: `34.4s`. https://cloud.google.com/apis/design/errors#error_details */
function retryAfter(details: ErrorDetails): number | undefined {
  const delay = details.find((detail) => typeof detail.retryDelay === 'string')?.retryDelay;
  const seconds = Number.parseFloat(delay ?? '');
  return Number.isFinite(seconds) ? seconds : undefined;
}
