import { describe, expect, test } from '@jest/globals';
import { functionUrlEvent, restEvent } from './lambda-events.ts';

/** The request of hotsock/voker's probe; the answers below are what AWS made of it. */
const probe = {
  method: 'POST',
  target:
    '/capture/space%20value?repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&literalPlus=a+b&encodedPlus=a%2Bb&empty=',
  headers: [
    ['Host', '127.0.0.1:8787'],
    ['Connection', 'keep-alive'],
    ['accept', '*/*'],
    ['Content-Type', 'application/json'],
    ['Content-Length', '16'],
    ['user-agent', 'curl/8.7.1'],
    ['cookie', 'session=abc123; theme=dark'],
    ['X-Probe', 'first'],
    ['x-probe', 'second'],
  ],
  body: Buffer.from('{"u":"lambda-λ"}'),
} as const;

describe('functionUrlEvent', () => {
  const event = functionUrlEvent(probe);

  test('keeps path and query as sent and decodes only the parsed copies', () => {
    expect(event.rawPath).toBe('/capture/space%20value');
    expect(event.requestContext.http.path).toBe('/capture/space value');
    expect(`/capture/space%20value?${event.rawQueryString}`).toBe(probe.target);
    expect(event.queryStringParameters).toEqual({
      repeat: 'one,two',
      redirect: 'https://example.com/a/b',
      literalPlus: 'a b',
      encodedPlus: 'a+b',
      empty: '',
    });
  });

  test.each(['/a%2Fb', '/a%3Fb', '/percent%25', '/literal%252F', '/%zz'])('path %s', (path) => {
    expect(functionUrlEvent({ method: 'GET', target: path })).toMatchObject({
      rawPath: path,
      rawQueryString: '',
    });
  });

  test('joins repeated headers with a comma, in lower case, and drops what belongs to the connection', () => {
    expect(event.headers).toMatchObject({
      accept: '*/*',
      'content-length': '16',
      'user-agent': 'curl/8.7.1',
      'x-probe': 'first,second',
      'x-forwarded-for': '203.0.113.7',
      host: event.requestContext.domainName,
    });
    expect(event.headers).not.toHaveProperty('connection');
    expect(Object.keys(event.headers)).toEqual(Object.keys(event.headers).map((name) => name.toLowerCase()));
  });

  test('has the cookies twice', () => {
    expect(event.cookies).toEqual(['session=abc123', 'theme=dark']);
    expect(event.headers.cookie).toBe('session=abc123; theme=dark');
  });

  test('leaves out what a plain GET does not have', () => {
    const bare = functionUrlEvent({
      method: 'GET',
      target: '/',
      headers: { 'content-type': 'application/json' },
    });
    for (const absent of ['body', 'cookies', 'queryStringParameters'])
      expect(bare).not.toHaveProperty(absent);
    expect(bare.isBase64Encoded).toBe(false);
  });

  test.each([
    ['application/json; charset=utf-8', false],
    ['text/csv', false],
    ['application/x-www-form-urlencoded', true],
    ['multipart/form-data; boundary=x', true],
    ['audio/mpeg', true],
    ['', true],
  ])('a body of type "%s" is base64: %s', (type, base64) => {
    const { body, isBase64Encoded } = functionUrlEvent({ ...probe, headers: { 'content-type': type } });
    expect(isBase64Encoded).toBe(base64);
    expect(body).toBe(base64 ? probe.body.toString('base64') : '{"u":"lambda-λ"}');
  });
});

describe('restEvent', () => {
  const event = restEvent(probe, { stage: 'live' });

  test('keeps the path as sent, with the stage only in the context', () => {
    expect(event.path).toBe('/capture/space%20value');
    expect(event.requestContext.path).toBe('/live/capture/space%20value');
    expect(event.pathParameters).toEqual({ proxy: 'capture/space%20value' });
    expect(event).toMatchObject({ resource: '/{proxy+}', httpMethod: 'POST', stageVariables: null });
    expect(restEvent({ method: 'GET', target: '/' })).toMatchObject({ resource: '/', pathParameters: null });
  });

  test('has the query decoded only: all values, and the last ones', () => {
    expect(event.multiValueQueryStringParameters).toEqual({
      repeat: ['one', 'two'],
      redirect: ['https://example.com/a/b'],
      literalPlus: ['a b'],
      encodedPlus: ['a+b'],
      empty: [''],
    });
    expect(event.queryStringParameters).toMatchObject({ repeat: 'two', empty: '' });
    const bare = restEvent({ method: 'GET', target: '/x' });
    expect(bare).toMatchObject({
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      body: null,
    });
  });

  test("keeps the client's case, but for the headers that API Gateway writes itself", () => {
    expect(event.multiValueHeaders).toMatchObject({
      accept: ['*/*'],
      'Content-Type': ['application/json'],
      'User-Agent': ['curl/8.7.1'],
      'X-Probe': ['first', 'second'],
      'X-Forwarded-Proto': ['https'],
      Host: [event.requestContext.domainName],
    });
    expect(event.headers['X-Probe']).toBe('second');
    expect(Object.keys(event.headers)).not.toContain('Content-Length');
  });

  test('base64 is for the media types that the API declares binary', () => {
    expect(event).toMatchObject({ isBase64Encoded: false, body: '{"u":"lambda-λ"}' });
    const audio = { ...probe, headers: { 'content-type': 'audio/mpeg' } };
    expect(restEvent(audio)).toMatchObject({ isBase64Encoded: true, body: probe.body.toString('base64') });
    expect(restEvent(audio, { binaryMediaTypes: [] })).toMatchObject({ isBase64Encoded: false });
    expect(restEvent(probe, { binaryMediaTypes: ['*/*'] })).toMatchObject({ isBase64Encoded: true });
  });
});
