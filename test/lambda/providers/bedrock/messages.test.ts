import { InvalidRequest } from '../../../../lambda/errors.ts';
import { CLAUDE, dropped, encoded, HELLO, NOVA, thrownBy } from './support.ts';

const PNG = 'data:image/png;base64,iVBORw0KGgo=';
const PDF = 'data:application/pdf;base64,JVBERi0xLjQ=';

const messages = (list: readonly object[], model = CLAUDE) => encoded({ messages: list }, model).messages;
const user = (...content: object[]) => messages([{ role: 'user', content }]);
const call = (id: string, name = 'weather', args = '{"city":"Paris"}') => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});
const TOOLS = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];

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

describe('media', () => {
  test.each([
    ['image/png', 'png'],
    ['image/jpeg', 'jpeg'],
    ['image/jpg', 'jpeg'],
    ['image/gif', 'gif'],
    ['image/webp', 'webp'],
  ])('%s becomes an image of the format %s', (mediaType, format) => {
    expect(user({ type: 'image_url', image_url: { url: `data:${mediaType};base64,AAAA` } })).toEqual([
      { role: 'user', content: [{ image: { format, source: { bytes: 'AAAA' } } }] },
    ]);
  });

  test('without a true media type is known by how it begins', () => {
    expect(
      user({ type: 'image_url', image_url: 'data:application/octet-stream;base64,/9j/4AAQ' }),
    ).toMatchObject([{ content: [{ image: { format: 'jpeg' } }] }]);
    expect(user({ type: 'file', file: { file_data: 'JVBERi0xLjQ=' } })).toMatchObject([
      { content: [{ document: { format: 'pdf', name: 'document' } }, { text: expect.any(String) }] },
    ]);
  });

  test('in S3 is read there', () => {
    expect(
      user(
        { type: 'image_url', image_url: { url: 's3://bucket/cat.jpg' } },
        { type: 'video_url', video_url: { url: 's3://bucket/cat.mp4' } },
      ),
    ).toEqual([
      {
        role: 'user',
        content: [
          { image: { format: 'jpeg', source: { s3Location: { uri: 's3://bucket/cat.jpg' } } } },
          { video: { format: 'mp4', source: { s3Location: { uri: 's3://bucket/cat.mp4' } } } },
        ],
      },
    ]);
  });

  test('that is a PDF under an image URL becomes a document', () => {
    expect(
      user({ type: 'text', text: 'Read.' }, { type: 'image_url', image_url: { url: PDF } }),
    ).toMatchObject([{ content: [{ text: 'Read.' }, { document: { format: 'pdf', name: 'document' } }] }]);
  });

  test('documents have names that Converse takes, no two alike, and a text beside them', () => {
    const file = (filename: string) => ({ type: 'file', file: { filename, file_data: PDF } });
    expect(user(file('Q3_report  (final).pdf'), file('Q3_report (final).pdf'), file('日本.pdf'))).toEqual([
      {
        role: 'user',
        content: [
          { document: { format: 'pdf', name: 'Q3-report (final)', source: { bytes: 'JVBERi0xLjQ=' } } },
          { document: { format: 'pdf', name: 'Q3-report (final) (2)', source: { bytes: 'JVBERi0xLjQ=' } } },
          { document: { format: 'pdf', name: 'document', source: { bytes: 'JVBERi0xLjQ=' } } },
          { text: expect.stringContaining('Q3-report (final)') },
        ],
      },
    ]);
  });

  test.each([
    ['notes.md', 'data:text/markdown,hi', 'md'],
    ['a.csv', 'data:text/csv;base64,YSxi', 'csv'],
    ['a.json', 'data:application/json,{}', 'txt'],
    ['a.py', 'data:text/x-python,x', 'txt'],
    ['a.docx', 'UEsDBBQ=', 'docx'],
  ])('%s becomes a document', (filename, file_data, format) => {
    expect(user({ type: 'file', file: { filename, file_data } })).toMatchObject([
      { content: [{ document: { format } }, {}] },
    ]);
  });

  test.each([
    [
      { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
      'messages[0].content[0].input_audio',
    ],
    [
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      'messages[0].content[0].image_url',
    ],
    [
      { type: 'image_url', image_url: { url: 'data:image/bmp;base64,AA==' } },
      'messages[0].content[0].image_url',
    ],
    [{ type: 'image_url', image_url: {} }, 'messages[0].content[0].image_url'],
    [{ type: 'file', file: { file_id: 'file-1' } }, 'messages[0].content[0].file.file_id'],
    [
      { type: 'file', file: { filename: 'a.zip', file_data: 'UEs=' } },
      'messages[0].content[0].file.file_data',
    ],
    [{ type: 'hologram' }, 'messages[0].content[0].type'],
  ])('that Converse has nothing for is refused by name: %j', (part, param) => {
    const failure = thrownBy(() => user(part));
    expect(failure).toBeInstanceOf(InvalidRequest);
    expect(failure).toMatchObject({ status: 400, param });
  });
});

describe('cache_control', () => {
  const cached = { cache_control: { type: 'ephemeral', ttl: '1h' } };
  const point = { cachePoint: { type: 'default', ttl: '1h' } };
  const body = {
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Long.', ...cached }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Also long.', ...cached },
          { type: 'text', text: 'Go.' },
        ],
      },
      { role: 'assistant', tool_calls: [{ ...call('a'), ...cached }] },
      { role: 'tool', tool_call_id: 'a', content: 'sunny', ...cached },
    ],
    tools: [{ ...TOOLS[0], cache_control: { type: 'ephemeral' } }],
  };

  test('becomes a cache point behind what it stands on', () => {
    expect(encoded(body)).toMatchObject({
      system: [{ text: 'Long.' }, point],
      messages: [
        { content: [{ text: 'Also long.' }, point, { text: 'Go.' }] },
        { content: [{ toolUse: {} }, point] },
        { content: [{ toolResult: {} }, point] },
      ],
      toolConfig: { tools: [{ toolSpec: {} }, { cachePoint: { type: 'default' } }] },
    });
  });

  test('is left out and told where the model has no cache', () => {
    expect(JSON.stringify(encoded(body, 'meta.llama3-3-70b-instruct-v1:0'))).not.toContain('cachePoint');
    expect(dropped(body, 'meta.llama3-3-70b-instruct-v1:0')).toContain('cache_control');
  });

  test('on tools is left out with Nova, which caches messages only', () => {
    expect(encoded(body, NOVA).toolConfig).toEqual({ tools: [{ toolSpec: expect.anything() }] });
    expect(encoded(body, NOVA).system).toContainEqual(point);
  });
});
