import type { VendorError } from '../provider.ts';
import type { ErrorWire } from './wire.ts';

/**
 * An error body, whichever form the vendor uses: OpenAI's object, Mistral's and Cohere's flat one, FastAPI's `detail`,
 * Cloudflare's `errors`, a list round it (Google), text or HTML. An HTML page says nothing that a caller could use.
 */
export function decodeError(status: number, body: string): VendorError {
  const wire = parse(body);
  const silent = `The provider answered ${status} without a message.`;
  if (typeof wire !== 'object') return { message: wire?.slice(0, MAX_TEXT) ?? silent };
  const inner = typeof wire.error === 'object' && wire.error !== null ? wire.error : undefined;
  const message =
    words(wire.error) ??
    words(wire.errors) ??
    words(wire.message) ??
    words(wire.detail) ??
    text(wire.fault?.faultstring) ??
    text(wire.title);
  // OpenRouter's own message says no more than "Provider returned error".
  const raw = text(inner?.metadata?.raw)?.slice(0, MAX_TEXT);
  const code = inner?.code ?? listed(wire)?.code ?? wire.code ?? wire.error_code;
  const type = text(inner?.type ?? wire.type);
  return {
    message: raw === undefined ? (message ?? silent) : `${message ?? silent} ${raw}`,
    code: text(code) ?? null,
    param: text(inner?.param ?? wire.param) ?? null,
    ...(type === undefined ? {} : { type }),
    ...statusIn(code, status),
  };
}

const MAX_TEXT = 500;

function listed(wire: ErrorWire): { code?: unknown } | undefined {
  return Array.isArray(wire.errors) ? wire.errors[0] : undefined;
}

/** A 200 whose body is an error has its true status in `code`, if anywhere (OpenRouter). */
function statusIn(code: unknown, status: number): { status?: number } {
  const inner = Number(code);
  return status < 400 && Number.isInteger(inner) && inner >= 400 && inner < 600 ? { status: inner } : {};
}

/** An object, a text (as JSON or plain), or undefined where there is nothing to read. */
function parse(body: string): ErrorWire | string | undefined {
  try {
    const json: unknown = JSON.parse(body);
    const first: unknown = Array.isArray(json) ? json[0] : json;
    if (typeof first === 'object' && first !== null) return first as ErrorWire;
    return typeof first === 'string' && first !== '' ? first : undefined;
  } catch {
    const plain = body.trim();
    return plain === '' || plain.startsWith('<') ? undefined : plain;
  }
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * The words in a value: a text, a list of such values, or an object that has them as `message`, as `detail` (Mistral has
 * one in the other), or as FastAPI's `{loc, msg}`. https://fastapi.tiangolo.com/tutorial/handling-errors/
 */
function words(value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null) return text(value);
  if (depth > 3) return undefined;
  if (Array.isArray(value)) {
    const parts = value.slice(0, 20).map((item) => words(item, depth + 1));
    return text(parts.filter((part) => part !== undefined).join('; '));
  }
  const { loc, msg, message, detail } = value as Record<string, unknown>;
  const said = text(msg);
  if (said !== undefined) return Array.isArray(loc) ? `${loc.join('.')}: ${said}` : said;
  return words(message, depth + 1) ?? words(detail, depth + 1);
}
