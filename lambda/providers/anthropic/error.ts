import { isObject } from '../../openai/json.ts';
import type { VendorError } from '../provider.ts';

/** The status behind each type, where a stream that began with 200 fails. https://platform.claude.com/docs/en/api/errors */
const STATUS: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/**
 * An error body, or the event of a stream that fails: `{"type":"error","error":{"type","message"}}`. The clouds that host
 * Claude answer in their own forms: AWS `{"message"}`, Google `{"error":{"code","message","status"}}` or a list of it.
 */
export function decodeError(status: number, body: string): VendorError {
  const wire = parse(body);
  const error = isObject(wire?.error) ? wire.error : (wire ?? {});
  const message =
    text(error.message) ??
    text(wire?.message) ??
    text(wire?.Message) ??
    plain(wire === undefined ? body : '');
  const type = text(error.type);
  const details = isObject(error.details) ? error.details : {};
  const told = type === undefined ? Number(error.code) : STATUS[type];
  return {
    message: message ?? `The provider answered ${status} without a message.`,
    code: text(details.error_code) ?? codeIn(message),
    ...(type === undefined || type === 'error' ? {} : { type }),
    ...(status < 400 ? { status: told !== undefined && told >= 400 && told < 600 ? told : 500 } : {}),
  };
}

/** OpenAI's clients tell a prompt that is too long by its code; Anthropic says it in words alone. */
function codeIn(message: string | undefined): string | null {
  return message !== undefined && /prompt is too long|exceed(s|ed)? context limit/i.test(message)
    ? 'context_length_exceeded'
    : null;
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(body);
    const first: unknown = Array.isArray(json) ? json[0] : json;
    return isObject(first) ? first : undefined;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An HTML page says nothing that a caller could use. */
function plain(body: string): string | undefined {
  const trimmed = body.trim();
  return trimmed === '' || trimmed.startsWith('<') ? undefined : trimmed.slice(0, 500);
}
