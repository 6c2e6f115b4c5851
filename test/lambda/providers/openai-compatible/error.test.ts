import { describe, expect, test } from '@jest/globals';
import { decodeError } from '../../../../lambda/providers/openai-compatible/error.ts';
import type { VendorError } from '../../../../lambda/providers/provider.ts';

const decode = (body: unknown, status = 400): VendorError =>
  decodeError(status, typeof body === 'string' ? body : JSON.stringify(body));

const invalid = { loc: ['body', 'messages', 0], msg: 'Field required', type: 'missing' };

describe('decodeError', () => {
  test('reads OpenAI’s object whole', () => {
    const error = { message: 'Bad value', type: 'invalid_request_error', param: 'n', code: 'bad_n' };
    expect(decode({ error })).toEqual(error);
  });

  test('leaves out what OpenAI’s object has as null', () => {
    const error = { message: 'Overloaded', type: null, param: null, code: null };
    expect(decode({ error }, 503)).toEqual({ message: 'Overloaded', param: null, code: null });
  });

  test.each<[string, unknown, Partial<VendorError>]>([
    [
      'Mistral, flat',
      { object: 'error', message: 'Invalid model', type: 'invalid_model', param: null, code: '1500' },
      { message: 'Invalid model', type: 'invalid_model', code: '1500' },
    ],
    [
      'Mistral, a refused field',
      { object: 'error', message: { detail: [invalid] }, type: 'invalid_request_error' },
      { message: 'body.messages.0: Field required', type: 'invalid_request_error' },
    ],
    [
      'Mistral, a refused field in its other form',
      { object: 'Error', detail: [invalid], message: [invalid], code: 3001 },
      { message: 'body.messages.0: Field required', code: '3001' },
    ],
    ['Cohere', { message: 'invalid api token' }, { message: 'invalid api token', code: null }],
    ['FastAPI, a text', { detail: 'Not Found' }, { message: 'Not Found' }],
    [
      'FastAPI, a list',
      { detail: [invalid, { msg: 'Second' }, null] },
      { message: 'body.messages.0: Field required; Second' },
    ],
    [
      'Cloudflare',
      { success: false, errors: [{ code: 7003, message: 'No route' }], messages: [] },
      { message: 'No route', code: '7003' },
    ],
    ['a list of texts', { errors: ['one', 'two'] }, { message: 'one; two' }],
    [
      'Google, a list round it',
      [{ error: { code: 400, message: 'API key not valid', status: 'INVALID_ARGUMENT' } }],
      { message: 'API key not valid', code: '400' },
    ],
    [
      'xAI',
      { code: 'Client specified an invalid argument', error: 'Model not found' },
      { message: 'Model not found', code: 'Client specified an invalid argument' },
    ],
    ['Ollama and Hugging Face', { error: 'model "x" not found' }, { message: 'model "x" not found' }],
    ['Hugging Face, a list', { error: ['a', 'b'] }, { message: 'a; b' }],
    [
      'Databricks',
      { error_code: 'BAD_REQUEST', message: 'No endpoint' },
      { message: 'No endpoint', code: 'BAD_REQUEST' },
    ],
    [
      'OpenRouter, who has the reason elsewhere',
      { error: { message: 'Provider returned error', code: 429, metadata: { raw: 'too many' } } },
      { message: 'Provider returned error too many', code: '429' },
    ],
    ['a gateway of Apigee', { fault: { faultstring: 'Quota exceeded' } }, { message: 'Quota exceeded' }],
    ['problem details', { type: 'about:blank', title: 'Forbidden' }, { message: 'Forbidden' }],
    ['a text as JSON', '"Rate limited"', { message: 'Rate limited' }],
    ['plain text', ' upstream connect error \n', { message: 'upstream connect error' }],
  ])('reads %s', (_, body, expected) => {
    expect(decode(body)).toMatchObject(expected);
  });

  test.each<[string, unknown]>([
    ['nothing', ''],
    ['an HTML page', '<html><body>502 Bad Gateway</body></html>'],
    ['an empty object', {}],
    ['an empty error', { error: {} }],
    ['null', 'null'],
    ['a number', '7'],
    ['an empty text', '""'],
    ['an empty list', []],
    ['an error that is no text', { error: true }],
    ['lists in lists', { detail: [[[[[['deep']]]]]] }],
  ])('says so where the vendor said nothing readable: %s', (_, body) => {
    expect(decode(body, 502).message).toBe('The provider answered 502 without a message.');
  });

  test('holds a page of text to what a message can bear', () => {
    expect(decode('x'.repeat(10_000)).message).toHaveLength(500);
    const raw = 'x'.repeat(10_000);
    expect(decode({ error: { message: 'm', metadata: { raw } } }).message).toHaveLength(502);
  });

  test.each([
    [200, 429, 429],
    [200, '503', 503],
    [200, 'rate_limited', undefined],
    [200, 200, undefined],
    [200, 1015, undefined],
    [400, 429, undefined],
  ])('under status %i the code %j is the status %j', (status, code, expected) => {
    expect(decode({ error: { message: 'm', code } }, status).status).toBe(expected);
  });
});
