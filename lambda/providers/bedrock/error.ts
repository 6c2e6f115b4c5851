import { object } from '../../openai/json.ts';
import type { VendorError } from '../provider.ts';
import { count, text } from './json.ts';

/**
 * What each exception's HTTP status is; a stream reports them under status 200. A model that failed (424 at AWS) is no fault
 * of the caller's, whatever its status says; quotas are limits.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
 */
const STATUSES: Readonly<Record<string, number>> = {
  accessdenied: 403,
  expiredtoken: 403,
  incompletesignature: 403,
  internalserver: 500,
  invalidsignature: 403,
  missingauthenticationtoken: 403,
  modelerror: 502,
  modelnotready: 429,
  modelstreamerror: 502,
  modeltimeout: 408,
  resourcenotfound: 404,
  servicequotaexceeded: 429,
  serviceunavailable: 503,
  throttling: 429,
  unrecognizedclient: 403,
  validation: 400,
};

const TOO_LONG = /input is too long|too many (input )?tokens|context (window|length)|maximum context/i;

/** An error answer, or the body of an exception in a stream: `{message, __type}`, in more than one spelling. */
export function decodeError(status: number, body: string): VendorError {
  const wire = parse(body);
  const type = typeName(text(wire?.__type) ?? text(wire?.type) ?? text(wire?.code));
  const name = type?.replace(/(exception|error)$/i, '').toLowerCase();
  const original = count(wire?.originalStatusCode);
  // A model server's own status says more than that it failed.
  const failed =
    (name === 'modelerror' || name === 'modelstream' || name === 'modelstreamerror') &&
    original !== undefined;
  const stated = failed ? original : STATUSES[name ?? ''];
  const message =
    text(wire?.message) ?? text(wire?.Message) ?? text(wire?.originalMessage) ?? plainText(wire, body);
  const known = message ?? `The provider answered ${stated ?? status} without a message.`;
  const code =
    stated === 400 || status === 400
      ? TOO_LONG.test(known)
        ? 'context_length_exceeded'
        : undefined
      : undefined;
  return {
    message: known,
    code: code ?? type ?? null,
    ...(stated === undefined ? byStatus(status) : { status: stated }),
  };
}

/** 424 without a name is a model that failed, too. */
function byStatus(status: number): { status?: number } {
  return status === 424 ? { status: 502 } : {};
}

/** `com.amazon.coral.service#ThrottlingException:http://…` → `ThrottlingException`. */
function typeName(type: string | undefined): string | undefined {
  return type?.replace(/^.*#/, '').replace(/:.*$/, '');
}

function plainText(wire: unknown, body: string): string | undefined {
  const trimmed = body.trim();
  return wire === undefined && trimmed !== '' && !trimmed.startsWith('<') ? trimmed.slice(0, 500) : undefined;
}

function parse(body: string) {
  try {
    return object(JSON.parse(body));
  } catch {
    return undefined;
  }
}
