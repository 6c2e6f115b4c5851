/** The report: tables for people, JSON for programs. */
import { availableParallelism } from 'node:os';
import type { Compared, Row } from './figures.ts';

/** A table of its own columns, where no server stands beside another. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  /** What the comparison's column is called. */
  readonly compared: string;
  readonly rows: readonly Row[];
}

export interface Report {
  /** Columns: direct, relay, gateway. */
  readonly running: readonly Row[];
  /** Columns: sdk, gateway. */
  readonly bundle: readonly Row[];
  readonly stores: readonly Table[];
  readonly rounds: number;
  readonly seconds: number;
  /** What could not be measured, and why. */
  readonly problems: readonly string[];
}

const READING = [
  'Figures are medians over the rounds. All processes share this machine with the load itself: read the ratios and',
  'the differences, which are taken within each round, not the figures alone. A busy or small machine moves them by',
  'a tenth or two from run to run: trust a "short" that comes back on a quiet machine. No verdict fails the command.',
];

function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

function compared({ to, by, value }: Compared, unit: string): string {
  const other = to === 'relay' ? 'the relay' : to;
  if (by === 'ratio') return `${value.toFixed(2)} of ${other}`;
  return `${value < 0 ? '-' : '+'}${figure(Math.abs(value))} ${unit} to ${other}`;
}

function budget({ budget: wanted, by }: Compared, unit: string): string {
  if (!wanted) return '';
  const sign = wanted.limit === 'at least' ? '≥' : '≤';
  return by === 'ratio' ? `${sign} ${wanted.value}` : `${sign} ${wanted.value} ${unit}`;
}

function table({ title, columns, compared: what, rows }: Table): string {
  const head = [title, ...columns, 'unit', what, 'budget', ''];
  const lines = rows.map(({ label, unit, values, comparison }) => [
    label,
    ...columns.map((column) => figure(values[column])),
    unit,
    ...(comparison
      ? [compared(comparison, unit), budget(comparison, unit), comparison.verdict ?? '']
      : ['', '', '']),
  ]);
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const isFigure = (column: number) => column > 0 && column <= columns.length;
  return all
    .map((line) =>
      line
        .map((cell, column) =>
          isFigure(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function verdicts(rows: readonly Row[]): string {
  const judged = rows.flatMap(({ comparison }) => comparison?.verdict ?? []);
  const short = judged.filter((verdict) => verdict === 'short').length;
  return `Budgets: ${judged.length - short} pass, ${short} short.`;
}

function machine(): string {
  return `Node ${process.versions.node}, ${process.platform}-${process.arch}, ${availableParallelism()} cores`;
}

export function asText(report: Report): string {
  const { running, bundle, stores, problems } = report;
  const beside = (columns: readonly string[], rows: readonly Row[]) =>
    rows.length === 0 ? '' : table({ title: '', columns, compared: 'gateway to', rows });
  return [
    `Sluice bench: ${machine()}, ${report.rounds} rounds, ${report.seconds.toFixed(0)} s`,
    beside(['direct', 'relay', 'gateway'], running),
    ...stores.map(table),
    beside(['sdk', 'gateway'], bundle),
    problems.map((problem) => `NOT MEASURED: ${problem}`).join('\n'),
    [verdicts([...running, ...stores.flatMap(({ rows }) => rows), ...bundle]), ...READING].join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

export function asJson(report: Report): string {
  const { platform, arch, versions } = process;
  return JSON.stringify(
    { node: versions.node, platform, arch, cores: availableParallelism(), ...report },
    null,
    2,
  );
}
