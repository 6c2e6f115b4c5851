import { describe, expect, test } from '@jest/globals';
import { decodeError } from '../../../../lambda/providers/anthropic/error.ts';

const wire = (type: string, message = 'm', details?: object) =>
  JSON.stringify({
    type: 'error',
    error: { type, message, ...(details ? { details } : {}) },
    request_id: 'req_1',
  });

describe('an error of the vendor’s', () => {
  test('its message and its type are kept', () => {
    expect(decodeError(400, wire('invalid_request_error', 'max_tokens: too large'))).toEqual({
      message: 'max_tokens: too large',
      type: 'invalid_request_error',
      code: null,
    });
  });

  test('the status of its answer is left to tell', () => {
    expect(decodeError(529, wire('overloaded_error'))).not.toHaveProperty('status');
  });

  test.each([
    ['invalid_request_error', 400],
    ['authentication_error', 401],
    ['billing_error', 402],
    ['permission_error', 403],
    ['not_found_error', 404],
    ['request_too_large', 413],
    ['rate_limit_error', 429],
    ['api_error', 500],
    ['timeout_error', 504],
    ['overloaded_error', 529],
    ['error_of_tomorrow', 500],
  ])('in a stream %s has the status %i', (type, status) => {
    expect(decodeError(200, wire(type)).status).toBe(status);
  });

  test('its code for programs is kept', () => {
    expect(
      decodeError(400, wire('invalid_request_error', 'm', { error_code: 'thread_not_found' })).code,
    ).toBe('thread_not_found');
  });

  test('a prompt that is too long has OpenAI’s code for it', () => {
    const message = 'prompt is too long: 213462 tokens > 200000 maximum';
    expect(decodeError(400, wire('invalid_request_error', message)).code).toBe('context_length_exceeded');
  });

  test.each([
    ['AWS', '{"message":"The security token is invalid."}', 'The security token is invalid.'],
    ['Google', '{"error":{"code":403,"message":"Denied.","status":"PERMISSION_DENIED"}}', 'Denied.'],
    ['Google, in a list', '[{"error":{"code":404,"message":"No such model."}}]', 'No such model.'],
    ['plain text', 'upstream connect error', 'upstream connect error'],
    ['HTML', '<html><body>502</body></html>', 'The provider answered 502 without a message.'],
    ['nothing', '', 'The provider answered 502 without a message.'],
  ])('the form of %s is read too', (_name, body, message) => {
    expect(decodeError(502, body).message).toBe(message);
  });
});
