import { describe, expect, test } from '@jest/globals';
import { encoded } from './call.ts';

const PIXEL = 'iVBORw0KGgo=';

function contentsOf(messages: object[], model = 'gemini-2.5-flash', kind?: 'gemini' | 'vertex') {
  return encoded({ messages }, model, kind).body.contents;
}

const call = (id: string, name: string, args = '{}') => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});

describe('Tool calls and results', () => {
  const messages = [
    { role: 'user', content: 'Weather?' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [call('a', 'weather', '{"city":"Oslo"}'), call('b', 'time')],
    },
  ];

  test('carry the name of the function and the id of the call', () => {
    const contents = contentsOf([...messages, { role: 'tool', tool_call_id: 'a', content: 'Rain' }]);
    expect(contents[1].parts).toEqual([
      { functionCall: { id: 'a', name: 'weather', args: { city: 'Oslo' } } },
      { functionCall: { id: 'b', name: 'time', args: {} } },
    ]);
    expect(contents[2].parts).toEqual([
      { functionResponse: { id: 'a', name: 'weather', response: { output: 'Rain' } } },
    ]);
  });

  test('go without ids to the older models on Vertex, which know none', () => {
    const loop = [...messages, { role: 'tool', tool_call_id: 'b', content: 'Noon' }];
    const contents = contentsOf(loop, 'gemini-2.5-flash', 'vertex');
    expect(JSON.stringify(contents)).not.toContain('"id"');
    expect(contents[2].parts[0].functionResponse.name).toBe('time');
    expect(contentsOf(loop, 'gemini-3-flash-preview', 'vertex')[2].parts[0].functionResponse.id).toBe('b');
  });

  test('come in one turn in the order of the calls, whatever order they arrived in', () => {
    const contents = contentsOf([
      ...messages,
      { role: 'tool', tool_call_id: 'b', content: '{"hour": 12}' },
      { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'Rain' }] },
      { role: 'user', content: 'Thanks' },
    ]);
    expect(contents).toHaveLength(4);
    expect(contents[2]).toEqual({
      role: 'user',
      parts: [
        { functionResponse: { id: 'a', name: 'weather', response: { output: 'Rain' } } },
        { functionResponse: { id: 'b', name: 'time', response: { hour: 12 } } },
      ],
    });
    expect(contents[3]).toEqual({ role: 'user', parts: [{ text: 'Thanks' }] });
  });

  test('stand right behind their step even where the user spoke in between', () => {
    const contents = contentsOf([
      ...messages,
      { role: 'tool', tool_call_id: 'a', content: 'Rain' },
      { role: 'user', content: 'Hurry' },
      { role: 'tool', tool_call_id: 'b', content: 'Noon' },
    ]);
    expect(contents[2].parts).toHaveLength(2);
    expect(contents[3].parts).toEqual([{ text: 'Hurry' }]);
  });

  test('of several steps with the same ids go to the latest call before them', () => {
    const contents = contentsOf([
      { role: 'user', content: 'Go' },
      { role: 'assistant', tool_calls: [call('0', 'first')] },
      { role: 'tool', tool_call_id: '0', content: '1' },
      { role: 'assistant', tool_calls: [call('0', 'second')] },
      { role: 'tool', tool_call_id: '0', content: '2' },
    ]);
    expect(contents[2].parts[0].functionResponse.name).toBe('first');
    expect(contents[4].parts[0].functionResponse.name).toBe('second');
  });

  test('without a call before them are a 400 that names the id', () => {
    expect(() => contentsOf([{ role: 'tool', tool_call_id: 'zz', content: 'x' }])).toThrow(
      expect.objectContaining({ status: 400, param: 'messages[0].tool_call_id' }),
    );
  });

  test('with images hold them inside from Gemini 3 on, beside before', () => {
    const image = { type: 'image_url', image_url: { url: `data:image/jpg;base64,${PIXEL}` } };
    const shot = [
      ...messages,
      { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'See' }, image] },
    ];
    const inlineData = { mimeType: 'image/jpeg', data: PIXEL };
    expect(contentsOf(shot, 'gemini-3-pro-preview')[2].parts).toEqual([
      {
        functionResponse: {
          id: 'a',
          name: 'weather',
          response: { output: 'See' },
          parts: [{ inlineData }],
        },
      },
    ]);
    expect(contentsOf(shot, 'gemini-2.5-pro')[2].parts[1]).toEqual({ inlineData });
  });

  test.each([['{"$ref": "#/x"}'], ['{"id": 12345678901234567890}'], ['{"half":'], ['[1]'], ['']])(
    'that an object would not carry (%s) are text',
    (text) => {
      const contents = contentsOf([...messages, { role: 'tool', tool_call_id: 'a', content: text }]);
      expect(contents[2].parts[0].functionResponse.response).toEqual({ output: text });
    },
  );

  test('of the obsolete form are understood', () => {
    const contents = contentsOf([
      { role: 'user', content: 'Go' },
      { role: 'assistant', content: null, function_call: { name: 'time', arguments: '{}' } },
      { role: 'function', name: 'time', content: 'Noon' },
    ]);
    expect(contents[1].parts[0].functionCall.name).toBe('time');
    expect(contents[2].parts[0].functionResponse).toMatchObject({
      name: 'time',
      response: { output: 'Noon' },
    });
  });

  test.each([
    ['', {}],
    ['null', { arguments: 'null' }],
    ['{"a":', { arguments: '{"a":' }],
    ['[1]', { arguments: '[1]' }],
  ])('with the arguments %j are sent as an object', (text, args) => {
    const contents = contentsOf([
      { role: 'user', content: 'Go' },
      { role: 'assistant', tool_calls: [call('a', 'f', text)] },
    ]);
    expect(contents[1].parts[0].functionCall.args).toEqual(args);
  });
});
