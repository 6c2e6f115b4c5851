import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { as, counting, fresh, storedEntries, told } from '../../support/cache-calls.ts';
import { type Answer, sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ config: { models: { fast: 'openai/gpt-test' } } });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.answer = counting();
  stage.upstream.received.length = 0;
});

/** Answers each call with another value, so that one that was kept shows. */
function each(make: (call: number) => object): Answer {
  let calls = 0;
  return (_, response) => sendJson(response, make(++calls));
}

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  told(stage.gateway.post(path, body, as(LOCAL_KEY, headers)));

const raw = (body: string) =>
  told(
    stage.gateway.fetch('/chat/completions', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    }),
  );

const vector = (call: number) => ({
  object: 'list',
  model: 'embedding-test',
  data: [{ object: 'embedding', index: 0, embedding: [call, 2] }],
  usage: { prompt_tokens: 2, total_tokens: 2 },
});

describe('the routes that are cached', () => {
  test.each([
    ['/embeddings', { model: 'embedding-test', input: 'text' }, vector],
    ['/moderations', { input: 'text' }, (call: number) => ({ id: `m${call}`, results: [{}] })],
    [
      '/completions',
      { model: 'gpt-3.5-turbo-instruct', prompt: 'text', temperature: 0 },
      (call: number) => ({ object: 'text_completion', choices: [{ index: 0, text: `${call}` }] }),
    ],
    ['/chat/completions', { model: 'gpt-test', ...fresh() }, undefined],
    ['/auto', { model: 'gpt-test', ...fresh() }, undefined],
    [
      '/auto',
      { model: 'gpt-3.5-turbo-instruct', prompt: 'another', temperature: 0 },
      (call: number) => ({ object: 'text_completion', choices: [{ index: 0, text: `${call}` }] }),
    ],
  ])('%s of %j', async (path, body, make) => {
    if (make) stage.answer = each(make);
    const first = await post(path, body);
    expect(first.cached).toBe('MISS');
    expect(await post(path, body)).toEqual({ cached: 'HIT', text: first.text });
    expect(stage.upstream.received).toHaveLength(1);
  });

  test('embeddings and moderations obey never and always say what they did', async () => {
    stage.answer = each(vector);
    const body = { model: 'embedding-test', input: 'never kept' };
    expect((await post('/embeddings', body, { 'x-bt-use-cache': 'never' })).cached).toBe('MISS');
    expect((await post('/embeddings', body)).cached).toBe('MISS');
    expect((await post('/embeddings', body, { 'x-bt-use-cache': 'never' })).cached).toBe('MISS');
    expect(stage.upstream.received).toHaveLength(3);
  });

  test('auto and the route that it chose are one', async () => {
    const body = { model: 'gpt-test', ...fresh() };
    const first = await post('/auto', body);
    expect(await post('/chat/completions', body)).toEqual({ cached: 'HIT', text: first.text });
  });

  test('stand under every base path', async () => {
    const body = { model: 'gpt-test', ...fresh() };
    const first = await post('/chat/completions', body);
    const other = await fetch(`${stage.gateway.url.replace('/v1', '/v1/proxy')}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json' },
    });
    expect(await told(other)).toEqual({ cached: 'HIT', text: first.text });
  });
});

describe('the fallthrough', () => {
  test.each([
    ['/responses', { model: 'gpt-test', input: 'x', temperature: 0 }],
    ['/images/generations', { model: 'image-test', prompt: 'x' }],
    ['/chat/completions/', { model: 'gpt-test', ...fresh() }],
    ['/rerank', { model: 'rerank-test', seed: 0 }],
  ])('%s is never cached, even with always', async (path, body) => {
    stage.answer = each((call) => ({ id: `raw-${call}` }));
    const key = await stage.gateway.addKey();
    const asked = () =>
      stage.gateway.post(path, body, as(key, { 'x-bt-use-cache': 'always', 'x-bt-cache-ttl': '60' }));
    const [first, second] = [await asked(), await asked()];
    expect(await first.text()).not.toBe(await second.text());
    for (const { headers } of [first, second]) {
      expect(headers.get('x-bt-cached')).not.toBe('HIT');
      expect(headers.get('cache-control')).toBeNull();
    }
    expect(stage.upstream.received).toHaveLength(2);
    expect(await storedEntries(stage.gateway, key)).toEqual([]);
  });
});

describe('the same request', () => {
  test('may be spaced and ordered otherwise', async () => {
    const first = await raw(
      '{"model":"gpt-test","seed":1,"messages":[{"role":"user","content":"Spaced","name":"n"}]}',
    );
    expect(first.cached).toBe('MISS');
    const again = await raw(
      '\n{ "messages" : [ {"name": "n",\t"content": "Spaced", "role": "user"} ],\r\n"seed": 1 , "model": "gpt-test" } ',
    );
    expect(again).toEqual({ cached: 'HIT', text: first.text });
  });

  test('may name its model by an alias or with its provider', async () => {
    const body = fresh();
    const first = await post('/chat/completions', { ...body, model: 'fast' });
    for (const model of ['gpt-test', 'openai/gpt-test'])
      expect(await post('/chat/completions', { ...body, model })).toEqual({
        cached: 'HIT',
        text: first.text,
      });
  });

  test('may come from another user, another client and another trace', async () => {
    const body = { model: 'gpt-test', ...fresh() };
    const first = await post('/chat/completions', body);
    const headers = {
      'x-stainless-lang': 'js',
      traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
      'idempotency-key': 'once',
    };
    const again = await post('/chat/completions', { ...body, user: 'another' }, headers);
    expect(again).toEqual({ cached: 'HIT', text: first.text });
  });
});

describe('another request', () => {
  test.each<[string, object, Record<string, string>]>([
    ['text', { messages: [{ role: 'user', content: 'Other' }] }, {}],
    ['spaces inside a text', { messages: [{ role: 'user', content: 'The  one' }] }, {}],
    ['model', { model: 'gpt-other' }, {}],
    ['seed', { seed: 2 }, {}],
    ['unknown field', { vendor_field: true }, {}],
    ['answer format', { response_format: { type: 'json_object' } }, {}],
    ['order of a list', { stop: ['b', 'a'] }, {}],
    ['OpenAI-Beta', {}, { 'openai-beta': 'other' }],
  ])('differs in its %s', async (_, more, headers) => {
    const body = {
      model: 'gpt-test',
      seed: 1,
      stop: ['a', 'b'],
      messages: [{ role: 'user', content: 'The one' }],
    };
    await post('/chat/completions', body);
    expect((await post('/chat/completions', body)).cached).toBe('HIT');
    const other = await post('/chat/completions', { ...body, ...more }, headers);
    expect(other.cached).toBe('MISS');
  });

  test('differs in a seed with more digits than JavaScript holds', async () => {
    const body = (seed: string) =>
      `{"model":"gpt-test","seed":${seed},"messages":[{"role":"user","content":"Digits"}]}`;
    expect((await raw(body('9007199254740993'))).cached).toBe('MISS');
    expect((await raw(body('9007199254740992'))).cached).toBe('MISS');
    expect((await raw(body('9007199254740993'))).cached).toBe('HIT');
  });
});
