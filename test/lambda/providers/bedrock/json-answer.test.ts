import { assemble } from './chunk-rules.ts';
import { answered, converseAnswer, streamed } from './support.ts';

const JSON_ANSWER = { response_format: { type: 'json_object' } };

describe('an answer in JSON', () => {
  const json = (input: object) => ({ toolUse: { toolUseId: 'j', name: 'json', input } });

  test('comes back as content and no call, without what was said before it', () => {
    expect(
      answered(converseAnswer([{ text: 'Here: ' }, json({ a: 1 })], 'tool_use'), JSON_ANSWER).choices[0],
    ).toMatchObject({
      message: { content: '{"a":1}' },
      finish_reason: 'stop',
      native_finish_reason: 'tool_use',
    });
  });

  test("stands beside calls of the caller's tools", () => {
    const content = [
      { toolUse: { toolUseId: 'a', name: 'weather', input: {} } },
      json({ a: 1 }),
      json({ b: 2 }),
    ];
    expect(answered(converseAnswer(content, 'tool_use'), JSON_ANSWER).choices[0]).toMatchObject({
      message: { content: '{"a":1}', tool_calls: [{ id: 'a' }] },
      finish_reason: 'tool_calls',
    });
  });

  test('is the text where the model called nothing', () => {
    expect(
      answered(converseAnswer([{ text: 'Blocked.' }], 'guardrail_intervened'), JSON_ANSWER).choices[0]
        ?.message.content,
    ).toBe('Blocked.');
  });

  test("leaves a caller's own tool named json alone", () => {
    const tools = [{ type: 'function', function: { name: 'json' } }];
    const found = answered(converseAnswer([json({ a: 1 })], 'tool_use'), { ...JSON_ANSWER, tools }).choices[0]
      ?.message;
    expect(found).toMatchObject({ content: null, tool_calls: [{ function: { name: 'json' } }] });
  });
});

const START = { messageStart: { role: 'assistant' } };
const stop = (stopReason = 'end_turn') => ({ messageStop: { stopReason } });
const delta = (index: number, value: object) => ({
  contentBlockDelta: { contentBlockIndex: index, delta: value },
});
const said = (text: string, index = 0) => delta(index, { text });
const ended = (index: number) => ({ contentBlockStop: { contentBlockIndex: index } });
const tool = (index: number, toolUseId: string, name: string, more: object = {}) => ({
  contentBlockStart: { contentBlockIndex: index, start: { toolUse: { toolUseId, name, ...more } } },
});
const input = (index: number, text: string) => delta(index, { toolUse: { input: text } });

describe('a streamed answer in JSON', () => {
  test('comes as content, without what was said before it, and is no call', () => {
    const events = [
      START,
      said('Here: '),
      ended(0),
      tool(1, 'j', 'json'),
      input(1, '{"a"'),
      input(1, ':1}'),
      ended(1),
      stop('tool_use'),
    ];
    const chunks = streamed(events, JSON_ANSWER);
    expect(assemble(chunks)).toMatchObject({ content: '{"a":1}', calls: [], finish: 'stop' });
    expect(chunks).toHaveLength(4);
  });

  test("stands beside calls of the caller's tools, once", () => {
    const events = [
      tool(0, 'a', 'weather'),
      ended(0),
      tool(1, 'j', 'json'),
      ended(1),
      tool(2, 'k', 'json'),
      input(2, '{"b":2}'),
      ended(2),
      stop('tool_use'),
    ];
    expect(assemble(streamed(events, JSON_ANSWER))).toMatchObject({
      content: '{}',
      calls: [{ id: 'a' }],
      finish: 'tool_calls',
    });
  });

  test('is the text where the model called nothing', () => {
    const events = [START, said('Bloc'), said('ked.'), ended(0), stop('guardrail_intervened')];
    expect(assemble(streamed(events, JSON_ANSWER))).toMatchObject({
      content: 'Blocked.',
      finish: 'content_filter',
    });
  });
});
