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

describe('System and developer messages', () => {
  test('become parts of the system instruction, in order, wherever they stand', () => {
    const { body } = encoded({
      messages: [
        { role: 'system', content: 'One' },
        { role: 'user', content: 'Hi' },
        { role: 'developer', content: [{ type: 'text', text: 'Two' }] },
        { role: 'assistant', content: 'Hello' },
        { role: 'system', content: 'Three' },
        { role: 'user', content: 'Go on' },
      ],
    });
    expect(body.systemInstruction).toEqual({ parts: [{ text: 'One' }, { text: 'Two' }, { text: 'Three' }] });
    expect(body.contents.map(({ role }: { role: string }) => role)).toEqual(['user', 'model', 'user']);
  });

  test('stand before the first user turn for models that take no system instruction', () => {
    const { body } = encoded(
      {
        messages: [
          { role: 'system', content: 'Be brief' },
          { role: 'user', content: 'Hi' },
        ],
      },
      'gemma-3-27b-it',
    );
    expect(body.systemInstruction).toBeUndefined();
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'Be brief' }, { text: 'Hi' }] }]);
  });

  test('are the user turn where there is none: Gemini answers nothing else', () => {
    const { body } = encoded({ messages: [{ role: 'system', content: 'Tell a joke' }] });
    expect(body.systemInstruction).toBeUndefined();
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'Tell a joke' }] }]);
  });
});

describe('Turns', () => {
  test('of one role in a row are one turn', () => {
    const contents = contentsOf([
      { role: 'user', content: 'A' },
      { role: 'user', content: 'B' },
      { role: 'assistant', content: 'C' },
      { role: 'assistant', content: 'D' },
      { role: 'user', content: 'E' },
    ]);
    expect(contents).toEqual([
      { role: 'user', parts: [{ text: 'A' }, { text: 'B' }] },
      { role: 'model', parts: [{ text: 'C' }, { text: 'D' }] },
      { role: 'user', parts: [{ text: 'E' }] },
    ]);
  });

  test('keep their order when one begins with an image', () => {
    const contents = contentsOf([
      { role: 'user', content: 'First' },
      { role: 'assistant', content: 'Second' },
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }],
      },
    ]);
    expect(contents[0].parts[0].text).toBe('First');
    expect(contents[2].parts[0].inlineData.mimeType).toBe('image/png');
  });

  test('without any content are left out', () => {
    const contents = contentsOf([
      { role: 'user', content: 'A' },
      { role: 'assistant', content: '' },
      { role: 'assistant', content: null },
      { role: 'user', content: [{ type: 'text', text: '' }] },
      { role: 'user', content: 'B' },
    ]);
    expect(contents).toEqual([{ role: 'user', parts: [{ text: 'A' }, { text: 'B' }] }]);
  });

  test('that are all empty leave one blank, as Gemini wants a turn', () => {
    expect(contentsOf([{ role: 'user', content: '' }])).toEqual([{ role: 'user', parts: [{ text: ' ' }] }]);
  });

  test('may end with the beginning of the answer', () => {
    const contents = contentsOf([
      { role: 'user', content: 'A poem' },
      { role: 'assistant', content: 'Roses' },
    ]);
    expect(contents.at(-1)).toEqual({ role: 'model', parts: [{ text: 'Roses' }] });
  });

  test('of an unknown role are a 400 that names the message', () => {
    expect(() => contentsOf([{ role: 'narrator', content: 'x' }])).toThrow(
      expect.objectContaining({ status: 400, param: 'messages[0].role' }),
    );
  });

  test('that are a refusal go back as what the model said', () => {
    const contents = contentsOf([
      { role: 'user', content: 'A' },
      { role: 'assistant', content: null, refusal: 'No' },
      { role: 'user', content: 'Why?' },
    ]);
    expect(contents[1]).toEqual({ role: 'model', parts: [{ text: 'No' }] });
  });
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

  test('go without ids on Vertex, which knows none', () => {
    const contents = contentsOf(
      [...messages, { role: 'tool', tool_call_id: 'b', content: 'Noon' }],
      'gemini-2.5-flash',
      'vertex',
    );
    expect(JSON.stringify(contents)).not.toContain('"id"');
    expect(contents[2].parts[0].functionResponse.name).toBe('time');
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

  test('that speak of references are text: Gemini would look for media', () => {
    const text = '{"$ref": "#/x"}';
    const contents = contentsOf([...messages, { role: 'tool', tool_call_id: 'a', content: text }]);
    expect(contents[2].parts[0].functionResponse.response).toEqual({ output: text });
  });

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

describe('Thoughts', () => {
  const signature = Buffer.from('a signature').toString('base64');

  test('go back before the text, and their signature on the text', () => {
    const contents = contentsOf([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello', reasoning: [{ content: 'Hm.' }, { id: signature }] },
    ]);
    expect(contents[1].parts).toEqual([
      { text: 'Hm.', thought: true },
      { text: 'Hello', thoughtSignature: signature },
    ]);
  });

  test('of other vendors with ids that are no signature, or redacted, lose those', () => {
    const contents = contentsOf([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello', reasoning: [{ id: 'rs_1' }, { redacted: true, id: signature }] },
    ]);
    expect(contents[1].parts).toEqual([{ text: 'Hello' }]);
  });

  test('signed on a tool call go back on it', () => {
    const signedCall = {
      ...call('a', 'f'),
      extra_content: { google: { thought_signature: signature } },
    };
    const contents = contentsOf(
      [
        { role: 'user', content: 'Go' },
        { role: 'assistant', tool_calls: [signedCall, call('b', 'g')] },
      ],
      'gemini-3-pro-preview',
    );
    expect(contents[1].parts[0].thoughtSignature).toBe(signature);
    expect(contents[1].parts[1].thoughtSignature).toBeUndefined();
  });

  test('that a client dropped are stood in for on the first call of each step, from Gemini 3 on', () => {
    const messages = [
      { role: 'user', content: 'Go' },
      { role: 'assistant', tool_calls: [call('a', 'f'), call('b', 'g')] },
      { role: 'tool', tool_call_id: 'a', content: '1' },
      { role: 'tool', tool_call_id: 'b', content: '2' },
      { role: 'assistant', tool_calls: [call('c', 'f')] },
      { role: 'tool', tool_call_id: 'c', content: '3' },
    ];
    const signatures = (model: string) =>
      contentsOf(messages, model).flatMap(({ parts }: { parts: { thoughtSignature?: string }[] }) =>
        parts.flatMap(({ thoughtSignature }) => thoughtSignature ?? []),
      );
    expect(signatures('gemini-3-flash-preview')).toEqual([
      'skip_thought_signature_validator',
      'skip_thought_signature_validator',
    ]);
    expect(signatures('gemini-2.5-pro')).toEqual([]);
  });

  test('and images of an earlier answer go back with it', () => {
    const image = {
      type: 'image_url',
      image_url: { url: `data:image/png;base64,${PIXEL}` },
      extra_content: { google: { thought_signature: signature } },
    };
    const contents = contentsOf([
      { role: 'user', content: 'Draw' },
      { role: 'assistant', content: null, images: [image] },
      { role: 'user', content: 'Redder' },
    ]);
    expect(contents[1].parts).toEqual([
      { inlineData: { mimeType: 'image/png', data: PIXEL }, thoughtSignature: signature },
    ]);
  });
});
