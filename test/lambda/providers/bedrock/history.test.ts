import { CLAUDE, encoded, HELLO, NOVA, thrownBy } from './support.ts';

const PNG = 'data:image/png;base64,iVBORw0KGgo=';
const PDF = 'data:application/pdf;base64,JVBERi0xLjQ=';

const messages = (list: readonly object[], model = CLAUDE) => encoded({ messages: list }, model).messages;
const call = (id: string, name = 'weather', args = '{"city":"Paris"}') => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});

describe('tool calls in the history', () => {
  const history = (...answers: object[]) =>
    messages([
      ...HELLO,
      { role: 'assistant', content: 'Let me see.', tool_calls: [call('a'), call('b', 'time', '')] },
      ...answers,
    ]);

  test('come behind the text, their results in one turn of the user', () => {
    expect(
      history(
        { role: 'tool', tool_call_id: 'b', content: 'noon' },
        {
          role: 'tool',
          tool_call_id: 'a',
          content: [
            { type: 'text', text: 'sunny' },
            { type: 'text', text: ', warm' },
          ],
        },
      ),
    ).toEqual([
      { role: 'user', content: [{ text: 'Hello' }] },
      {
        role: 'assistant',
        content: [
          { text: 'Let me see.' },
          { toolUse: { toolUseId: 'a', name: 'weather', input: { city: 'Paris' } } },
          { toolUse: { toolUseId: 'b', name: 'time', input: {} } },
        ],
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'b', content: [{ text: 'noon' }] } },
          { toolResult: { toolUseId: 'a', content: [{ text: 'sunny' }, { text: ', warm' }] } },
        ],
      },
    ]);
  });

  test('have their results before what the user said in between', () => {
    const [, , turn] = history(
      { role: 'tool', tool_call_id: 'a', content: 'sunny' },
      { role: 'user', content: 'Hurry.' },
      { role: 'tool', tool_call_id: 'b', content: '' },
    ) as { content: object[] }[];
    expect(turn?.content).toEqual([
      { toolResult: { toolUseId: 'a', content: [{ text: 'sunny' }] } },
      { toolResult: { toolUseId: 'b', content: [{ text: expect.stringMatching(/\S/) }] } },
      { text: 'Hurry.' },
    ]);
  });

  test('may have images and documents as results', () => {
    const content = [
      { type: 'image_url', image_url: { url: PNG } },
      { type: 'file', file: { filename: 'a.pdf', file_data: PDF } },
    ];
    const [, , turn] = history({ role: 'tool', tool_call_id: 'a', content }) as { content: object[] }[];
    expect(turn?.content[0]).toMatchObject({
      toolResult: { content: [{ image: { format: 'png' } }, { document: { format: 'pdf', name: 'a' } }] },
    });
  });

  test('have ids that Converse takes, the same in call and result', () => {
    const id = `call|${'x'.repeat(80)}`;
    const [, assistant, results] = messages([
      ...HELLO,
      { role: 'assistant', tool_calls: [call(id), call(`${id}y`)] },
      { role: 'tool', tool_call_id: `${id}y`, content: '2' },
      { role: 'tool', tool_call_id: id, content: '1' },
    ]) as unknown as { content: { toolUse?: { toolUseId: string }; toolResult?: { toolUseId: string } }[] }[];
    const used = assistant?.content.map((block) => block.toolUse?.toolUseId) ?? [];
    expect(used[0]).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(new Set(used).size).toBe(2);
    expect(results?.content.map((block) => block.toolResult?.toolUseId)).toEqual(used.toReversed());
  });

  test("have nine letters and digits as ids with Mistral's models", () => {
    const body = messages(
      [...HELLO, { role: 'assistant', tool_calls: [call('tooluse_bpe71yCfRu2b5i-nKGDr5g')] }],
      'mistral.mistral-large-2407-v1:0',
    );
    expect(JSON.stringify(body)).toMatch(/"toolUseId":"[a-zA-Z0-9]{9}"/);
  });

  test('have names that Converse takes', () => {
    const body = encoded({
      messages: [...HELLO, { role: 'assistant', tool_calls: [call('a', 'db.read/all')] }],
      tools: [{ type: 'function', function: { name: 'db.read/all' } }],
    });
    expect(body.toolConfig).toMatchObject({ tools: [{ toolSpec: { name: 'db_read_all' } }] });
    expect(JSON.stringify(body.messages)).toContain('"name":"db_read_all"');
  });

  test.each(['not json', '[1]', '"text"', '{"cut":'])(
    'with arguments that are no object stay readable: %s',
    (args) => {
      const body = messages([...HELLO, { role: 'assistant', tool_calls: [call('a', 'weather', args)] }]);
      expect(body).toContainEqual({
        role: 'assistant',
        content: [{ toolUse: { toolUseId: 'a', name: 'weather', input: { invalid_arguments: args } } }],
      });
    },
  );

  test('may be of the obsolete kind', () => {
    const body = messages([
      ...HELLO,
      { role: 'assistant', content: null, function_call: { name: 'weather', arguments: '{}' } },
      { role: 'function', name: 'weather', content: 'sunny' },
    ]);
    expect(body).toMatchObject([
      {},
      { content: [{ toolUse: { toolUseId: 'function_weather', input: {} } }] },
      { content: [{ toolResult: { toolUseId: 'function_weather', content: [{ text: 'sunny' }] } }] },
    ]);
  });

  test.each([
    [{ role: 'tool', content: 'x' }, 'messages[1].tool_call_id'],
    [
      { role: 'assistant', tool_calls: [{ id: 'a', type: 'custom', custom: {} }] },
      'messages[1].tool_calls[0].function.name',
    ],
  ])('that make no sense are refused by name', (message, param) => {
    expect(thrownBy(() => messages([...HELLO, message]))).toMatchObject({ status: 400, param });
  });
});

describe('thinking in the history', () => {
  const reasoning = [
    { content: 'Hm.', id: 'sig' },
    { redacted: true, id: 'b3BhcXVl' },
    { content: 'Unsigned.' },
  ];
  const said = [
    ...HELLO,
    { role: 'assistant', content: 'Hi.', reasoning },
    { role: 'user', content: 'And?' },
  ];

  test('goes back signed or redacted, before what was said; unsigned thoughts stay out', () => {
    expect((messages(said) as object[])[1]).toEqual({
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'sig' } } },
        { reasoningContent: { redactedContent: 'b3BhcXVl' } },
        { text: 'Hi.' },
      ],
    });
  });

  test('stays out with models that have no signatures', () => {
    expect((messages(said, NOVA) as object[])[1]).toEqual({ role: 'assistant', content: [{ text: 'Hi.' }] });
  });

  test('may be a text, which has no signature', () => {
    const plain = [
      ...HELLO,
      { role: 'assistant', content: 'Hi.', reasoning: 'Hm.', reasoning_content: 'Hm.' },
    ];
    expect((messages(plain) as object[])[1]).toEqual({ role: 'assistant', content: [{ text: 'Hi.' }] });
  });
});
