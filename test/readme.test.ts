import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FIELDS as ANTHROPIC } from '../lambda/providers/anthropic/fields.ts';
import { FIELDS as BEDROCK } from '../lambda/providers/bedrock/fields.ts';
import { VENDORS } from '../lambda/providers/catalog.ts';
import { type FieldRules, ruleOf } from '../lambda/providers/field-rules.ts';
import { FIELDS as GEMINI } from '../lambda/providers/gemini/fields.ts';

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');

/** The rules as the README tells them: one row a field. */
function fieldTable(): string {
  const families: FieldRules[] = [ANTHROPIC, GEMINI, BEDROCK];
  const fields = [...new Set(families.flatMap((rules) => Object.keys(rules)))];
  const cell = (field: string, rules: FieldRules) => {
    const rule = ruleOf(field, rules);
    if (rule === undefined) return 'goes through';
    if (rule.rule === 'mapped') return rule.to;
    return { dropped: 'dropped', refused: '**400**', ignored: '–' }[rule.rule];
  };
  const rows = fields.map(
    (field) => `| \`${field}\` | ${families.map((rules) => cell(field, rules)).join(' | ')} |`,
  );
  return ['| field | Anthropic | Gemini | Bedrock (Converse) |', '|---|---|---|---|', ...rows].join('\n');
}

describe('the README', () => {
  test('tells the rule of every field as the code has it', () => {
    expect(readme).toContain(fieldTable());
  });

  test('names every vendor that needs no entry', () => {
    const names: Record<string, string> = {
      azure: 'Azure OpenAI',
      huggingface: 'Hugging Face',
      nvidia: 'NVIDIA NIM',
      cloudflare: 'Cloudflare Workers AI',
    };
    const text = readme.toLowerCase();
    for (const { name } of VENDORS) expect(text).toContain((names[name] ?? name).toLowerCase());
  });

  test('gives the commands that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
    for (const [, script] of readme.matchAll(/npm run (\w+)/g)) expect(scripts).toHaveProperty(script ?? '');
  });
});
