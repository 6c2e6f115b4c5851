import { expect, test } from '@jest/globals';
import { preciseBody } from '../../../lambda/openai/precise-json.ts';
import type { JsonObject } from '../../../lambda/openai/wire.ts';

const precise = (text: string) => {
  const body = JSON.parse(text) as JsonObject;
  return { body, result: preciseBody(body, Buffer.from(text)) };
};

test('a number that JavaScript would round is written back digit for digit', () => {
  const text = '{"seed":9007199254740993,"deep":[{"n":-123456789012345678901}],"f":0.1234567890123456789}';
  const { result } = precise(text);
  expect(JSON.stringify(result)).toBe(text);
});

test('a body without such numbers is the same object', () => {
  const { body, result } = precise('{"seed":42,"text":"a","f":1.50}');
  expect(result).toBe(body);
});

test('digits in a text change nothing', () => {
  const text = '{"text":"1234567890123456789","n":1}';
  expect(JSON.stringify(precise(text).result)).toBe(text);
});

test('a number that is too large or too small for JavaScript stays what it was: no null, no 0', () => {
  const text = '{"a":1e400,"b":-1E+999,"c":[2e-400]}';
  expect(JSON.stringify(precise(text).result)).toBe(text);
});

test('a number that is only written in another way becomes the same as ever', () => {
  const text = '{"seed":9007199254740993,"n":[1.0,1e0,10e-1,-0,0.50,1e21,1E2,0.0e999]}';
  expect(JSON.stringify(precise(text).result)).toBe(
    '{"seed":9007199254740993,"n":[1,1,1,0,0.5,1e+21,100,0]}',
  );
});

test('a number of a million digits is read in a moment', () => {
  const text = `{"n":1${'0'.repeat(1_000_000)}1,"m":0.${'0'.repeat(1_000_000)}1}`;
  expect(JSON.stringify(precise(text).result)).toBe(text);
});
