/** A column: its heading, and how wide it may be on a terminal. */
export interface Column {
  readonly name: string;
  /** Cut to this where a terminal is narrow; the others keep their width. */
  readonly flexible?: boolean;
}

const GAP = '  ';
const LEAST = 10;

/** Rows as aligned lines under a heading. `width` is the terminal's; undefined: nothing is cut. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width?: number,
): string {
  const printable = rows.map((row) => row.map((cell) => cell.replaceAll(/\p{Cc}/gu, '\uFFFD')));
  const widths = columns.map(({ name }, i) =>
    Math.max(name.length, ...printable.map((row) => (row[i] ?? '').length)),
  );
  const total = widths.reduce((sum, each) => sum + each, GAP.length * (columns.length - 1));
  const flexible = columns.findIndex((column) => column.flexible);
  const spare = width === undefined ? 0 : total - width;
  if (spare > 0 && flexible !== -1) widths[flexible] = Math.max(LEAST, (widths[flexible] ?? 0) - spare);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => fitted(cell, widths[i] ?? 0))
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ name }) => name.toUpperCase())), ...printable.map(line)].join('\n');
}

function fitted(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width);
}
