import { ConfigError, type Environment, parseBaseUrl } from '../config.ts';
import type { KeyRing } from './key-ring.ts';
import { spanRequest } from './otlp-span.ts';
import type { RequestLog } from './request-log.ts';

const TIMEOUT_MS = 5_000;
/** The entry of the provider-keys secret whose fields are the collector's headers. */
const SECRET_ENTRY = 'otlp';

/**
 * Logged requests as spans over OTLP/HTTP in JSON; undefined where no collector is configured: by gateway.json, or by
 * OpenTelemetry's own variables. `keyRing` holds the collector's headers on AWS. Throws ConfigError that names the variable.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function otlpRequestLog(
  configured: string | undefined,
  environment: Environment,
  keyRing: KeyRing,
): RequestLog | undefined {
  const url = tracesUrl(configured, environment);
  if (url === undefined) return undefined;
  const own = headersIn(environment.OTEL_EXPORTER_OTLP_HEADERS ?? '');
  return {
    name: SECRET_ENTRY,
    async write(record) {
      const [secret = {}] = await keyRing.keys(SECRET_ENTRY);
      const headers = new Headers({ ...own, 'x-bt-parent': encodedHeader(record.target.parent) });
      for (const [name, value] of Object.entries(secret)) if (value !== undefined) headers.set(name, value);
      headers.set('content-type', 'application/json');
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify(spanRequest(record)),
        // A redirect would carry the headers to a host that nobody configured.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`the collector answered ${response.status}`);
      }
      if (await isRejected(response)) throw new Error('the collector rejected the span');
    },
  };
}

const MAX_ANSWER_BYTES = 65_536;

/** A success may say that it took nothing. https://opentelemetry.io/docs/specs/otlp/#partial-success-1 */
async function isRejected(response: Response): Promise<boolean> {
  const length = Number(response.headers.get('content-length') ?? 0);
  if (length === 0 || length > MAX_ANSWER_BYTES) {
    await response.body?.cancel();
    return false;
  }
  const text = await response.text();
  try {
    return Number(JSON.parse(text)?.partialSuccess?.rejectedSpans ?? 0) > 0;
  } catch {
    return false;
  }
}

function tracesUrl(configured: string | undefined, environment: Environment): string | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = environment;
  // The variable of one signal is its whole URL; the general one is what each signal's path is appended to.
  if (traces) return parseBaseUrl(traces, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const base = endpoint ? parseBaseUrl(endpoint, 'OTEL_EXPORTER_OTLP_ENDPOINT') : configured;
  return base === undefined ? undefined : `${base}/v1/traces`;
}

/** `name=value,name=value`, percent-encoded. */
function headersIn(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    if (at < 1 || !/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      throw new ConfigError(
        'OTEL_EXPORTER_OTLP_HEADERS must be NAME=VALUE, several of them separated by commas.',
      );
    return [name, decoded(pair.slice(at + 1).trim())] as const;
  });
  return Object.fromEntries(entries);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** A project may have a name that no header can hold as it is. */
function encodedHeader(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value.toWellFormed());
}
