import { describe, expect, test } from '@jest/globals';
import { GatewayError, RateLimit } from '../../../../lambda/errors.ts';
import type { Principal } from '../../../../lambda/gateway/request/principal.ts';
import { ExchangeFailure } from '../../../../lambda/gateway/upstream/exchange.ts';
import {
  connectionError,
  retryAfterSeconds,
  upstreamError,
  vendorError,
} from '../../../../lambda/gateway/upstream/upstream-error.ts';
import { createRegistry } from '../../../../lambda/providers/index.ts';
import type { ProviderKey, Route, VendorError } from '../../../../lambda/providers/provider.ts';
import { BodyFailure } from '../../../../lambda/streams/body-reader.ts';

const gatewayKey: Principal = { kind: 'gateway-key', id: 'caller' };
const providerKey: Principal = { kind: 'provider-key', id: 'caller', apiKey: 'callers-own-key' };

async function routeWith(key: ProviderKey): Promise<Route> {
  const provider = await createRegistry([]).get('openai')?.load('m');
  if (provider === undefined) throw new Error('no provider');
  return { provider, model: 'm', key };
}

const R = '[redacted]';

interface Case {
  status: number;
  headers?: Record<string, string>;
  vendor?: Partial<VendorError>;
  principal?: Principal;
  key?: ProviderKey;
}

async function errorFor({ status, headers = {}, vendor, principal = gatewayKey, key }: Case) {
  const route = await routeWith(key ?? { apiKey: 'operators-key' });
  return upstreamError(route, { status, headers }, { message: 'no', ...vendor }, principal);
}

describe('a provider’s status', () => {
  test.each([
    [400, 400],
    [404, 404],
    [413, 413],
    [422, 422],
    [429, 429],
    [402, 502],
    [405, 400],
    [408, 504],
    [409, 400],
    [415, 400],
    [451, 400],
    [500, 502],
    [501, 502],
    [502, 502],
    [503, 503],
    [504, 504],
    [520, 502],
    [524, 504],
    [529, 503],
    [200, 502],
    [302, 502],
  ])('%i is %i to the caller', async (status, expected) => {
    const error = await errorFor({ status });
    expect(error).toMatchObject({ name: 'Upstream', status: expected, message: 'no', code: null });
  });

  test.each([401, 403])('%i to a key of the operator’s is 502, and says whose key it was', async (status) => {
    const error = await errorFor({ status, vendor: { code: 'invalid_api_key' } });
    expect(error).toMatchObject({ status: 502, code: 'provider_auth', type: 'upstream_error' });
    expect(error.message).toBe(`The provider openai refused the gateway's key for it (${status}): no`);
  });

  test.each([
    [401, 'authentication_error', 'invalid_api_key'],
    [403, 'permission_error', null],
  ])('%i to the caller’s own key stays what it is', async (status, type, code) => {
    const error = await errorFor({ status, principal: providerKey });
    expect(error).toMatchObject({ status, type, code, message: 'no' });
  });

  test('that the vendor tells in the body comes before the one of HTTP', async () => {
    expect(await errorFor({ status: 200, vendor: { status: 429 } })).toMatchObject({ status: 429 });
    expect(await errorFor({ status: 400, vendor: { status: 401 } })).toMatchObject({ code: 'provider_auth' });
  });
});

describe('the error for the caller', () => {
  test.each([
    [400, 'invalid_request_error'],
    [429, 'rate_limit_error'],
    [503, 'upstream_error'],
  ])('of %i has a type where the vendor tells none', async (status, type) => {
    expect(await errorFor({ status })).toMatchObject({ type });
    expect(await errorFor({ status, vendor: { type: 'its_own' } })).toMatchObject({ type: 'its_own' });
  });

  test('keeps the vendor’s code and field', async () => {
    const error = await errorFor({ status: 400, vendor: { code: 'bad', param: 'messages[0]' } });
    expect(error.toBody().error).toMatchObject({ code: 'bad', param: 'messages[0]' });
  });

  test('holds no key, neither the one in use nor one that looks like it', async () => {
    const vendor = { message: 'Wrong key: operators-key or sk-proj-nobody', code: 'sk-proj-nobody' };
    const { error } = (await errorFor({ status: 400, vendor })).toBody();
    expect(error.message).toBe('Wrong key: [redacted] or [redacted]');
    expect(error.code).toBe('[redacted]');
  });

  test('keeps what stands beside a key and is no secret', async () => {
    const key = { apiKey: 'operators-key', region: 'us-east-1', apiVersion: '2024-10-21' };
    const message = 'No 2024-10-21 in us-east-1';
    expect((await errorFor({ status: 400, vendor: { message }, key })).message).toBe(message);
  });

  test('is read from a body without the key, wherever in it the vendor quotes it', async () => {
    const route = await routeWith({ apiKey: 'operators-key', secretAccessKey: 'operators-secret' });
    const quoted = { message: 'operators-key', type: 'operators-secret', param: 'operators-key' };
    const error = vendorError(route, 400, JSON.stringify({ error: { ...quoted, code: 'operators-key' } }));
    expect(error).toEqual({ message: R, type: R, param: R, code: R });
  });

  test('says which provider it was where the vendor said nothing', async () => {
    expect((await errorFor({ status: 500, vendor: { message: '' } })).message).toBe('openai answered 500.');
  });

  test('has the vendor’s request id and limits, and no other header of the vendor’s', async () => {
    const headers = {
      'x-request-id': 'req_1',
      'x-ratelimit-remaining-tokens': '0',
      'anthropic-ratelimit-requests-reset': 'soon',
      'openai-organization': 'the-operators',
      'set-cookie': 'a=b',
      server: 'x',
    };
    expect((await errorFor({ status: 500, headers })).headers).toEqual({
      'x-upstream-request-id': 'req_1',
      'x-ratelimit-remaining-tokens': '0',
      'anthropic-ratelimit-requests-reset': 'soon',
    });
  });

  test.each(['x-request-id', 'request-id', 'x-amzn-requestid', 'apim-request-id', 'cf-ray'])(
    'finds the vendor’s request id in %s',
    async (name) => {
      const error = await errorFor({ status: 401, headers: { [name]: 'id' } });
      expect(error.headers['x-upstream-request-id']).toBe('id');
    },
  );

  test.each<[string, Case, string]>([
    ['the header', { status: 429, headers: { 'retry-after': '7' } }, '7'],
    [
      'the body before the header',
      { status: 429, headers: { 'retry-after': '7' }, vendor: { retryAfterSeconds: 3.2 } },
      '4',
    ],
    ['a second, where a 429 tells nothing', { status: 429 }, '1'],
    ['the header of a 503', { status: 503, headers: { 'retry-after-ms': '1500' } }, '2'],
  ])('says how long to wait: %s', async (_, given, expected) => {
    expect((await errorFor(given)).headers['retry-after']).toBe(expected);
  });

  test('says nothing of waiting where there is nothing to say', async () => {
    expect((await errorFor({ status: 400 })).headers).toEqual({});
  });
});

describe('retryAfterSeconds', () => {
  test.each<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ 'retry-after': '30' }, 30],
    [{ 'retry-after': '0.5' }, 0.5],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after-ms': '250' }, 0.25],
    [{ 'retry-after-ms': '250', 'retry-after': '30' }, 0.25],
    [{ 'retry-after-ms': 'soon', 'retry-after': '30' }, 30],
    [{ 'retry-after-ms': '', 'retry-after': '30' }, 30],
    [{ 'retry-after': '' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{ 'retry-after': 'Infinity' }, undefined],
    [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
  ])('%j is %p', (headers, expected) => {
    expect(retryAfterSeconds(headers)).toBe(expected);
  });

  test('a date to come is told as what is left until then', () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const seconds = retryAfterSeconds({ 'retry-after': date });
    expect(seconds).toBeGreaterThan(3_000);
    expect(seconds).toBeLessThanOrEqual(3_600);
  });
});

describe('connectionError', () => {
  test.each<[string, unknown, number, string, RegExp]>([
    [
      'no connection',
      new ExchangeFailure('connect', false),
      502,
      'upstream_unreachable',
      /could not be reached/,
    ],
    ['a broken exchange', new ExchangeFailure('reset', true), 502, 'upstream_reset', /broke the connection/],
    ['a broken answer', new BodyFailure('reset'), 502, 'upstream_reset', /broke the connection/],
    [
      'silence before the answer',
      new ExchangeFailure('timeout', true),
      504,
      'upstream_timeout',
      /sent nothing/,
    ],
    ['silence in the answer', new BodyFailure('timeout'), 504, 'upstream_timeout', /sent nothing/],
    ['anything else', new TypeError('with details'), 502, 'upstream_failed', /failed\.$/],
  ])('%s has its status, its code, and the provider’s name alone', (_, failure, status, code, message) => {
    const error = connectionError('groq', failure);
    expect(error).toMatchObject({ status, code, message: expect.stringMatching(message) });
    expect(error.message).toContain('groq');
    expect(error.message).not.toContain('details');
    expect(error.cause).toBe(failure);
  });

  test('an error that is the gateway’s own goes on as it is', () => {
    const error: GatewayError = new RateLimit('slow down', 1);
    expect(connectionError('groq', error)).toBe(error);
    expect(error).toBeInstanceOf(GatewayError);
  });
});
