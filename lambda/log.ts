import { GatewayError } from './errors.ts';

/** Values a log line may hold. No prompts, answers, keys or headers: callers name what they log, field by field. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same log with fields that stand in every line. */
  with(fields: LogFields): Log;
}

export type WriteLine = (level: 'info' | 'warn' | 'error', event: string, fields: LogFields) => void;

export function createLog(write: WriteLine, bound: LogFields = {}): Log {
  return {
    info: (event, fields) => write('info', event, { ...bound, ...fields }),
    warn: (event, fields) => write('warn', event, { ...bound, ...fields }),
    error: (event, fields) => write('error', event, { ...bound, ...fields }),
    with: (fields) => createLog(write, { ...bound, ...fields }),
  };
}

/** One JSON object a line, which CloudWatch Logs Insights reads as fields. */
export const writeJsonLine: WriteLine = (level, event, fields) => {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
};

/**
 * A failure as log fields. Messages are left out: a vendor's may quote the prompt, a JSON parser's quotes its input.
 * Name, code, status and place tell an operator where to look.
 */
export function failureFields(error: unknown): LogFields {
  if (error instanceof GatewayError) {
    const { name, status, code, param, cause } = error;
    return { error: name, status, code: word(code), param: word(param), ...causeFields(cause) };
  }
  return causeFields(error);
}

/** Code and field are words, unless a vendor quotes the request in them. */
function word(value: string | null): string | null {
  return value !== null && /^[\w.:[\]-]{1,128}$/.test(value) ? value : null;
}

function causeFields(cause: unknown): LogFields {
  if (cause instanceof GatewayError) return { cause: cause.name };
  if (!(cause instanceof Error)) return {};
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  // The stack begins with the message, which may have lines that look like frames.
  const trace = cause.stack?.replace(cause.message, () => '').split('\n');
  const frames = trace?.map((line) => line.trim()).filter((line) => line.startsWith('at '));
  return { cause: cause.name, causeCode: code, at: frames?.slice(0, 4).join(' ') };
}
