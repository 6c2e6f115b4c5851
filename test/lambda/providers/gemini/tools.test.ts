import { describe, expect, test } from '@jest/globals';
import { encoded } from './call.ts';

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const weather = { type: 'function', function: { name: 'weather', description: 'Tells it', parameters } };
const named = (name: string) => ({ type: 'function', function: { name } });

describe('Function tools', () => {
  test('are declared together, their parameters as JSON Schema', () => {
    const { body } = encoded({ tools: [weather, named('time')] });
    expect(body.tools).toEqual([
      {
        functionDeclarations: [
          { name: 'weather', description: 'Tells it', parametersJsonSchema: parameters },
          { name: 'time' },
        ],
      },
    ]);
    expect(body.toolConfig).toBeUndefined();
  });

  test('have parameters in the older schema for models that know no other', () => {
    const { body } = encoded({ tools: [weather] }, 'gemini-2.0-flash');
    expect(body.tools[0].functionDeclarations[0].parameters).toEqual({
      type: 'OBJECT',
      properties: { city: { type: 'STRING' } },
      required: ['city'],
    });
  });

  test.each([
    [{ type: 'object', properties: {} }],
    [{ type: 'object', properties: {}, additionalProperties: false, required: [] }],
    [{}],
  ])('with the parameters %j have none: an empty object is refused', (empty) => {
    const { body } = encoded({ tools: [{ type: 'function', function: { name: 'f', parameters: empty } }] });
    expect(body.tools[0].functionDeclarations[0]).toEqual({ name: 'f' });
  });

  test('with free-form parameters keep them', () => {
    const free = { type: 'object', additionalProperties: true };
    const { body } = encoded({ tools: [{ type: 'function', function: { name: 'f', parameters: free } }] });
    expect(body.tools[0].functionDeclarations[0].parametersJsonSchema).toEqual(free);
  });

  test('with names that Gemini refuses are renamed, everywhere alike', () => {
    const { body } = encoded({
      tools: [named('9 lives!'), named('-x')],
      tool_choice: named('9 lives!'),
      messages: [
        { role: 'user', content: 'Go' },
        { role: 'assistant', tool_calls: [{ id: 'a', ...named('9 lives!') }] },
        { role: 'tool', tool_call_id: 'a', content: 'ok' },
      ],
    });
    const [first, second] = body.tools[0].functionDeclarations;
    expect(first.name).toMatch(/^[A-Za-z_][\w-]{0,63}$/);
    expect(second.name).toMatch(/^[A-Za-z_][\w-]{0,63}$/);
    expect(body.toolConfig.functionCallingConfig.allowedFunctionNames).toEqual([first.name]);
    expect(body.contents[1].parts[0].functionCall.name).toBe(first.name);
    expect(body.contents[2].parts[0].functionResponse.name).toBe(first.name);
  });
});

describe('The choice of tools', () => {
  const allowed = (mode: string) => ({
    type: 'allowed_tools',
    allowed_tools: { mode, tools: [named('weather')] },
  });
  test.each([
    ['auto', { mode: 'AUTO' }],
    ['none', { mode: 'NONE' }],
    ['required', { mode: 'ANY' }],
    [named('weather'), { mode: 'ANY', allowedFunctionNames: ['weather'] }],
    [allowed('required'), { mode: 'ANY', allowedFunctionNames: ['weather'] }],
    [allowed('auto'), { mode: 'VALIDATED', allowedFunctionNames: ['weather'] }],
  ])('%j is the calling mode %j', (tool_choice, config) => {
    const { body } = encoded({ tools: [weather], tool_choice });
    expect(body.toolConfig).toEqual({ functionCallingConfig: config });
  });

  test('holds strict tools to their schema', () => {
    const strict = { type: 'function', function: { ...weather.function, strict: true } };
    expect(encoded({ tools: [strict] }).body.toolConfig.functionCallingConfig.mode).toBe('VALIDATED');
  });
});

describe("The vendor's own tools", () => {
  test('go through as they are', () => {
    const tools = [{ googleSearch: {} }, { codeExecution: {} }];
    expect(encoded({ tools }).body.tools).toEqual(tools);
  });

  test('stand beside functions', () => {
    const { body } = encoded({ tools: [{ googleSearch: {} }, weather] });
    expect(body.tools).toHaveLength(2);
    expect(body.toolConfig).toEqual({
      functionCallingConfig: { mode: 'VALIDATED' },
      includeServerSideToolInvocations: true,
    });
    expect(
      encoded({ tools: [{ googleSearch: {} }, weather] }, 'gemini-2.5-pro').body.toolConfig,
    ).toBeUndefined();
  });

  test('search the web where OpenAI’s option asks for it', () => {
    expect(encoded({ web_search_options: {} }).body.tools).toEqual([{ googleSearch: {} }]);
  });

  test('are left out where no tool may run', () => {
    expect(encoded({ tools: [{ googleSearch: {} }], tool_choice: 'none' }).body.tools).toBeUndefined();
  });
});

describe('A response format', () => {
  const schema = { type: 'object', properties: { a: { const: 'x' } }, additionalProperties: false };
  const response_format = { type: 'json_schema', json_schema: { name: 'answer', schema } };

  test('is native', () => {
    expect(encoded({ response_format: { type: 'json_object' } }).body.generationConfig).toEqual({
      responseMimeType: 'application/json',
    });
    expect(encoded({ response_format }).body.generationConfig).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: { ...schema, properties: { a: { enum: ['x'] } } },
    });
    expect(encoded({ response_format: { type: 'text' } }).body.generationConfig).toBeUndefined();
  });

  test('is in the older schema for models that know no other', () => {
    expect(encoded({ response_format }, 'gemini-2.0-flash').body.generationConfig.responseSchema).toEqual({
      type: 'OBJECT',
      properties: { a: { type: 'STRING', enum: ['x'] } },
    });
  });

  test('beside tools is for Gemini 3, and a 400 before', () => {
    const body = { response_format, tools: [weather] };
    expect(encoded(body, 'gemini-3-pro-preview').body.generationConfig.responseJsonSchema).toBeDefined();
    expect(() => encoded(body, 'gemini-2.5-flash')).toThrow(
      expect.objectContaining({ status: 400, param: 'response_format' }),
    );
  });

  test('shapes nothing where a call is forced, and leaves the tools out where none may be called', () => {
    const forced = encoded(
      { response_format, tools: [weather], tool_choice: 'required' },
      'gemini-2.5-flash',
    );
    expect(forced.body.generationConfig).toBeUndefined();
    const none = encoded({ response_format, tools: [weather], tool_choice: 'none' }, 'gemini-2.5-flash');
    expect(none.body.tools).toBeUndefined();
    expect(none.body.generationConfig.responseJsonSchema).toBeDefined();
  });
});
