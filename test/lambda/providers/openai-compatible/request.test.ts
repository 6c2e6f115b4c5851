import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { vendorNamed } from '../../../../lambda/providers/catalog.ts';
import { createProvider } from '../../../../lambda/providers/openai-compatible/index.ts';
import type { Call, UpstreamRequest } from '../../../../lambda/providers/provider.ts';
import type { CompatibleVendor } from '../../../../lambda/providers/vendor.ts';

/** A vendor of no peculiarities but those that a test gives it. */
function vendor(more: Partial<CompatibleVendor> = {}): CompatibleVendor {
  const base = {
    name: 'plain',
    baseUrl: 'https://plain.test/v1',
    auth: 'bearer',
    listsModels: true,
  } as const;
  return { ...base, keyVariables: [], baseUrlVariables: [], includeUsage: true, page: '', ...more };
}

/** A call as the caller sent it: `text` is its very bytes. */
function callOf(text: string, more: Partial<Call> = {}): Call {
  const body = JSON.parse(text) as JsonObject;
  const stream = body.stream === true;
  return { operation: 'chat', body, bytes: Buffer.from(text), stream, headers: {}, ...more };
}

function encode(call: Call, to = vendor(), model = 'm'): UpstreamRequest {
  const provider = createProvider(to, { name: to.name, kind: to.name });
  return provider.encodeRequest(call, { provider, model, key: { apiKey: 'k' } });
}

function bodyOf(text: string, to = vendor(), model = 'm'): JsonObject {
  return JSON.parse(Buffer.from(encode(callOf(text), to, model).body as Uint8Array).toString()) as JsonObject;
}

describe('the body', () => {
  test.each([
    ['odd spacing', '{ "model":"m" ,\n "messages" : [] }'],
    ['a number that JavaScript can not hold', '{"model":"m","seed":12345678901234567890,"messages":[]}'],
    [
      'escapes and a name given twice',
      '{"model":"m","user":"\\u00e9\\ud83d\\ude00","messages":[],"messages":[]}',
    ],
    ['a stream that asks for usage', '{"model":"m","stream":true,"stream_options":{"include_usage":true}}'],
  ])('goes out byte for byte where nothing has to change: %s', (_, text) => {
    const call = callOf(text);
    expect(encode(call).body).toBe(call.bytes);
  });

  test('names the model as the vendor does, and keeps everything else', () => {
    const text =
      '{"model":"fast","messages":[{"role":"user","content":"Hi"}],"temperature":0,"unknown":{"a":[1]}}';
    expect(bodyOf(text, vendor(), 'vendor/model')).toEqual({ ...JSON.parse(text), model: 'vendor/model' });
  });

  test('loses the gateway’s own fields', () => {
    const text = '{"model":"m","reasoning_enabled":true,"reasoning_budget":1,"use_cache":false,"top_p":1}';
    expect(bodyOf(text)).toEqual({ model: 'm', top_p: 1 });
  });

  test('loses what the vendor refuses, null too', () => {
    const to = vendor({ refusedFields: ['user', 'store', 'absent'] });
    expect(bodyOf('{"model":"m","user":"u","store":null,"top_p":1}', to)).toEqual({ model: 'm', top_p: 1 });
  });

  const renames = vendor({ renamedFields: { max_completion_tokens: 'max_tokens' } });
  test.each([
    ['takes the vendor’s name for a field', '{"model":"m","max_completion_tokens":5}', 5],
    [
      'keeps what stands under the vendor’s name already',
      '{"model":"m","max_completion_tokens":5,"max_tokens":6}',
      6,
    ],
    [
      'takes the value where null stands under the vendor’s name',
      '{"model":"m","max_completion_tokens":5,"max_tokens":null}',
      5,
    ],
  ])('%s', (_, text, limit) => {
    expect(bodyOf(text, renames)).toEqual({ model: 'm', max_tokens: limit });
  });

  test('is made anew each time: the call stays as it was', () => {
    const call = callOf('{"model":"fast","stream":true,"user":"u"}');
    encode(call, vendor({ refusedFields: ['user'] }));
    expect(call.body).toEqual({ model: 'fast', stream: true, user: 'u' });
  });

  test('of Mistral has its names and none of the fields it refuses', () => {
    const mistral = vendorNamed('mistral');
    const text =
      '{"model":"m","seed":1,"max_completion_tokens":5,"user":"u","stream":true,"stream_options":{"include_usage":true}}';
    expect(bodyOf(text, mistral)).toEqual({ model: 'm', random_seed: 1, max_tokens: 5, stream: true });
  });
});

describe('the usage of a stream', () => {
  const added = (text: string, more: Partial<Call> = {}, to = vendor()) => {
    const provider = createProvider(to, { name: 'plain', kind: 'plain' });
    const call = callOf(text, more);
    const route = { provider, model: 'm', key: {} };
    const request = provider.encodeRequest(call, route);
    const body = JSON.parse(Buffer.from(request.body as Uint8Array).toString()) as JsonObject;
    const dropped = provider.answer.kind === 'relay' && provider.answer.addsUsageChunk(call, route);
    return { options: body.stream_options, dropped };
  };

  test.each([
    ['the caller says nothing', '{"model":"m","stream":true}', { include_usage: true }],
    ['the caller says null', '{"model":"m","stream":true,"stream_options":null}', { include_usage: true }],
    [
      'the caller wants something else',
      '{"model":"m","stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false}}',
      { include_usage: true, include_obfuscation: false },
    ],
  ])('is asked for, and taken out again, where %s', (_, text, options) => {
    expect(added(text)).toEqual({ options, dropped: true });
  });

  test('is left in where the caller asked for it', () => {
    const text = '{"model":"m","stream":true,"stream_options":{"include_usage":true}}';
    expect(added(text)).toEqual({ options: { include_usage: true }, dropped: false });
  });

  test.each<[string, string, Partial<Call>, CompatibleVendor]>([
    [
      'of a vendor that does not know the question',
      '{"model":"m","stream":true}',
      {},
      vendor({ includeUsage: false }),
    ],
    ['of an answer that is no stream', '{"model":"m"}', {}, vendor()],
    ['of embeddings', '{"model":"m","stream":true}', { operation: 'embeddings' }, vendor()],
  ])('is not asked for: %s', (_, text, more, to) => {
    expect(added(text, more, to)).toEqual({ options: undefined, dropped: false });
  });
});

describe('the request', () => {
  test.each([
    ['chat', 'https://plain.test/v1/chat/completions'],
    ['completions', 'https://plain.test/v1/completions'],
    ['embeddings', 'https://plain.test/v1/embeddings'],
  ] as const)('of %s goes to %s', (operation, url) => {
    expect(encode(callOf('{"model":"m"}', { operation }))).toMatchObject({ method: 'POST', url });
  });

  test('asks for no compression and takes what it can read', () => {
    const { headers } = encode(callOf('{"model":"m"}'));
    expect(headers).toEqual({
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
    });
    expect(encode(callOf('{"model":"m","stream":true}')).headers.accept).toBe('text/event-stream');
  });

  test('carries the caller’s forwarded headers, and the operator’s above those', () => {
    const to = vendor();
    const settings = { name: 'plain', kind: 'plain', headers: { 'x-team': 'ops', 'openai-beta': 'ops' } };
    const provider = createProvider(to, settings);
    const call = callOf('{"model":"m"}', { headers: { 'openai-beta': 'mine', 'idempotency-key': 'i' } });
    const { headers } = provider.encodeRequest(call, { provider, model: 'm', key: {} });
    expect(headers).toMatchObject({ 'x-team': 'ops', 'openai-beta': 'ops', 'idempotency-key': 'i' });
    const raw = { method: 'GET', target: '/files', headers: { 'openai-beta': 'mine' }, body: null };
    expect(provider.encodeRaw(raw, {}).headers).toEqual({ 'x-team': 'ops', 'openai-beta': 'ops' });
  });

  test.each([
    ['bearer', { authorization: 'Bearer k' }],
    ['api-key', { 'api-key': 'k' }],
  ] as const)('has its key as %s', async (auth, expected) => {
    const to = vendor({ auth });
    const provider = createProvider(to, { name: 'plain', kind: 'plain' });
    const request = { method: 'GET', url: 'https://plain.test', headers: { accept: 'a/b' }, body: null };
    const authorized = await provider.authorize(request, { apiKey: 'k' });
    expect(authorized.headers).toEqual({ accept: 'a/b', ...expected });
    expect(request.headers).toEqual({ accept: 'a/b' });
    expect((await provider.authorize(request, {})).headers).toEqual({ accept: 'a/b' });
  });
});
