import { describe, expect, test } from '@jest/globals';
import { decodeError } from '../../../../lambda/providers/gemini/error.ts';

function error(fields: object): string {
  return JSON.stringify({ error: { code: 400, message: 'No', status: 'INVALID_ARGUMENT', ...fields } });
}

describe('An error of Google’s', () => {
  test('keeps its message and its name', () => {
    expect(decodeError(400, error({}))).toEqual({ message: 'No', code: 'INVALID_ARGUMENT', param: null });
  });

  test('is the same in a list', () => {
    expect(decodeError(400, `[${error({})}]`)).toEqual(decodeError(400, error({})));
  });

  test('names the field that it is about', () => {
    const details = [
      { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: 'contents[0]' }] },
    ];
    expect(decodeError(400, error({ details })).param).toBe('contents[0]');
  });

  test('for a bad key is no fault of the request', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }];
    expect(decodeError(400, error({ details }))).toMatchObject({ status: 401, code: 'API_KEY_INVALID' });
  });

  test('tells when to come again', () => {
    const details = [{ '@type': 'x.QuotaFailure' }, { '@type': 'x.RetryInfo', retryDelay: '34.4s' }];
    expect(decodeError(429, error({ code: 429, status: 'RESOURCE_EXHAUSTED', details }))).toEqual({
      message: 'No',
      code: 'RESOURCE_EXHAUSTED',
      param: null,
      retryAfterSeconds: 34.4,
    });
  });

  test('in a stream or under a 200 has its true status', () => {
    expect(decodeError(200, error({ code: 503, status: 'UNAVAILABLE' })).status).toBe(503);
    expect(decodeError(200, error({ code: undefined, status: 'RESOURCE_EXHAUSTED' })).status).toBe(429);
    expect(decodeError(200, error({ code: undefined, status: 'toString' })).status).toBeUndefined();
  });

  test.each([
    ['', 'The provider answered 500 without a message.'],
    ['<html>Oops</html>', 'The provider answered 500 without a message.'],
    ['upstream connect error', 'upstream connect error'],
    ['{"error":', 'The provider answered 500 without a message.'],
    ['{"error":{}}', 'The provider answered 500 without a message.'],
    ['{"error":"invalid_grant","error_description":"Bad"}', 'Bad'],
    ['null', 'null'],
    ['[]', 'The provider answered 500 without a message.'],
  ])('that is %j has the message %j', (body, message) => {
    expect(decodeError(500, body).message).toBe(message);
  });

  test('with details of no known form is still read', () => {
    expect(decodeError(400, error({ details: 'x' })).message).toBe('No');
    expect(decodeError(400, error({ details: [null, 7, { fieldViolations: [] }] })).message).toBe('No');
  });
});
