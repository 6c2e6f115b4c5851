import { describe, expect, test } from '@jest/globals';
import { InvalidRequest } from '../../../../lambda/errors.ts';
import type { Json, JsonObject } from '../../../../lambda/openai/wire.ts';
import { encode, encoded } from './support.ts';

const text = (value: string) => ({ type: 'text', text: value });
const call = (id: string, name = 'f', args = '{}') => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});
const use = (id: string, name = 'f', input: JsonObject = {}) => ({ type: 'tool_use', name, input, id });
const result = (id: string, ...content: JsonObject[]) => ({
  type: 'tool_result',
  tool_use_id: id,
  ...(content.length > 0 ? { content } : {}),
});
const missing = (id: string) => ({
  type: 'tool_result',
  tool_use_id: id,
  content: 'No result was given for this call.',
  is_error: true,
});

function turns(...messages: JsonObject[]): Json | undefined {
  return encoded({ messages }).messages;
}

function refusal(...messages: JsonObject[]): InvalidRequest {
  try {
    turns(...messages);
  } catch (error) {
    if (error instanceof InvalidRequest) return error;
  }
  throw new Error('nothing was refused');
}

const user = (content: Json) => ({ role: 'user', content });
const assistant = (content: Json, more: JsonObject = {}) => ({ role: 'assistant', content, ...more });
const tool = (id: string, content: Json = 'ok') => ({ role: 'tool', tool_call_id: id, content });

describe('system text', () => {
  test('all of it is hoisted, in order, wherever it stood', () => {
    const body = encoded({
      messages: [
        { role: 'system', content: 'one' },
        { role: 'developer', content: 'two' },
        user('hi'),
        { role: 'system', content: [text('three'), text('four')] },
        user('again'),
      ],
    });
    expect(body.system).toEqual(['one', 'two', 'three', 'four'].map(text));
    expect(body.messages).toEqual([{ role: 'user', content: [text('hi'), text('again')] }]);
  });

  test('the vendor’s own system field comes before it', () => {
    const body = encoded({ system: 'own', messages: [{ role: 'system', content: 'one' }, user('hi')] });
    expect(body.system).toEqual([text('own'), text('one')]);
  });

  test('system text alone is said by the user, for somebody has to speak', () => {
    const body = encoded({ messages: [{ role: 'system', content: 'Say hi' }] });
    expect(body.system).toBeUndefined();
    expect(body.messages).toEqual([{ role: 'user', content: [text('Say hi')] }]);
  });

  test('an image in it is refused', () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
    expect(refusal({ role: 'system', content: [image] }, user('hi')).param).toBe('messages[0].content');
  });
});

describe('turns', () => {
  const cases: [string, JsonObject[], JsonObject[]][] = [
    [
      'messages of one role are one turn',
      [user('a'), user('b')],
      [{ role: 'user', content: [text('a'), text('b')] }],
    ],
    [
      'assistant messages of one turn are merged',
      [user('a'), assistant('b'), assistant('c'), user('d')],
      [
        { role: 'user', content: [text('a')] },
        { role: 'assistant', content: [text('b'), text('c')] },
        { role: 'user', content: [text('d')] },
      ],
    ],
    [
      'empty content is left out, and its neighbours meet',
      [user('a'), assistant(''), user('b'), assistant(null), user('  '), user([text('')]), user('c')],
      [{ role: 'user', content: [text('a'), text('b'), text('c')] }],
    ],
    [
      'strings among the parts are text',
      [user(['a', text('b')])],
      [{ role: 'user', content: [text('a'), text('b')] }],
    ],
    [
      'a prefill is the last turn, without the white space that the vendor refuses',
      [user('a'), assistant('The answer is \n')],
      [
        { role: 'user', content: [text('a')] },
        { role: 'assistant', content: [text('The answer is')] },
      ],
    ],
    [
      'white space elsewhere stays',
      [user(' a '), assistant('b '), user('c ')],
      [
        { role: 'user', content: [text(' a ')] },
        { role: 'assistant', content: [text('b ')] },
        { role: 'user', content: [text('c ')] },
      ],
    ],
    [
      'a conversation that the assistant begins stays as it is: the vendor takes it',
      [assistant('Welcome'), user('hi')],
      [
        { role: 'assistant', content: [text('Welcome')] },
        { role: 'user', content: [text('hi')] },
      ],
    ],
    [
      'a refusal of the past is what was said',
      [user('a'), assistant(null, { refusal: 'No.' }), user('b')],
      [
        { role: 'user', content: [text('a')] },
        { role: 'assistant', content: [text('No.')] },
        { role: 'user', content: [text('b')] },
      ],
    ],
  ];
  test.each(cases)('%s', (_name, messages, expected) => {
    expect(turns(...messages)).toEqual(expected);
  });

  test('messages without any content are refused', () => {
    expect(refusal(user('')).param).toBe('messages');
  });

  test('an unknown role is refused', () => {
    expect(refusal(user('a'), { role: 'critic', content: 'x' }).param).toBe('messages[1].role');
  });
});

describe('tool calls and their results', () => {
  const both = assistant(null, { tool_calls: [call('a'), call('b', 'g', '{"x":1}')] });
  const uses = { role: 'assistant', content: [use('a'), use('b', 'g', { x: 1 })] };
  const start = { role: 'user', content: [text('go')] };
  const cases: [string, JsonObject[], JsonObject[]][] = [
    [
      'results come right after the calls, in the calls’ order',
      [user('go'), both, tool('b', 'B'), tool('a', 'A')],
      [start, uses, { role: 'user', content: [result('a', text('A')), result('b', text('B'))] }],
    ],
    [
      'a result that comes late is moved before what the user said meanwhile',
      [user('go'), both, tool('a', 'A'), user('hurry'), tool('b', 'B')],
      [
        start,
        uses,
        { role: 'user', content: [result('a', text('A')), result('b', text('B')), text('hurry')] },
      ],
    ],
    [
      'a missing result is said to be missing',
      [user('go'), both, tool('a', 'A'), user('next')],
      [start, uses, { role: 'user', content: [result('a', text('A')), missing('b'), text('next')] }],
    ],
    [
      'calls at the very end get their results said to be missing',
      [user('go'), both],
      [start, uses, { role: 'user', content: [missing('a'), missing('b')] }],
    ],
    [
      'parallel calls in messages of their own are one turn',
      [
        user('go'),
        assistant(null, { tool_calls: [call('a')] }),
        assistant('', { tool_calls: [call('b', 'g', '{"x":1}')] }),
        tool('a', 'A'),
        tool('b', 'B'),
      ],
      [start, uses, { role: 'user', content: [result('a', text('A')), result('b', text('B'))] }],
    ],
    [
      'calls one after the other are turns one after the other',
      [
        user('go'),
        assistant('first', { tool_calls: [call('a')] }),
        tool('a', 'A'),
        assistant(null, { tool_calls: [call('b')] }),
        tool('b', 'B'),
      ],
      [
        start,
        { role: 'assistant', content: [text('first'), use('a')] },
        { role: 'user', content: [result('a', text('A'))] },
        { role: 'assistant', content: [use('b')] },
        { role: 'user', content: [result('b', text('B'))] },
      ],
    ],
    [
      'an id that is used again is made another, and its result finds it',
      [
        user('go'),
        assistant(null, { tool_calls: [call('a')] }),
        tool('a', '1'),
        assistant(null, { tool_calls: [call('a')] }),
        tool('a', '2'),
      ],
      [
        start,
        { role: 'assistant', content: [use('a')] },
        { role: 'user', content: [result('a', text('1'))] },
        { role: 'assistant', content: [use('a_2')] },
        { role: 'user', content: [result('a_2', text('2'))] },
      ],
    ],
    [
      'an id of characters that the vendor refuses is rewritten on both sides',
      [user('go'), assistant(null, { tool_calls: [call('call:1|x')] }), tool('call:1|x', 'A')],
      [
        start,
        { role: 'assistant', content: [use('call_1_x')] },
        { role: 'user', content: [result('call_1_x', text('A'))] },
      ],
    ],
    [
      'an empty result is a result without content',
      [user('go'), assistant(null, { tool_calls: [call('a')] }), tool('a', '')],
      [start, { role: 'assistant', content: [use('a')] }, { role: 'user', content: [result('a')] }],
    ],
    [
      'empty, missing and null arguments are an empty object',
      [
        user('go'),
        assistant(null, {
          tool_calls: [
            call('a', 'f', ''),
            call('b', 'f', 'null'),
            { id: 'c', type: 'function', function: { name: 'f' } },
          ],
        }),
        tool('a'),
        tool('b'),
        tool('c'),
      ],
      [
        start,
        { role: 'assistant', content: [use('a'), use('b'), use('c')] },
        {
          role: 'user',
          content: [result('a', text('ok')), result('b', text('ok')), result('c', text('ok'))],
        },
      ],
    ],
    [
      'a result may hold an image',
      [
        user('go'),
        assistant(null, { tool_calls: [call('a')] }),
        tool('a', [text('see'), { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }]),
      ],
      [
        start,
        { role: 'assistant', content: [use('a')] },
        {
          role: 'user',
          content: [
            result('a', text('see'), {
              type: 'image',
              source: { type: 'base64', media_type: 'image/png', data: 'AAAA' },
            }),
          ],
        },
      ],
    ],
    [
      'the obsolete function call and its result are a tool call and its result',
      [
        user('go'),
        assistant(null, { function_call: { name: 'f', arguments: '{"x":1}' } }),
        { role: 'function', name: 'f', content: 'A' },
      ],
      [
        start,
        { role: 'assistant', content: [use('call', 'f', { x: 1 })] },
        { role: 'user', content: [result('call', text('A'))] },
      ],
    ],
  ];
  test.each(cases)('%s', (_name, messages, expected) => {
    expect(turns(...messages)).toEqual(expected);
  });

  test('a tool message’s name is nothing that gets lost', () => {
    const messages = [user('go'), assistant(null, { tool_calls: [call('a')] }), { ...tool('a'), name: 'f' }];
    expect(encode({ messages }).dropped).toBeUndefined();
  });

  test('an error result says so', () => {
    const failed = { ...tool('a', 'boom'), is_error: true };
    const list = turns(user('go'), assistant(null, { tool_calls: [call('a')] }), failed) as JsonObject[];
    expect(list[2]?.content).toEqual([{ ...result('a', text('boom')), is_error: true }]);
  });

  const refused: [string, JsonObject[], string][] = [
    ['a result without a call', [user('go'), tool('x')], 'messages[1].tool_call_id'],
    [
      'a result without an id',
      [user('go'), both, { role: 'tool', content: 'x' }],
      'messages[2].tool_call_id',
    ],
    [
      'a function result without a call',
      [user('go'), { role: 'function', name: 'f', content: 'x' }],
      'messages[1].name',
    ],
    [
      'arguments that are no JSON',
      [user('go'), assistant(null, { tool_calls: [call('a', 'f', '{"x"')] })],
      'messages[1].tool_calls[0].function.arguments',
    ],
    [
      'arguments that are no object',
      [user('go'), assistant(null, { tool_calls: [call('a', 'f', '[1]')] })],
      'messages[1].tool_calls[0].function.arguments',
    ],
    [
      'a custom tool’s call',
      [
        user('go'),
        assistant(null, { tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'f', input: 'x' } }] }),
      ],
      'messages[1].tool_calls[0].function.name',
    ],
  ];
  test.each(refused)('%s is refused', (_name, messages, param) => {
    expect(refusal(...messages).param).toBe(param);
  });
});

describe('thinking of earlier turns', () => {
  const thought = { content: 'hm', id: 'sig' };
  const hidden = { redacted: true, id: 'blob' };

  test('it goes back first in its turn, signed and redacted blocks alike', () => {
    const list = turns(
      user('go'),
      assistant('well', { reasoning: [thought, hidden], reasoning_content: 'hm', tool_calls: [call('a')] }),
      tool('a'),
    ) as JsonObject[];
    expect(list[1]?.content).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 'sig' },
      { type: 'redacted_thinking', data: 'blob' },
      text('well'),
      use('a'),
    ]);
  });

  test('a signature without text goes back without text', () => {
    const list = turns(
      user('go'),
      assistant('well', { reasoning: [{ id: 'sig' }] }),
      user('x'),
    ) as JsonObject[];
    expect(list[1]?.content).toEqual([{ type: 'thinking', thinking: '', signature: 'sig' }, text('well')]);
  });

  test('it comes first in a merged turn too', () => {
    const list = turns(
      user('go'),
      assistant('a'),
      assistant('b', { reasoning: [thought] }),
      user('x'),
    ) as JsonObject[];
    expect(list[1]?.content).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 'sig' },
      text('a'),
      text('b'),
    ]);
  });

  test('thinking without a signature is left out and named', () => {
    const messages = [user('go'), assistant('a', { reasoning: [{ content: 'hm' }] }), user('x')];
    const request = encode({ messages });
    expect(request.dropped).toEqual(['messages[].reasoning']);
    expect(turns(...messages)).toEqual(turns(user('go'), assistant('a'), user('x')));
  });

  test('plain text thinking of other vendors is left out', () => {
    const messages = [user('go'), assistant('a', { reasoning: 'hm', reasoning_content: 'hm' }), user('x')];
    expect(turns(...messages)).toEqual(turns(user('go'), assistant('a'), user('x')));
  });
});

describe('cache_control', () => {
  const mark = { type: 'ephemeral', ttl: '1h' };

  test('on parts it stays on their blocks, and on a message it marks the last block', () => {
    const body = encoded({
      messages: [
        { role: 'system', content: [{ ...text('a'), cache_control: mark }] },
        { role: 'user', content: [text('b'), text('c')], cache_control: mark },
        { role: 'assistant', content: null, tool_calls: [{ ...call('t'), cache_control: mark }] },
        { ...tool('t', 'A'), cache_control: mark },
      ],
    });
    expect(body.system).toEqual([{ ...text('a'), cache_control: mark }]);
    expect(body.messages).toEqual([
      { role: 'user', content: [text('b'), { ...text('c'), cache_control: mark }] },
      { role: 'assistant', content: [{ ...use('t'), cache_control: mark }] },
      { role: 'user', content: [{ ...result('t', text('A')), cache_control: mark }] },
    ]);
  });

  test('on images, documents and tools it stays', () => {
    const body = encoded({
      messages: [
        user([{ type: 'image_url', image_url: { url: 'https://example.com/a.png' }, cache_control: mark }]),
      ],
      tools: [{ type: 'function', function: { name: 'f' }, cache_control: mark }],
    });
    expect(JSON.stringify(body.messages)).toContain('"cache_control":{"type":"ephemeral","ttl":"1h"}');
    expect((body.tools as JsonObject[])[0]?.cache_control).toEqual(mark);
  });
});
