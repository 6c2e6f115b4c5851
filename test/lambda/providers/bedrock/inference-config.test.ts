import { CLAUDE, dropped, encoded, NOVA } from './support.ts';

const OPUS = 'global.anthropic.claude-opus-4-8';

describe('sampling', () => {
  test('is never hotter than Converse takes', () => {
    expect(encoded({ temperature: 1.7 }).inferenceConfig).toEqual({ temperature: 1 });
    expect(dropped({ temperature: 1.7 })).toEqual(['temperature']);
  });

  test('is left out for models that refuse it', () => {
    const body = { temperature: 0.5, top_p: 0.9, top_k: 5, max_tokens: 9 };
    expect(encoded(body, OPUS)).toEqual({ messages: expect.anything(), inferenceConfig: { maxTokens: 9 } });
    expect(dropped(body, OPUS)).toEqual(['temperature', 'top_p', 'top_k']);
  });

  test('is by temperature alone where a model takes only one knob', () => {
    expect(encoded({ temperature: 0.5, top_p: 0.9 }).inferenceConfig).toEqual({ temperature: 0.5 });
    expect(dropped({ temperature: 0.5, top_p: 0.9 })).toEqual(['top_p']);
  });

  test.each([
    [CLAUDE, { top_k: 5 }],
    [NOVA, { inferenceConfig: { topK: 5 } }],
    ['cohere.command-r-plus-v1:0', { k: 5 }],
  ])('has its top_k where %s looks for it', (model, fields) => {
    expect(encoded({ top_k: 5 }, model).additionalModelRequestFields).toEqual(fields);
  });

  test("has no stop sequences with OpenAI's models, and no blank ones with Claude", () => {
    expect(dropped({ stop: 'x' }, 'openai.gpt-oss-120b-1:0')).toEqual(['stop']);
    expect(encoded({ stop: ['\n', 'x', ''] }).inferenceConfig).toEqual({ stopSequences: ['x'] });
    expect(dropped({ stop: ['\n', 'x'] })).toEqual(['stop']);
    expect(encoded({ stop: '\n' }, NOVA).inferenceConfig).toEqual({ stopSequences: ['\n'] });
  });
});
