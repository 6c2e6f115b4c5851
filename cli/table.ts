/** A column: its heading, and to which width it may be cut where a terminal is narrow; without one it keeps its width. */
export interface Column {
  readonly name: string;
  readonly least?: number;
}

const GAP = '  ';

/** Rows as aligned lines under a heading. `width` is the terminal's; undefined: nothing is cut. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width?: number,
): string {
  const cells = rows.map((row) => row.map(printable));
  const wanted = columns.map(({ name }, i) =>
    Math.max(name.length, ...cells.map((row) => (row[i] ?? '').length)),
  );
  const widths = width === undefined ? wanted : fitting(columns, wanted, width);
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => fitted(cell, widths[i] ?? 0))
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ name }) => name.toUpperCase())), ...cells.map(line)].join('\n');
}

/** What the table holds may be others' words: none of it steers the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\uFFFD');
}

/** What is widest is cut first: no column is left with nothing for another's sake. */
function fitting(columns: readonly Column[], wanted: readonly number[], width: number): number[] {
  const widths = [...wanted];
  let over = widths.reduce((sum, each) => sum + each, GAP.length * (columns.length - 1)) - width;
  for (; over > 0; over--) {
    const spare = widths.map((now, i) => (now > (columns[i]?.least ?? now) ? now : 0));
    const widest = Math.max(...spare);
    if (widest === 0) break;
    widths[spare.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
}

function fitted(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width);
}

const LINE = 80;

/** Text in lines that fit the narrowest usual terminal: the first begins after `indent` spaces, the others after `further`. */
export function wrapped(text: string, indent: number, further = indent): string {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  // What stands in brackets is read as one.
  for (const word of text.match(/\[[^\]]*\]|\S+/g) ?? []) {
    const empty = line.trim() === '';
    if (!empty && line.length + 1 + word.length > LINE) {
      lines.push(line);
      line = `${' '.repeat(further)}${word}`;
    } else line += empty ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
