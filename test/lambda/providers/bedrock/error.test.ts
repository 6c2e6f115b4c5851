import { decodeError } from '../../../../lambda/providers/bedrock/error.ts';

describe('an error of Bedrock', () => {
  test.each([
    [
      400,
      '{"message":"Bad.","__type":"ValidationException"}',
      { status: 400, code: 'ValidationException', message: 'Bad.' },
    ],
    [429, '{"message":"Slow."}', { code: null, message: 'Slow.' }],
    [
      400,
      '{"__type":"com.amazon.coral.service#ThrottlingException","Message":"Slow."}',
      { status: 429, message: 'Slow.' },
    ],
    [400, '{"message":"Quota.","__type":"ServiceQuotaExceededException"}', { status: 429 }],
    [408, '{"message":"Slow.","__type":"ModelTimeoutException"}', { status: 408 }],
    [403, '{"Message":"User is not authorized"}', { message: 'User is not authorized' }],
    [
      400,
      '{"__type":"ExpiredTokenException:http://internal.amazon.com/coral/","message":"Old."}',
      { status: 403, code: 'ExpiredTokenException' },
    ],
    [424, '{"message":"Broke.","__type":"ModelErrorException"}', { status: 502 }],
    [424, '{"message":"Broke.","originalStatusCode":429,"__type":"ModelErrorException"}', { status: 429 }],
    [424, '{"message":"Broke."}', { status: 502 }],
    [
      200,
      '{"__type":"modelStreamErrorException","message":"Broke.","originalStatusCode":400}',
      { status: 400 },
    ],
    [200, '{"__type":"throttlingException","message":"Slow."}', { status: 429 }],
    [400, '{"message":"Input is too long for requested model."}', { code: 'context_length_exceeded' }],
    [502, '<html>Bad gateway</html>', { message: 'The provider answered 502 without a message.' }],
    [500, 'Oh no', { message: 'Oh no' }],
    [503, '', { message: 'The provider answered 503 without a message.' }],
    [500, '[]', { message: '[]' }],
    [418, '{"message":"New.","__type":"TeapotException"}', { code: 'TeapotException', message: 'New.' }],
  ])('%d %s', (status, body, expected) => {
    expect(decodeError(status, body)).toMatchObject(expected);
  });

  test('leaves the status to HTTP where the body tells none', () => {
    expect(decodeError(429, '{"message":"Slow."}')).not.toHaveProperty('status');
    expect(decodeError(418, '{"message":"x","__type":"TeapotException"}')).not.toHaveProperty('status');
  });
});
