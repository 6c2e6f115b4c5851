import { describe, expect, test } from '@jest/globals';
import { InvalidRequest } from '../../../lambda/errors.ts';
import { parseRequest } from '../../../lambda/openai/parse-request.ts';
import type { Operation } from '../../../lambda/openai/wire.ts';

const CANARY = 'canary prompt of nobody';
const MESSAGES = [{ role: 'user', content: CANARY }];

function parse(body: unknown, operation: Operation = 'chat') {
  return parseRequest(Buffer.from(JSON.stringify(body)), operation);
}

/** The refusal of these bytes; its text must never quote them. */
function refusal(bytes: string | Uint8Array, operation: Operation = 'chat'): InvalidRequest {
  try {
    parseRequest(Buffer.from(bytes), operation);
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    expect(error.status).toBe(400);
    expect(error.message).not.toContain('canary');
    return error;
  }
  throw new Error('the body was taken');
}

const refused = (body: unknown, operation?: Operation) => refusal(JSON.stringify(body), operation);

describe('a body that is taken', () => {
  test('keeps every field, those that nobody knows too', () => {
    const body = {
      model: 'gpt-test',
      messages: [
        { role: 'system', content: 'Be kind.', name: 'x' },
        {
          role: 'user',
          content: ['text', { type: 'text', text: 'Hi' }, { type: 'new_thing', thing: { a: 1 } }],
        },
        { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', extra: true }] },
        { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
        { role: 'assistant', tool_calls: null },
        { role: 'someone_new' },
      ],
      stream: null,
      some_new_option: { nested: [1, null] },
    };
    expect(parse(body)).toEqual(body);
  });

  test.each<[Operation, object]>([
    ['chat', { messages: MESSAGES, stream: true }],
    ['completions', { prompt: ['a', 'b'], stream: false }],
    ['completions', { prompt: [1, 2, 3] }],
    ['embeddings', { input: [[1, 2], [3]] }],
  ])('%s: %j', (operation, fields) => {
    const body = { model: 'm', ...fields };
    expect(parse(body, operation)).toEqual(body);
  });

  test('holds fields named like parts of every object as plain fields', () => {
    const text = '{"model":"m","messages":[{"role":"user"}],"__proto__":{"stream":true},"constructor":1}';
    const parsed = parseRequest(Buffer.from(text), 'chat');
    expect(parsed.stream).toBeUndefined();
    expect(JSON.stringify(parsed)).toBe(text);
  });
});

describe('a body that is no JSON object', () => {
  test.each([
    ['nothing', ''],
    ['half', `{"model":"${CANARY}`],
    ['text', CANARY],
    ['a list', `["${CANARY}"]`],
    ['a text', `"${CANARY}"`],
    ['null', 'null'],
  ])('is refused with a 400: %s', (_, text) => {
    expect(refusal(text)).toMatchObject({ code: 'invalid_json', param: null });
  });

  test('is refused where its bytes are no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"model":"'), Buffer.of(0xff), Buffer.from('"}')]);
    expect(refusal(bytes)).toMatchObject({ code: 'invalid_json', message: 'The body is not valid UTF-8.' });
  });
});

describe('a field that is missing', () => {
  test.each<[string, object, Operation]>([
    ['model', { messages: MESSAGES }, 'chat'],
    ['messages', { model: 'm' }, 'chat'],
    ['messages[1].role', { model: 'm', messages: [...MESSAGES, { content: CANARY }] }, 'chat'],
    [
      'messages[0].content[1].type',
      { model: 'm', messages: [{ role: 'user', content: ['a', { text: CANARY }] }] },
      'chat',
    ],
    ['model', { prompt: CANARY }, 'completions'],
    ['model', { input: CANARY }, 'embeddings'],
  ])('is named: %s', (param, body, operation) => {
    expect(refused(body, operation)).toMatchObject({ param, code: 'missing_required_parameter' });
  });
});

describe('a field of the wrong type', () => {
  test.each<[string, object, Operation]>([
    ['model', { model: 7, messages: MESSAGES }, 'chat'],
    ['model', { model: '', messages: MESSAGES }, 'chat'],
    ['model', { model: CANARY.repeat(100), messages: MESSAGES }, 'chat'],
    ['model', { model: [CANARY], messages: MESSAGES }, 'chat'],
    ['messages', { model: 'm', messages: CANARY }, 'chat'],
    ['messages', { model: 'm', messages: [] }, 'chat'],
    ['messages', { model: 'm', messages: { 0: CANARY } }, 'chat'],
    ['messages[0]', { model: 'm', messages: [CANARY] }, 'chat'],
    ['messages[1]', { model: 'm', messages: [...MESSAGES, null] }, 'chat'],
    ['messages[0].role', { model: 'm', messages: [{ role: 1, content: CANARY }] }, 'chat'],
    ['messages[0].content', { model: 'm', messages: [{ role: 'user', content: 7 }] }, 'chat'],
    ['messages[0].content', { model: 'm', messages: [{ role: 'user', content: { text: CANARY } }] }, 'chat'],
    ['messages[0].content[0]', { model: 'm', messages: [{ role: 'user', content: [7] }] }, 'chat'],
    [
      'messages[0].content[0].type',
      { model: 'm', messages: [{ role: 'user', content: [{ type: 7, text: CANARY }] }] },
      'chat',
    ],
    ['messages[0].tool_calls', { model: 'm', messages: [{ role: 'assistant', tool_calls: CANARY }] }, 'chat'],
    ['messages[0].tool_calls[0]', { model: 'm', messages: [{ role: 'assistant', tool_calls: [7] }] }, 'chat'],
    ['stream', { model: 'm', messages: MESSAGES, stream: 'true' }, 'chat'],
    ['stream', { model: 'm', prompt: CANARY, stream: 1 }, 'completions'],
  ])('is named: %s in %j', (param, body, operation) => {
    expect(refused(body, operation)).toMatchObject({ param, code: 'invalid_type' });
  });
});
