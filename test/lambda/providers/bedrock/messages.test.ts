import { CLAUDE, dropped, encoded, HELLO, thrownBy } from './support.ts';

const PNG = 'data:image/png;base64,iVBORw0KGgo=';

const messages = (list: readonly object[], model = CLAUDE) => encoded({ messages: list }, model).messages;

describe('system prompts', () => {
  test('all come through, in order, wherever they stand', () => {
    const body = encoded({
      messages: [
        { role: 'system', content: 'First.' },
        { role: 'developer', content: [{ type: 'text', text: 'Second.' }] },
        ...HELLO,
        { role: 'system', content: 'Third.' },
      ],
    });
    expect(body.system).toEqual([{ text: 'First.' }, { text: 'Second.' }, { text: 'Third.' }]);
    expect(body.messages).toEqual([{ role: 'user', content: [{ text: 'Hello' }] }]);
  });

  test('hold text only', () => {
    const content = [{ type: 'image_url', image_url: { url: PNG } }];
    expect(thrownBy(() => messages([{ role: 'system', content }, ...HELLO]))).toMatchObject({
      status: 400,
      param: 'messages[0].content[0]',
    });
  });

  test('alone are a conversation that begins', () => {
    expect(messages([{ role: 'system', content: 'Greet me.' }])).toEqual([
      { role: 'user', content: [{ text: expect.stringMatching(/\S/) }] },
    ]);
  });
});

describe('turns', () => {
  test('of one role that follow each other are joined, also over a system message', () => {
    expect(
      messages([
        { role: 'user', content: 'One.' },
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: ['Two.', { type: 'text', text: 'Three.' }] },
        { role: 'assistant', content: 'Four.' },
        { role: 'assistant', content: 'Five.' },
        { role: 'user', content: 'Six.' },
      ]),
    ).toEqual([
      { role: 'user', content: [{ text: 'One.' }, { text: 'Two.' }, { text: 'Three.' }] },
      { role: 'assistant', content: [{ text: 'Four.' }, { text: 'Five.' }] },
      { role: 'user', content: [{ text: 'Six.' }] },
    ]);
  });

  test('begin with the user', () => {
    expect(messages([{ role: 'assistant', content: 'How can I help?' }, ...HELLO])).toEqual([
      { role: 'user', content: [{ text: expect.stringMatching(/\S/) }] },
      { role: 'assistant', content: [{ text: 'How can I help?' }] },
      { role: 'user', content: [{ text: 'Hello' }] },
    ]);
  });

  test.each(['', '  \n', null, [], [{ type: 'text', text: ' ' }]])('lose blank content: %j', (content) => {
    expect(
      messages([
        ...HELLO,
        { role: 'assistant', content },
        { role: 'user', content },
        { role: 'user', content: 'Go.' },
      ]),
    ).toEqual([{ role: 'user', content: [{ text: 'Hello' }, { text: 'Go.' }] }]);
  });

  test('may end with what the assistant is to go on with, without white space at its end', () => {
    expect(messages([...HELLO, { role: 'assistant', content: ' The answer: \n' }])).toEqual([
      { role: 'user', content: [{ text: 'Hello' }] },
      { role: 'assistant', content: [{ text: ' The answer:' }] },
    ]);
  });

  test('keep a refusal as text', () => {
    expect(messages([...HELLO, { role: 'assistant', content: null, refusal: 'No.' }])).toContainEqual({
      role: 'assistant',
      content: [{ text: 'No.' }],
    });
  });

  test('have known roles only', () => {
    expect(thrownBy(() => messages([{ role: 'critic', content: 'x' }]))).toMatchObject({
      param: 'messages[0].role',
    });
  });

  test("lose their authors' names, and tell it", () => {
    expect(dropped({ messages: [{ ...HELLO[0], name: 'Ada' }] })).toEqual(['messages[].name']);
  });
});
