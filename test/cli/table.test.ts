import { describe, expect, test } from '@jest/globals';
import { type Column, table, wrapped } from '../../cli/table.ts';

const COLUMNS: Column[] = [
  { name: 'id' },
  { name: 'name', least: 10 },
  { name: 'expires' },
  { name: 'models', least: 10 },
];
const ROWS = [
  ['0123456789abcdef', 'team', 'never', 'all'],
  ['fedcba9876543210', 'a team with a rather long name', 'in 29 days', `gpt-4o,${'model,'.repeat(20)}`],
];
const longest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

describe('a table', () => {
  test('is cut nowhere where the output is no terminal', () => {
    const text = table(COLUMNS, ROWS);
    expect(text.split('\n')[0]).toMatch(/^ID {16}NAME {28}EXPIRES {5}MODELS$/);
    expect(text).toContain('a team with a rather long name');
    expect(text).toContain('model,model,');
    expect(text).not.toContain('…');
  });

  test.each([60, 80, 120])('fits %i columns, its ids whole and its columns aligned', (width) => {
    const lines = table(COLUMNS, ROWS, width).split('\n');
    expect(longest(lines.join('\n'))).toBeLessThanOrEqual(width);
    expect(lines[2]).toMatch(/^fedcba9876543210 .*…/);
    const at = lines[0]?.indexOf('EXPIRES') ?? -1;
    expect([lines[1]?.slice(at, at + 5), lines[2]?.slice(at, at + 10)]).toEqual(['never', 'in 29 days']);
  });

  test('cuts the widest column first, and no column that fits', () => {
    expect(table(COLUMNS, ROWS, 120)).toContain('a team with a rather long name');
    expect(table(COLUMNS, ROWS.slice(0, 1), 60)).not.toContain('…');
  });

  test('keeps what may not be cut where even that is too wide', () => {
    const text = table(COLUMNS, ROWS, 20);
    expect(text).toContain('0123456789abcdef');
    expect(text).toContain('a team wi…');
    expect(text).toContain('in 29 days');
  });

  test('steers no terminal by what it holds', () => {
    expect(table([{ name: 'name' }], [['\u001b[2Jgone\u009b2J\r\n']])).toBe(
      'NAME\n\uFFFD[2Jgone\uFFFD2J\uFFFD\uFFFD',
    );
  });
});

test('help fits 80 columns, and breaks nothing that belongs together', () => {
  const text = wrapped(`keys create --name NAME ${'[--option X --other Y] '.repeat(6)}`, 2, 6);
  expect(longest(text)).toBeLessThanOrEqual(80);
  expect(text.split('\n').length).toBeGreaterThan(1);
  expect(text).toMatch(/^ {2}keys/);
  for (const line of text.split('\n').slice(1)) expect(line).toMatch(/^ {6}\[--option X --other Y\]/);
});
