import { CLAUDE, dropped, encoded, HELLO, NOVA, thrownBy } from './support.ts';

const LLAMA = 'meta.llama3-3-70b-instruct-v1:0';
const MISTRAL = 'mistral.mistral-large-2407-v1:0';
const FORCELESS = 'anthropic.claude-opus-5-5';
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tool = (name: string, more: object = {}) => ({
  type: 'function',
  function: { name, parameters: schema, ...more },
});
const spec = (name: string, more: object = {}) => ({
  toolSpec: { name, inputSchema: { json: schema }, ...more },
});
const TOOLS = { tools: [tool('weather', { description: 'Tells it.' }), tool('time')] };
const SPECS = [spec('weather', { description: 'Tells it.' }), spec('time')];
const CALLED = [
  ...HELLO,
  {
    role: 'assistant',
    tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 'a', content: 'sunny' },
];

describe('tools', () => {
  test('become toolSpecs', () => {
    expect(encoded(TOOLS).toolConfig).toEqual({ tools: SPECS });
  });

  test('without parameters or with a blank description are still valid', () => {
    expect(
      encoded({ tools: [{ type: 'function', function: { name: 'x', description: ' ' } }] }).toolConfig,
    ).toEqual({
      tools: [{ toolSpec: { name: 'x', inputSchema: { json: { type: 'object', properties: {} } } } }],
    });
  });

  test('may be of the obsolete kind', () => {
    const body = { functions: [{ name: 'weather', parameters: schema }], function_call: { name: 'weather' } };
    expect(encoded(body).toolConfig).toEqual({
      tools: [spec('weather')],
      toolChoice: { tool: { name: 'weather' } },
    });
  });

  test('are strict where the model knows it, else it is told', () => {
    const body = { tools: [tool('weather', { strict: true })] };
    expect(encoded(body).toolConfig).toEqual({ tools: [spec('weather', { strict: true })] });
    expect(encoded(body, NOVA).toolConfig).toEqual({ tools: [spec('weather')] });
    expect(dropped(body, NOVA)).toEqual(['tools[].function.strict']);
  });

  test.each([
    [{ type: 'custom', custom: { name: 'x' } }, 'tools[0].type'],
    [{ type: 'function', function: {} }, 'tools[0].function.name'],
  ])('that Converse has nothing for are refused: %j', (value, param) => {
    expect(thrownBy(() => encoded({ tools: [value] }))).toMatchObject({ status: 400, param });
  });

  test('that only the history names get a stand-in: Converse refuses calls without tools', () => {
    const body = encoded({ messages: CALLED });
    expect(body.toolConfig).toEqual({
      tools: [{ toolSpec: { name: 'weather', inputSchema: { json: { type: 'object' } } } }],
    });
    expect(body.additionalModelRequestFields).toEqual({ tool_choice: { type: 'none' } });
    expect(encoded({ messages: CALLED }, NOVA).system).toEqual([
      { text: expect.stringContaining('no tool') },
    ]);
    expect(dropped({ messages: CALLED }, NOVA)).toEqual([]);
  });
});

describe('tool_choice', () => {
  test.each([
    ['auto', undefined],
    ['required', { any: {} }],
    [{ type: 'function', function: { name: 'time' } }, { tool: { name: 'time' } }],
  ])('%j becomes %j', (tool_choice, toolChoice) => {
    expect(encoded({ ...TOOLS, tool_choice }).toolConfig).toEqual({
      tools: SPECS,
      ...(toolChoice && { toolChoice }),
    });
  });

  test('none leaves the tools out where the history has no calls', () => {
    expect(encoded({ ...TOOLS, tool_choice: 'none' })).toEqual(encoded({}));
    expect(dropped({ ...TOOLS, tool_choice: 'none' })).toEqual([]);
  });

  test("none is Claude's own none where the history has calls", () => {
    const body = encoded({ ...TOOLS, messages: CALLED, tool_choice: 'none' });
    expect(body.toolConfig).toEqual({ tools: SPECS });
    expect(body.additionalModelRequestFields).toEqual({ tool_choice: { type: 'none' } });
  });

  test('none is an instruction to other models, and told to the caller as no more than that', () => {
    const body = { ...TOOLS, messages: CALLED, tool_choice: 'none' };
    expect(encoded(body, NOVA)).toMatchObject({
      toolConfig: { tools: SPECS },
      system: [{ text: expect.any(String) }],
    });
    expect(dropped(body, NOVA)).toEqual(['tool_choice']);
  });

  test('of one tool gives a model that knows only "some tool" no other', () => {
    const tool_choice = { type: 'function', function: { name: 'time' } };
    expect(encoded({ ...TOOLS, tool_choice }, MISTRAL).toolConfig).toEqual({
      tools: [spec('time')],
      toolChoice: { any: {} },
    });
  });

  test('of allowed tools leaves the others out', () => {
    const tool_choice = {
      type: 'allowed_tools',
      allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'time' } }] },
    };
    expect(encoded({ ...TOOLS, tool_choice }).toolConfig).toEqual({
      tools: [spec('time')],
      toolChoice: { any: {} },
    });
  });

  test.each([
    [{ ...TOOLS, tool_choice: 'required' }, FORCELESS],
    [{ tool_choice: 'required' }, CLAUDE],
    [{ ...TOOLS, tool_choice: 'sometimes' }, CLAUDE],
  ])('that can not be met is refused by name', (body, model) => {
    expect(thrownBy(() => encoded(body, model))).toMatchObject({ status: 400, param: 'tool_choice' });
  });
});

describe('parallel_tool_calls: false', () => {
  test.each([
    [undefined, { type: 'auto', disable_parallel_tool_use: true }],
    ['required', { type: 'any', disable_parallel_tool_use: true }],
    [
      { type: 'function', function: { name: 'time' } },
      { type: 'tool', name: 'time', disable_parallel_tool_use: true },
    ],
  ])("is Claude's own tool_choice, alone: %j", (tool_choice, expected) => {
    const body = encoded({ ...TOOLS, parallel_tool_calls: false, tool_choice });
    expect(body.toolConfig).toEqual({ tools: SPECS });
    expect(body.additionalModelRequestFields).toEqual({ tool_choice: expected });
  });

  test('is told where the model has nothing for it', () => {
    const body = { ...TOOLS, parallel_tool_calls: false };
    expect(encoded(body, NOVA)).toEqual(encoded(TOOLS, NOVA));
    expect(dropped(body, NOVA)).toEqual(['parallel_tool_calls']);
  });

  test('asks for nothing where there are no tools', () => {
    expect(encoded({ parallel_tool_calls: false })).toEqual(encoded({}));
  });
});

describe('an answer in JSON', () => {
  const response_format = {
    type: 'json_schema',
    json_schema: { name: 'place', description: 'A place.', schema },
  };
  const json = (name = 'json') => ({
    toolSpec: { name, description: expect.stringContaining('A place.'), inputSchema: { json: schema } },
  });

  test('is a forced tool', () => {
    expect(encoded({ response_format }).toolConfig).toEqual({
      tools: [json()],
      toolChoice: { tool: { name: 'json' } },
    });
    expect(encoded({ response_format: { type: 'json_object' } }).toolConfig).toMatchObject({
      tools: [{ toolSpec: { inputSchema: { json: { type: 'object' } } } }],
      toolChoice: { tool: { name: 'json' } },
    });
  });

  test("stands beside the caller's tools: some tool is forced", () => {
    expect(encoded({ ...TOOLS, response_format }).toolConfig).toEqual({
      tools: [...SPECS, json()],
      toolChoice: { any: {} },
    });
  });

  test('is no tool where the caller forces one of its own', () => {
    const body = { ...TOOLS, tool_choice: 'required' };
    expect(encoded({ ...body, response_format })).toEqual(encoded(body));
  });

  test('is all that may be called where the caller wants no calls', () => {
    expect(encoded({ ...TOOLS, tool_choice: 'none', response_format }).toolConfig).toEqual({
      tools: [json()],
      toolChoice: { tool: { name: 'json' } },
    });
    expect(encoded({ ...TOOLS, messages: CALLED, tool_choice: 'none', response_format }).toolConfig).toEqual({
      tools: [...SPECS, json()],
      toolChoice: { tool: { name: 'json' } },
    });
  });

  test("never takes a caller's tool's name", () => {
    expect(encoded({ tools: [tool('json'), tool('json_2')], response_format }).toolConfig).toEqual({
      tools: [spec('json'), spec('json_2'), json('json_3')],
      toolChoice: { any: {} },
    });
  });

  test.each([
    [MISTRAL, { any: {} }],
    [LLAMA, undefined],
    [FORCELESS, undefined],
  ])('of %s is forced as far as it goes, else it is told to', (model, toolChoice) => {
    const body = encoded({ response_format }, model);
    expect(body.toolConfig).toEqual({ tools: [json()], ...(toolChoice && { toolChoice }) });
    expect(body.system).toEqual(toolChoice ? undefined : [{ text: expect.stringContaining('tool json') }]);
  });

  test('is nothing where the format is text', () => {
    expect(encoded({ response_format: { type: 'text' } })).toEqual(encoded({}));
  });
});
