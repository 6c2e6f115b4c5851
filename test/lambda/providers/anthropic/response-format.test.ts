import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { createProvider } from '../../../../lambda/providers/anthropic/index.ts';
import { isNative, nativeSchema } from '../../../../lambda/providers/anthropic/json-schema.ts';
import { vertexHost } from '../../../../lambda/providers/anthropic/vertex-host.ts';
import { assemble, bodyOf, decode, decodeEvents, encode, encoded, NEW, OLD } from './support.ts';

const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const format = (inner: JsonObject = schema) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'place', schema: inner, strict: true } },
});
const weather = { type: 'function', function: { name: 'weather' } };
const json = { response_format: { type: 'json_object' } };
const forced = { type: 'tool', name: 'json', disable_parallel_tool_use: true };

describe('an answer in JSON', () => {
  test('a schema is kept by the vendor’s own decoding where the model has it', () => {
    const body = encoded(format(), NEW);
    expect(body.output_config).toEqual({ format: { type: 'json_schema', schema } });
    expect(body).not.toHaveProperty('tools');
  });

  test('the caller’s output_config and an effort stand beside the schema', () => {
    const body = encoded({ ...format(), reasoning_effort: 'low', output_config: { task_budget: 5 } }, NEW);
    expect(body.output_config).toEqual({
      effort: 'low',
      task_budget: 5,
      format: { type: 'json_schema', schema },
    });
  });

  test('the description of the format is the schema’s', () => {
    const response_format = {
      type: 'json_schema',
      json_schema: { name: 'p', description: 'A place', schema },
    };
    expect(encoded({ response_format }, NEW).output_config).toEqual({
      format: { type: 'json_schema', schema: { ...schema, description: 'A place' } },
    });
  });

  test('text asks for nothing', () => {
    expect(encoded({ response_format: { type: 'text' } })).not.toHaveProperty('tools');
  });

  test('where the model has no such decoding, a forced tool takes the schema', () => {
    expect(encoded(format(), OLD)).toMatchObject({
      tools: [{ name: 'json', input_schema: schema }],
      tool_choice: forced,
    });
  });

  test.each([
    ['JSON without a schema', json],
    ['a schema of open objects', format({ type: 'object', additionalProperties: { type: 'number' } })],
    [
      'a schema that holds itself',
      format({
        $defs: { n: { type: 'object', properties: { n: { $ref: '#/$defs/n' } } } },
        $ref: '#/$defs/n',
      }),
    ],
  ] as [string, JsonObject][])('%s takes the forced tool on every model', (_name, body) => {
    expect(encoded(body, NEW)).toMatchObject({ tools: [{ name: 'json' }], tool_choice: forced });
    expect(encoded(body, NEW)).not.toHaveProperty('output_config');
  });

  test('on Vertex a schema takes the forced tool: the vendor’s decoding is off there by default', () => {
    const settings = { name: 'vertex', kind: 'vertex', project: 'p', location: 'global' };
    const vertex = createProvider(
      settings,
      vertexHost(settings, (request) => request),
    );
    expect(bodyOf(encode(format(), NEW, vertex))).toMatchObject({ tool_choice: forced });
  });

  test('a model that can’t be forced is asked, and asked for one call at a time', () => {
    expect(encoded(json, 'claude-opus-5-5')).toMatchObject({
      tools: [{ name: 'json' }],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
  });

  test('beside other tools the model must call one of them, or the answer’s', () => {
    expect(encoded({ ...format(), tools: [weather] })).toMatchObject({
      tools: [{ name: 'weather' }, { name: 'json' }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    });
  });

  test('where no other tool may be called, only the answer’s is there', () => {
    const body = encoded({ ...format(), tools: [weather], tool_choice: 'none' });
    expect(body).toMatchObject({ tools: [{ name: 'json' }], tool_choice: forced });
    expect(body.tools).toHaveLength(1);
  });

  test('where the caller forces a tool, there is no answer to format', () => {
    const body = encoded({ ...format(), tools: [weather], tool_choice: 'required' });
    expect(body.tools).toHaveLength(1);
    expect(body.tool_choice).toEqual({ type: 'any' });
  });

  test('a caller’s own tool named json keeps its name', () => {
    const mine = { type: 'function', function: { name: 'json' } };
    expect(encoded({ ...format(), tools: [mine] })).toMatchObject({
      tools: [{ name: 'json' }, { name: 'json_2' }],
    });
  });

  test('a forced answer wins over thinking, which is named', () => {
    const request = encode({ ...format(), reasoning_effort: 'high', max_tokens: 9000 });
    expect(bodyOf(request)).not.toHaveProperty('thinking');
    expect(request.dropped).toEqual(['reasoning_effort']);
  });

  test('an answer that is no object is refused where a tool would have to take it', () => {
    expect(() => encode(format({ type: 'array', items: { type: 'string' } }))).toThrow(
      expect.objectContaining({ param: 'response_format.json_schema.schema' }),
    );
  });
});

describe('the answer that came as a tool’s arguments', () => {
  const use = (name: string, input: JsonObject) => ({ type: 'tool_use', id: 't', name, input });
  const whole = (...content: JsonObject[]) => ({
    type: 'message',
    id: 'm',
    model: 'c',
    content,
    stop_reason: 'tool_use',
  });

  test('it is the content, the text beside it is not, and the answer just stops', () => {
    const choice = decode(whole({ type: 'text', text: 'Here:' }, use('json', { city: 'Bern' })), format())
      .choices[0];
    expect(choice?.message.content).toBe('{"city":"Bern"}');
    expect(choice?.message.tool_calls).toBeUndefined();
    expect(choice?.finish_reason).toBe('stop');
  });

  test('text is the content where no JSON came', () => {
    const choice = decode(whole({ type: 'text', text: '{"city":"Bern"}' }), json).choices[0];
    expect(choice?.message.content).toBe('{"city":"Bern"}');
  });

  test('a call of the client’s tool stays a call', () => {
    const choice = decode(whole(use('weather', {})), { ...format(), tools: [weather] }).choices[0];
    expect(choice?.finish_reason).toBe('tool_calls');
    expect(choice?.message.content).toBeNull();
  });

  const events = (...blocks: [JsonObject, ...JsonObject[]][]) => [
    { type: 'message_start', message: { id: 'm', model: 'c', content: [], usage: { input_tokens: 1 } } },
    ...blocks.flatMap(([content_block, ...deltas], index) => [
      { type: 'content_block_start', index, content_block },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ];
  const piece = (partial_json: string) => ({ type: 'input_json_delta', partial_json });
  const text = (value: string) => ({ type: 'text_delta', text: value });

  test('streamed, its pieces are the content', () => {
    const chunks = decodeEvents(
      events(
        [{ type: 'text', text: '' }, text('Here:')],
        [use('json', {}), piece('{"city"'), piece(':"Bern"}')],
      ),
      format(),
    );
    expect(assemble(chunks)).toMatchObject({ content: '{"city":"Bern"}', calls: [], finish: 'stop' });
    expect(chunks.filter(({ choices }) => choices[0]?.delta.content)).toHaveLength(2);
  });

  test('streamed, text is the content where no JSON came', () => {
    const chunks = decodeEvents(events([{ type: 'text', text: '' }, text('{"a"'), text(':1}')]), json);
    expect(assemble(chunks)).toMatchObject({ content: '{"a":1}', finish: 'stop' });
  });

  test('streamed, a second JSON text is left out', () => {
    const chunks = decodeEvents(events([use('json', {}), piece('{}')], [use('json', {}), piece('{}')]), json);
    expect(assemble(chunks).content).toBe('{}');
  });
});

describe('JSON Schema in the vendor’s subset', () => {
  test('objects are closed, oneOf is anyOf, and what is refused is said in words', () => {
    const given = {
      type: 'object',
      properties: {
        n: { type: 'integer', minimum: 1, maximum: 5, description: 'How many.' },
        when: { type: 'string', format: 'date' },
        odd: { type: 'string', format: 'phone' },
        list: {
          type: 'array',
          items: { type: 'object', properties: {}, additionalProperties: false },
          minItems: 1,
          maxItems: 3,
        },
        either: { oneOf: [{ type: 'string' }, { type: 'null' }] },
      },
      required: ['n'],
    };
    expect(nativeSchema(given)).toEqual({
      type: 'object',
      additionalProperties: false,
      required: ['n'],
      properties: {
        n: { type: 'integer', description: 'How many.\nminimum: 1; maximum: 5.' },
        when: { type: 'string', format: 'date' },
        odd: { type: 'string', description: 'format: phone.' },
        list: {
          type: 'array',
          items: { type: 'object', properties: {}, additionalProperties: false },
          minItems: 1,
          description: 'maxItems: 3.',
        },
        either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      },
    });
  });

  const twice = (n: number) =>
    Object.fromEntries(
      Array.from({ length: n }, (_, i) => [
        `d${i}`,
        i + 1 < n
          ? {
              type: 'object',
              properties: { a: { $ref: `#/$defs/d${i + 1}` }, b: { $ref: `#/$defs/d${i + 1}` } },
              required: ['a', 'b'],
            }
          : { type: 'string' },
      ]),
    );
  test.each([
    ['a closed object', schema, true],
    ['definitions used twice', { $defs: twice(60), $ref: '#/$defs/d0' }, true],
    ['an object of any keys', { type: 'object' }, false],
    ['an open object', { ...schema, additionalProperties: true }, false],
    ['a recursion', { $defs: { a: { properties: { a: { $ref: '#/$defs/a' } } } }, $ref: '#/$defs/a' }, false],
    ['a keyword that neither subset nor words have', { ...schema, patternProperties: { x: {} } }, false],
    [
      'eleven optional properties',
      {
        type: 'object',
        properties: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`p${i}`, { type: 'string' }])),
      },
      false,
    ],
  ] as [string, JsonObject, boolean][])('%s', (_name, given, native) => {
    expect(isNative(given)).toBe(native);
  });
});
