import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { callId, PART_FIELDS } from '../../../../lambda/providers/gemini/answer-parts.ts';
import { assembled, chunksOf, responseOf } from './replay.ts';

const passedOver = Object.entries(PART_FIELDS).flatMap(([field, rule]) =>
  rule === 'passed over' ? [field] : [],
);

describe('A part of an answer', () => {
  test.each(passedOver)('with %s is passed over, streamed or not', (field) => {
    const parts = [{ [field]: { text: 'x', output: 'x' } }, { text: 'Answer' }];
    const answer = { candidates: [{ content: { parts }, finishReason: 'STOP' }] } as unknown as JsonObject;
    expect(responseOf(answer).choices[0]?.message).toEqual({
      role: 'assistant',
      content: 'Answer',
      refusal: null,
    });
    expect(assembled(chunksOf([{ ...answer, usageMetadata: { promptTokenCount: 1 } }])).content).toBe(
      'Answer',
    );
  });
});

describe('The id of a call', () => {
  test('is the vendor’s where there is one', () => {
    expect(callId('own', 'a', 0, 0)).toBe('own');
  });

  test('is made of the answer’s else, the same each time, in letters and a length that every vendor takes', () => {
    const made = callId('', 'Ab_c-9/+ö'.repeat(9), 1, 2);
    expect(made).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
    expect(callId(undefined, 'Ab_c-9/+ö'.repeat(9), 1, 2)).toBe(made);
    expect(new Set([callId('', 'a', 0, 0), callId('', 'a', 0, 1), callId('', 'a', 1, 0)]).size).toBe(3);
  });
});
