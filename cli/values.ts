import { UsageError } from './usage-error.ts';

/** Every option that some command takes, as `parseArgs` reads them. */
export type Options = Readonly<Record<string, string | boolean | undefined>>;

const MINUTE = 60;
const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: 60 * MINUTE, d: 24 * 60 * MINUTE };
const TEN_YEARS = 3_653 * 24 * 60 * MINUTE;

export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** `90m`, `12h`, `30d` in seconds. */
export function duration(options: Options, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const match = /^(\d{1,7})([mhd])$/.exec(text);
  const seconds = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? 0);
  if (match && seconds >= MINUTE && seconds <= TEN_YEARS) return seconds;
  throw new UsageError(`--${name} must be a number and m, h or d, from 1m to 3653d: 90m, 12h, 30d.`);
}

export function wholeNumber(options: Options, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be a whole number of at least 1.`);
}

export function dollars(options: Options, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= 10_000_000) return value;
  throw new UsageError(`--${name} must be a number of US dollars above 0: 5, 0.50.`);
}

/** `a,b`: at least one, each once. */
export function list(options: Options, name: string): string[] | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const items = [...new Set(text.split(',').map((item) => item.trim()))].filter(Boolean);
  if (items.length > 0) return items;
  throw new UsageError(`--${name} must name at least one: a,b.`);
}

/** Seconds since the epoch as people and programs read them. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** `in 29 days`, from now in milliseconds. */
export function fromNow(seconds: number, now: number): string {
  const left = seconds - now / 1000;
  if (left <= 0) return 'expired';
  const [size, unit] =
    left >= 172_800 ? [86_400, 'days'] : left >= 7_200 ? [3_600, 'hours'] : [60, 'minutes'];
  const count = Math.max(1, Math.round(left / size));
  return `in ${count} ${count === 1 ? unit.slice(0, -1) : unit}`;
}

export function usd(value: number): string {
  return `$${value.toFixed(value >= 100 || value === 0 ? 2 : 4).replace(/(\.\d\d)\d*?0+$/, '$1')}`;
}
