import { describe, expect, test } from '@jest/globals';
import { InvalidRequest } from '../../../../lambda/errors.ts';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { decode, encode, encoded, NEW, OLD } from './support.ts';

const parameters = {
  type: 'object',
  properties: { x: { type: 'number' } },
  required: ['x'],
  additionalProperties: false,
};
const fn = (name: string, more: JsonObject = {}) => ({ type: 'function', function: { name, ...more } });
const empty = { type: 'object', properties: {} };

describe('tools', () => {
  const cases: [string, JsonObject, JsonObject][] = [
    [
      'a function is a tool with its schema',
      { tools: [fn('f', { description: 'd', parameters })] },
      { tools: [{ name: 'f', description: 'd', input_schema: parameters }] },
    ],
    [
      'a function without parameters takes none',
      { tools: [fn('f')] },
      { tools: [{ name: 'f', input_schema: empty }] },
    ],
    [
      'parameters without a type are an object’s',
      { tools: [fn('f', { parameters: { properties: {} } })] },
      { tools: [{ name: 'f', input_schema: empty }] },
    ],
    [
      'the obsolete functions are tools',
      { functions: [{ name: 'f', parameters }] },
      { tools: [{ name: 'f', input_schema: parameters }] },
    ],
    [
      'the vendor’s own tools are forwarded as they are',
      {
        tools: [
          { type: 'bash_20250124', name: 'bash' },
          { type: 'mcp_toolset', mcp_server_name: 's' },
        ],
      },
      {
        tools: [
          { type: 'bash_20250124', name: 'bash' },
          { type: 'mcp_toolset', mcp_server_name: 's' },
        ],
      },
    ],
    [
      'the vendor’s own settings of a tool are kept',
      { tools: [{ ...fn('f'), defer_loading: true, eager_input_streaming: true }] },
      { tools: [{ name: 'f', input_schema: empty, defer_loading: true, eager_input_streaming: true }] },
    ],
    ['auto is auto', { tools: [fn('f')], tool_choice: 'auto' }, { tool_choice: { type: 'auto' } }],
    [
      'none is none, and the tools stay',
      { tools: [fn('f')], tool_choice: 'none' },
      { tool_choice: { type: 'none' }, tools: [{ name: 'f', input_schema: empty }] },
    ],
    ['required is any', { tools: [fn('f')], tool_choice: 'required' }, { tool_choice: { type: 'any' } }],
    [
      'a named function is that tool',
      { tools: [fn('f')], tool_choice: fn('f') },
      { tool_choice: { type: 'tool', name: 'f' } },
    ],
    [
      'a named obsolete function is that tool',
      { functions: [{ name: 'f' }], function_call: { name: 'f' } },
      { tool_choice: { type: 'tool', name: 'f' } },
    ],
    [
      'the obsolete function_call none is none',
      { functions: [{ name: 'f' }], function_call: 'none' },
      { tool_choice: { type: 'none' } },
    ],
    [
      'the vendor’s own choice is taken',
      { tools: [fn('f')], tool_choice: { type: 'any' } },
      { tool_choice: { type: 'any' } },
    ],
    [
      'allowed tools are the only ones',
      {
        tools: [fn('f'), fn('g')],
        tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [fn('g')] } },
      },
      { tool_choice: { type: 'any' }, tools: [{ name: 'g', input_schema: empty }] },
    ],
    [
      'no parallel calls is said beside auto',
      { tools: [fn('f')], parallel_tool_calls: false },
      { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    ],
    [
      'no parallel calls is said beside a forced tool',
      { tools: [fn('f')], parallel_tool_calls: false, tool_choice: 'required' },
      { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
    ],
    [
      'no parallel calls means nothing where no tool may be called',
      { tools: [fn('f')], parallel_tool_calls: false, tool_choice: 'none' },
      { tool_choice: { type: 'none' } },
    ],
    [
      'web search is the vendor’s tool for it',
      { web_search_options: { user_location: { type: 'approximate', approximate: { city: 'Bern' } } } },
      {
        tools: [
          {
            type: 'web_search_20250305',
            name: 'web_search',
            user_location: { type: 'approximate', city: 'Bern' },
          },
        ],
      },
    ],
  ];
  test.each(cases)('%s', (_name, body, expected) => {
    expect(encoded(body)).toMatchObject(expected);
  });

  test.each([
    ['no choice is said where there is none', { tools: [fn('f')] }],
    ['no choice is said where there are no tools', { tool_choice: 'auto', parallel_tool_calls: false }],
    ['parallel calls are what the vendor does anyway', { tools: [fn('f')], parallel_tool_calls: true }],
  ] as [string, JsonObject][])('%s', (_name, body) => {
    expect(encoded(body)).not.toHaveProperty('tool_choice');
  });

  test('a history with calls and no tools brings the tools that it called, none of them to be called', () => {
    const messages = [
      { role: 'user', content: 'go' },
      { role: 'assistant', tool_calls: [{ id: 'a', ...fn('f', { arguments: '{}' }) }] },
      { role: 'tool', tool_call_id: 'a', content: 'ok' },
    ];
    expect(encoded({ messages })).toMatchObject({
      tools: [{ name: 'f', input_schema: { type: 'object' } }],
      tool_choice: { type: 'none' },
    });
  });

  const refused: [string, JsonObject, string, string?][] = [
    ['a custom tool', { tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
    ['a function tool without a function', { tools: [{ type: 'function' }] }, 'tools[0].function'],
    ['a function without a name', { tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    ['a choice of an unknown kind', { tools: [fn('f')], tool_choice: 'maybe' }, 'tool_choice'],
    [
      'a forced tool for a model that can’t be forced',
      { tools: [fn('f')], tool_choice: 'required' },
      'tool_choice',
      'claude-opus-5-5',
    ],
  ];
  test.each(refused)('%s is refused', (_name, body, param, model = OLD) => {
    expect(() => encode(body, model)).toThrow(expect.objectContaining({ param, status: 400 }));
    expect(() => encode(body, model)).toThrow(InvalidRequest);
  });

  test('a strict tool is strict where the model can be, its schema in the vendor’s subset', () => {
    const loose = { ...parameters, properties: { x: { type: 'number', minimum: 3 } } };
    const tools = [fn('f', { parameters: loose, strict: true })];
    expect((encoded({ tools }, NEW).tools as JsonObject[])[0]).toEqual({
      name: 'f',
      strict: true,
      input_schema: { ...parameters, properties: { x: { type: 'number', description: 'minimum: 3.' } } },
    });
    expect(encode({ tools }, OLD).dropped).toEqual(['tools[].function.strict']);
  });

  test('names that the vendor refuses are rewritten on the way up and restored on the way down', () => {
    const long = 'n'.repeat(80);
    const body = {
      tools: [fn('weather.get'), fn('weather/get'), fn(long)],
      tool_choice: fn('weather/get'),
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', tool_calls: [{ id: 'a', ...fn('weather.get', { arguments: '{}' }) }] },
        { role: 'tool', tool_call_id: 'a', content: 'ok' },
      ],
    };
    const sent = encoded(body) as { tools: { name: string }[]; tool_choice: { name: string } };
    const names = sent.tools.map(({ name }) => name);
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(sent.tool_choice.name).toBe(names[1]);
    const content = names.map((name, n) => ({ type: 'tool_use', id: `t${n}`, name, input: {} }));
    const answer = { type: 'message', id: 'm', model: 'c', content, stop_reason: 'tool_use' };
    const calls = decode(answer, body).choices[0]?.message.tool_calls;
    expect(calls?.map((call) => call.function.name)).toEqual(['weather.get', 'weather/get', long]);
  });

  test('toolsets of MCP servers bring the beta that they need, unless the caller named one', () => {
    const servers = { mcp_servers: [{ type: 'url', name: 's', url: 'https://example.com' }] };
    expect(encode(servers).headers['anthropic-beta']).toBe('mcp-client-2025-04-04');
    const toolset = { ...servers, tools: [{ type: 'mcp_toolset', mcp_server_name: 's' }] };
    expect(encode(toolset).headers['anthropic-beta']).toBe('mcp-client-2025-11-20');
  });
});
