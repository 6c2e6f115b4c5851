import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { assembled, chunksOf, expectValidStream } from './replay.ts';

function event(parts: object[], candidate: object = {}): JsonObject {
  const content = { role: 'model', parts };
  return {
    candidates: [{ index: 0, content, ...candidate }],
    usageMetadata: { promptTokenCount: 1 },
  } as unknown as JsonObject;
}

describe('A call whose arguments come in pieces', () => {
  const piece = (functionCall: object) => event([{ functionCall }]);

  test('is whole when it is closed, by an empty call, the next call or the end', () => {
    const chunks = chunksOf([
      piece({ name: 'one', willContinue: true }),
      piece({
        partialArgs: [{ jsonPath: '$.a', stringValue: 'x"', willContinue: true }],
        willContinue: true,
      }),
      piece({ partialArgs: [{ jsonPath: '$.a', stringValue: 'y' }], willContinue: true }),
      piece({}),
      piece({ name: 'two', willContinue: true }),
      piece({ partialArgs: [{ jsonPath: '$.b.c[1].d', numberValue: 0.5 }], willContinue: true }),
      piece({ name: 'three' }),
      piece({ name: 'four', willContinue: true }),
      piece({
        partialArgs: [{ jsonPath: "$['x y'].list[]" }, { jsonPath: '$.no', boolValue: false }],
        willContinue: true,
      }),
      event([{ text: '' }], { finishReason: 'STOP' }),
    ]);
    expectValidStream(chunks);
    expect(assembled(chunks).calls.map((call) => [call.name, JSON.parse(call.arguments)])).toEqual([
      ['one', { a: 'x"y' }],
      ['two', { b: { c: [null, { d: 0.5 }] } }],
      ['three', {}],
      ['four', { 'x y': { list: [] }, no: false }],
    ]);
  });

  test('can not reach out of its arguments', () => {
    const chunks = chunksOf([
      piece({ name: 'one', willContinue: true }),
      piece({
        partialArgs: [
          { jsonPath: '$.__proto__.polluted', stringValue: 'x' },
          { jsonPath: '$.a[999999999]', nullValue: null },
        ],
      }),
      event([], { finishReason: 'STOP' }),
    ]);
    expect(assembled(chunks).calls[0]?.arguments).toBe('{}');
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});
