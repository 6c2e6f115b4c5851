import type { ResponseFormat } from '../../openai/chat.ts';
import { isObject } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { type Encoding, unsupported } from './encoding.ts';
import { openApiSchema, responseJsonSchema } from './schema.ts';
import { choiceOf, declaredFunctions } from './tools.ts';

/**
 * `responseMimeType` and the schema. `responseJsonSchema` is what the vendor's own client sends: it knows references,
 * unions and `additionalProperties`; models older than 2.5 know only `responseSchema`.
 * https://ai.google.dev/gemini-api/docs/structured-output
 */
export function responseFormat(encoding: Encoding): JsonObject {
  const format = encoding.body.response_format as unknown as ResponseFormat | undefined | null;
  if (!isObject(format) || format.type === 'text') return {};
  if (format.type !== 'json_object' && format.type !== 'json_schema')
    throw unsupported(
      'response_format',
      'Gemini answers in the formats text, json_object and json_schema only.',
    );
  if (declaredFunctions(encoding).length > 0) {
    const choice = choiceOf(encoding);
    // The answer is a call, so the format has nothing to shape; Gemini refuses the two together.
    if (choice === 'required' || choice === 'named') return {};
    if (!encoding.traits.schemaBesideTools && choice !== 'none')
      throw unsupported('response_format', 'This model of Gemini takes no response format beside tools.');
  }
  const schema = format.type === 'json_schema' ? format.json_schema?.schema : undefined;
  return { responseMimeType: 'application/json', ...(isObject(schema) ? schemaField(encoding, schema) : {}) };
}

function schemaField(encoding: Encoding, schema: JsonObject): JsonObject {
  return encoding.traits.jsonSchema
    ? { responseJsonSchema: responseJsonSchema(schema) }
    : { responseSchema: openApiSchema(schema) };
}
