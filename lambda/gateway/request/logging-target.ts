import { InvalidRequest } from '../../errors.ts';
import type { LoggingTarget } from '../../stores/credential-store.ts';

const NAMED = /^(?:project_name|project_id|experiment_id):./s;
/** A span that Braintrust's SDK exported: base64, of either alphabet. */
const EXPORTED = /^[\w+/=-]{16,2048}$/;

/**
 * Where a request is to be logged, in the form of Braintrust's `x-bt-parent`. `param` is the field or header at fault.
 * https://www.braintrust.dev/docs/deploy/ai-proxy#enable-logging. Throws InvalidRequest.
 */
export function loggingTarget(parent: string, param: string): LoggingTarget {
  const printable = /^[^\p{Cc}]{1,2048}$/u.test(parent);
  if (printable && (NAMED.test(parent) || EXPORTED.test(parent))) return { parent };
  throw new InvalidRequest(
    `${param} is not valid: expected project_name:NAME, project_id:ID, experiment_id:ID or an exported span.`,
    { param, code: 'invalid_value' },
  );
}
