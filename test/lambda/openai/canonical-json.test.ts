import { describe, expect, test } from '@jest/globals';
import { canonicalJson } from '../../../lambda/openai/canonical-json.ts';
import type { JsonObject } from '../../../lambda/openai/wire.ts';
import { Random } from '../../support/random.ts';

const canonical = (text: string, without: readonly string[] = []) =>
  canonicalJson(JSON.parse(text) as JsonObject, Buffer.from(text), new Set(without));

/** A JSON value of which one may be written in several ways: names in any order, numbers, texts and white space. */
type Value =
  | { kind: 'object'; fields: [name: string, value: Value][] }
  | { kind: 'list'; items: Value[] }
  | { kind: 'text'; text: string }
  | { kind: 'number'; ways: readonly string[] }
  | { kind: 'word'; word: 'true' | 'false' | 'null' };

const NAMES = [
  'a',
  'b',
  'B',
  'ä',
  '',
  '10',
  '9',
  '__proto__',
  'constructor',
  'toJSON',
  'rawJSON',
  'user',
  '\u{1F600}',
];
const TEXTS = [
  '',
  'a',
  'ü "quoted" \\',
  '\u{1F600}',
  '\n\t',
  '\ud800',
  '1234567890123456789',
  '{"a":1}',
  '\u2028',
];
/** Each line is one number. */
const NUMBERS = [
  ['0', '-0', '0.0', '0e7'],
  ['1', '1.0', '1e0', '10e-1', '0.1E+1'],
  ['-12.5', '-12.50', '-125e-1'],
  ['1e21', '1000000000000000000000', '1E+21'],
  ['0.1', '0.10', '1e-1', '0.1000000000000000000'],
  ['9007199254740992'],
  ['9007199254740993'],
  ['18446744073709551615'],
  ['0.12345678901234567890'],
  ['1e400'],
];

function randomValue(random: Random, depth: number): Value {
  const kind = random.below(depth > 0 ? 6 : 4);
  if (kind === 0) return { kind: 'word', word: random.pick(['true', 'false', 'null']) };
  if (kind === 1) return { kind: 'text', text: random.pick(TEXTS) };
  if (kind < 4) return { kind: 'number', ways: random.pick(NUMBERS) };
  if (kind === 4) return { kind: 'list', items: random.list(4, () => randomValue(random, depth - 1)) };
  return randomObject(random, depth);
}

function randomObject(random: Random, depth: number): Value & { kind: 'object' } {
  const names = random.shuffled(NAMES).slice(0, random.below(6));
  return { kind: 'object', fields: names.map((name) => [name, randomValue(random, depth - 1)]) };
}

const space = (random: Random) => random.pick(['', '', ' ', '\n', '\t', '\r\n  ']);

/** One of the ways to write it. */
function written(value: Value, random: Random): string {
  const gap = () => space(random);
  switch (value.kind) {
    case 'word':
      return value.word;
    case 'number':
      return random.pick(value.ways);
    case 'text':
      return writtenText(value.text, random);
    case 'list':
      return `[${value.items.map((item) => `${gap()}${written(item, random)}${gap()}`).join(',') || gap()}]`;
    case 'object': {
      const fields = random
        .shuffled(value.fields)
        .map(
          ([name, item]) =>
            `${gap()}${writtenText(name, random)}${gap()}:${gap()}${written(item, random)}${gap()}`,
        );
      return `{${fields.join(',') || gap()}}`;
    }
  }
}

function writtenText(text: string, random: Random): string {
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  if (random.chance(50)) return JSON.stringify(text);
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
}

/** A second way to the same: every name in the order of its code units, everything told with its kind. */
function identity(value: Value): string {
  switch (value.kind) {
    case 'word':
      return value.word;
    case 'number':
      return `number ${value.ways[0]}`;
    case 'text':
      return `text ${JSON.stringify(value.text)}`;
    case 'list':
      return `list (${value.items.map(identity).join('; ')})`;
    case 'object': {
      const fields = value.fields.map(([name, item]) => `${JSON.stringify(name)} is ${identity(item)}`);
      return `object (${fields.sort().join('; ')})`;
    }
  }
}

const SEEDS = Array.from({ length: 400 }, (_, seed) => seed);

describe('canonical JSON', () => {
  test('is the same for every way to write a body', () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const value = randomObject(random, 4);
      const texts = new Set(Array.from({ length: 8 }, () => canonical(written(value, random))));
      expect({ seed, texts: [...texts].length }).toEqual({ seed, texts: 1 });
    }
  });

  test('is another one for every other body', () => {
    const meanings = new Map<string, string>();
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const value = randomObject(random, 3);
      const text = canonical(written(value, random));
      const meaning = identity(value);
      expect(meanings.get(text) ?? meaning).toBe(meaning);
      meanings.set(text, meaning);
    }
    expect(meanings.size).toBeGreaterThan(200);
  });

  test('is itself JSON, its own canonical form, and means the same', () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const text = written(randomObject(random, 4), random);
      const made = canonical(text);
      expect(canonical(made)).toBe(made);
      expect(JSON.parse(made)).toEqual(JSON.parse(text, (_, value) => (value === 0 ? 0 : value)));
    }
  });

  test.each([
    ['{"b":1,"a":{"d":2,"c":[{"f":3,"e":4}]}}', '{"a":{"c":[{"e":4,"f":3}],"d":2},"b":1}'],
    ['{"10":1,"9":2,"a":3}', '{"9":2,"10":1,"a":3}'],
    ['{"seed":9007199254740993}', '{"seed":9007199254740993}'],
    ['{"b":0.0,"a":9007199254740993}', '{"a":9007199254740993,"b":0}'],
    [
      '{"rawJSON":"1","z":{"rawJSON":"9007199254740993"}}',
      '{"rawJSON":"1","z":{"rawJSON":"9007199254740993"}}',
    ],
    ['{"z":1,"__proto__":{"b":1,"a":2}}', '{"__proto__":{"a":2,"b":1},"z":1}'],
    ['{"a":[3,1,2]}', '{"a":[3,1,2]}'],
    ['{}', '{}'],
  ])('of %s is %s', (text, wanted) => {
    expect(canonical(text)).toBe(wanted);
  });

  test('leaves out fields of the top level only', () => {
    expect(canonical('{"user":1,"a":{"user":2},"b":[{"user":3}]}', ['user'])).toBe(
      '{"a":{"user":2},"b":[{"user":3}]}',
    );
    expect(canonical('{"user":9007199254740993,"a":9007199254740995}', ['user'])).toBe(
      '{"a":9007199254740995}',
    );
  });

  test('of a body changed since it was parsed leaves out what is undefined', () => {
    expect(canonicalJson({ a: undefined, b: 1 }, Buffer.from('{}'), new Set())).toBe('{"b":1}');
  });
});
