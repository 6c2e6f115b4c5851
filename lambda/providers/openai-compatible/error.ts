import type { VendorError } from '../provider.ts';
import type { ErrorWire } from './wire.ts';

/**
 * An error body, whichever form the vendor uses: OpenAI's object, Mistral's and Cohere's flat one, FastAPI's `detail`,
 * Cloudflare's `errors`, a list round it (Google), text or HTML. An HTML page says nothing that a caller could use.
 */
export function decodeError(status: number, body: string): VendorError {
  const wire = parse(body);
  if (wire === undefined) {
    const text = body.trim();
    const readable = text !== '' && !text.startsWith('<');
    return { message: readable ? text.slice(0, 500) : `The provider answered ${status} without a message.` };
  }
  const inner = typeof wire.error === 'object' && wire.error !== null ? wire.error : undefined;
  const listed = wire.errors?.[0];
  const source = inner ?? listed ?? wire;
  const message =
    text(source.message) ??
    text(wire.error) ??
    text(wire.message) ??
    detailText(wire.detail) ??
    text(wire.fault?.faultstring) ??
    text(wire.title);
  const code = inner?.code ?? listed?.code ?? wire.code ?? wire.error_code;
  const type = text(inner?.type ?? wire.type);
  return {
    message: message ?? `The provider answered ${status} without a message.`,
    code: text(code) ?? null,
    param: text(inner?.param ?? wire.param) ?? null,
    ...(type === undefined ? {} : { type }),
    ...statusIn(code, status),
  };
}

/** A 200 whose body is an error has its true status in `code`, if anywhere (OpenRouter). */
function statusIn(code: unknown, status: number): { status?: number } {
  const inner = Number(code);
  return status < 400 && Number.isInteger(inner) && inner >= 400 && inner < 600 ? { status: inner } : {};
}

function parse(body: string): ErrorWire | undefined {
  try {
    const json: unknown = JSON.parse(body);
    const first: unknown = Array.isArray(json) ? json[0] : json;
    return typeof first === 'object' && first !== null ? (first as ErrorWire) : undefined;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** FastAPI: a string, or a list of `{loc, msg}`. https://fastapi.tiangolo.com/tutorial/handling-errors/ */
function detailText(detail: unknown): string | undefined {
  if (!Array.isArray(detail)) return text(detail);
  const parts = detail.map((item: { loc?: unknown; msg?: unknown } | null) => {
    const place = Array.isArray(item?.loc) ? `${item.loc.join('.')}: ` : '';
    return `${place}${text(item?.msg) ?? ''}`;
  });
  return text(parts.join('; '));
}
