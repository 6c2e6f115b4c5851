import { describe, expect, test } from '@jest/globals';
import { openApiSchema, responseJsonSchema } from '../../../../lambda/providers/gemini/schema.ts';

describe('JSON Schema for the newer models', () => {
  test('keeps references, unions and additionalProperties', () => {
    const schema = {
      type: 'object',
      properties: { next: { $ref: '#/$defs/node' }, id: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
      additionalProperties: { type: 'number' },
      $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
    };
    expect(responseJsonSchema(schema)).toEqual(schema);
  });

  test('says a constant as an enum, or as its type where an enum can not hold it', () => {
    const properties = { a: { const: 'x' }, b: { const: 1 }, c: { const: null }, d: { const: true } };
    expect(responseJsonSchema({ type: 'object', properties }).properties).toEqual({
      a: { enum: ['x'] },
      b: { enum: [1] },
      c: { type: 'null' },
      d: { type: 'boolean' },
    });
  });

  test('leaves a reference alone, as nothing may stand beside it', () => {
    expect(responseJsonSchema({ $ref: '#/$defs/a', description: 'x', $defs: { a: { const: 1 } } })).toEqual({
      $ref: '#/$defs/a',
      $defs: { a: { enum: [1] } },
    });
    expect(responseJsonSchema({ properties: { a: { allOf: [{ $ref: '#/$defs/a' }], title: 'A' } } })).toEqual(
      {
        properties: { a: { $ref: '#/$defs/a' } },
      },
    );
  });

  test('renames the older place of definitions, and the references to it', () => {
    expect(
      responseJsonSchema({
        $schema: 'http://json-schema.org/draft-07/schema#',
        properties: { a: { $ref: '#/definitions/a' } },
        definitions: { a: { type: 'string' } },
      }),
    ).toEqual({ properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { type: 'string' } } });
  });

  test('reaches into every place where a schema may stand', () => {
    const one = { const: 'x' };
    const schema = {
      items: one,
      anyOf: [one],
      oneOf: [one],
      prefixItems: [one],
      additionalProperties: false,
    };
    expect(JSON.stringify(responseJsonSchema(schema))).not.toContain('const');
  });

  test('does not take a property of the name of a keyword for one', () => {
    const schema = { type: 'object', properties: { const: { type: 'string' }, $ref: { type: 'string' } } };
    expect(responseJsonSchema(schema)).toEqual(schema);
  });

  test('leaves what it was given unchanged', () => {
    const schema = { properties: { a: { const: 'x' } } };
    responseJsonSchema(schema);
    expect(schema).toEqual({ properties: { a: { const: 'x' } } });
  });
});

describe("Google's older schema", () => {
  test('has references put in', () => {
    const schema = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/a', description: 'Beside' } },
      $defs: { a: { type: 'string', minLength: 2 } },
    };
    expect(openApiSchema(schema)).toEqual({
      type: 'OBJECT',
      properties: { a: { type: 'STRING', minLength: 2, description: 'Beside' } },
    });
  });

  test('ends where a schema refers to itself', () => {
    const schema = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { value: { type: 'string' }, next: { $ref: '#/$defs/node' } },
          required: ['value', 'next'],
        },
      },
    };
    const text = JSON.stringify(openApiSchema(schema));
    expect(text).not.toContain('$ref');
    expect(text.length).toBeLessThan(5000);
  });

  test('ends where references only refer to each other', () => {
    const schema = { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } };
    expect(openApiSchema(schema)).toEqual({});
  });

  test.each([
    [{ type: ['string', 'null'] }, { type: 'STRING', nullable: true }],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, { type: 'STRING', nullable: true }],
    [{ type: ['string', 'number'] }, { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] }],
    [
      { oneOf: [{ type: 'string' }, { type: 'integer' }] },
      { anyOf: [{ type: 'STRING' }, { type: 'INTEGER' }] },
    ],
    [{ const: 'x' }, { type: 'STRING', enum: ['x'] }],
    [{ enum: ['a', null] }, { type: 'STRING', enum: ['a'], nullable: true }],
    [{ type: 'integer', enum: [1, 2] }, { type: 'INTEGER' }],
    [{ type: 'array' }, { type: 'ARRAY', items: { type: 'STRING' } }],
    [
      { type: 'array', prefixItems: [{ type: 'number' }] },
      { type: 'ARRAY', items: { type: 'NUMBER' } },
    ],
    [{ type: 'number', exclusiveMinimum: 0, $comment: 'x' }, { type: 'NUMBER' }],
    [{ type: 'object', additionalProperties: false }, { type: 'OBJECT' }],
    [
      { allOf: [{ type: 'string' }], description: 'D' },
      { type: 'STRING', description: 'D' },
    ],
  ])('makes of %j %j', (schema, converted) => {
    expect(openApiSchema(schema)).toEqual(converted);
  });
});
