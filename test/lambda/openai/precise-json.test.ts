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
