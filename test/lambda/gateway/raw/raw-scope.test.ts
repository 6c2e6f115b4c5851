import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sendJson } from '../../../support/fake-upstream.ts';
import { errorOf, type Stage, startStage } from '../../../support/stage.ts';

let stage: Stage;
let key: string;
beforeAll(async () => {
  stage = await startStage({
    config: {
      models: { fast: ['openai/gpt-small', 'openai/gpt-large'], both: 'openai/gpt-large' },
      providers: { other: { kind: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1' } },
    },
  });
  key = await stage.gateway.addKey({ models: ['gpt-small', 'openai/gpt-tiny'] });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.answer = (_, response) => sendJson(response, { object: 'list', data: [], choices: [] });
});

const post = (
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  type = 'application/json',
  more: Record<string, string> = {},
) =>
  stage.gateway.fetch(path, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${key}`, 'content-type': type, ...more },
  });

/** The models that reached the provider, as any parser might read them. */
const seen = () => stage.upstream.received.map(({ body, url }) => `${url} ${body.toString('utf8')}`);

describe('on the model routes', () => {
  const chat = (model: string, more: Record<string, string> = {}) =>
    post(
      '/chat/completions',
      JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] }),
      undefined,
      more,
    );

  test.each(['gpt-small', 'openai/gpt-small', 'gpt-tiny', 'openai/gpt-tiny'])(
    '%s is allowed',
    async (model) => {
      expect((await chat(model)).status).toBe(200);
    },
  );

  test('an alias is narrowed to what is allowed of it', async () => {
    expect((await chat('fast')).status).toBe(200);
    expect(seen().join()).toContain('gpt-small');
    expect(seen().join()).not.toContain('gpt-large');
  });

  test.each([
    'gpt-large',
    'both',
    'GPT-SMALL',
    ' gpt-small',
    'gpt-small ',
    'openai/openai/gpt-small',
    'other/gpt-small',
    '__proto__',
  ])('%j is not', async (model) => {
    const refused = await chat(model);
    expect(refused.status).toBe(403);
    expect(await errorOf(refused)).toMatchObject({ param: 'model', code: 'model_not_allowed' });
    expect(seen()).toEqual([]);
  });

  test('a header leads nowhere else', async () => {
    expect((await chat('gpt-small', { 'x-bt-endpoint-name': 'other' })).status).toBe(403);
    expect(seen()).toEqual([]);
  });

  test.each([
    ['twice', '{"model":"gpt-small","messages":[{"role":"user","content":"x"}],"model":"gpt-large"}'],
    [
      'twice, the allowed one last',
      '{"model":"gpt-large","messages":[{"role":"user","content":"x"}],"model":"gpt-small"}',
    ],
    [
      'with an escape',
      '{"model":"gpt-small","messages":[{"role":"user","content":"x"}],"\\u006dodel":"gpt-large"}',
    ],
    [
      'in another case',
      '{"model":"gpt-small","messages":[{"role":"user","content":"x"}],"Model":"gpt-large"}',
    ],
    [
      'with white space',
      '{"model":"gpt-small","messages":[{"role":"user","content":"x"}],"model ":"gpt-large"}',
    ],
    [
      'and the messages too',
      '{"model":"gpt-small","messages":[{"role":"user","content":"x"}],"messages":[]}',
    ],
  ])('a field %s reaches nobody', async (_, body) => {
    expect((await post('/chat/completions', body)).status).toBe(400);
    expect(seen()).toEqual([]);
  });
});

describe('on the fallthrough', () => {
  test('the model that the body names decides', async () => {
    expect((await post('/responses', '{"model":"gpt-small","input":"x"}')).status).toBe(200);
    expect((await post('/responses', '{"model":"gpt-large","input":"x"}')).status).toBe(403);
    expect(seen()).toHaveLength(1);
  });

  test.each([
    ['no model', '/responses', '{"input":"x"}', 'application/json'],
    [
      'a tool’s other model',
      '/responses',
      '{"model":"gpt-small","tools":[{"type":"image_generation","model":"gpt-large"}]}',
      'application/json',
    ],
    ['a model in the query', '/responses?model=gpt-large', '{"model":"gpt-small"}', 'application/json'],
    [
      'a path with a model of its own',
      '/models/gpt-large:generateContent',
      '{"model":"gpt-small"}',
      'application/json',
    ],
    [
      'a path with a deployment',
      '/deployments/gpt-large/chat/completions',
      '{"model":"gpt-small"}',
      'application/json',
    ],
    ['stored requests', '/batches', '{"model":"gpt-small","input_file_id":"f"}', 'application/json'],
    ['an assistant', '/threads/t/runs', '{"model":"gpt-small","assistant_id":"a"}', 'application/json'],
    ['another charset', '/responses', '{"model":"gpt-small"}', 'application/json; charset=utf-16'],
    ['a text', '/responses', '{"model":"gpt-small"}', 'text/plain'],
    ['a list', '/responses', '[{"model":"gpt-small"}]', 'application/json'],
    ['a model that is no text', '/responses', '{"model":["gpt-small"]}', 'application/json'],
  ])('%s is a 403', async (_, path, body, type) => {
    expect((await post(path, body, type)).status).toBe(403);
    expect(seen()).toEqual([]);
  });

  test.each([
    '{"model":"gpt-small","model":"gpt-large"}',
    '{"model":"gpt-large","model":"gpt-small"}',
    '{"MODEL":"gpt-large","model":"gpt-small"}',
    '{"model":"gpt-small","\\u006dodel":"gpt-large"}',
    '{"model":"gpt-small","tools":[{"model":"gpt-small","Model":"gpt-large"}]}',
    '{"model":"gpt-small"',
  ])('%s reaches nobody', async (body) => {
    expect((await post('/responses', body)).status).toBe(400);
    expect(seen()).toEqual([]);
  });

  test('a compressed body can’t be looked into', async () => {
    const refused = await post('/responses', '{"model":"gpt-small"}', undefined, {
      'content-encoding': 'br',
    });
    expect(refused.status).toBe(403);
  });

  test.each(['GET', 'DELETE', 'PUT'])('%s names no model', async (method) => {
    const headers = { authorization: `Bearer ${key}` };
    expect((await stage.gateway.fetch('/files/f', { method, headers })).status).toBe(403);
    expect(seen()).toEqual([]);
  });

  const form = (...models: [name: string, value: string][]) => {
    const data = new FormData();
    for (const [name, value] of models) data.append(name, value);
    data.append('file', new Blob(['sound'], { type: 'audio/wav' }), 'a.wav');
    return new Response(data);
  };
  const send = async (made: Response) =>
    post(
      '/audio/transcriptions',
      new Uint8Array(await made.arrayBuffer()),
      made.headers.get('content-type') ?? '',
    );

  test('a form goes on as it was read', async () => {
    expect((await send(form(['model', 'gpt-small'], ['language', 'en']))).status).toBe(200);
    const [received] = stage.upstream.received;
    const read = await new Response(received?.body, {
      headers: { 'content-type': String(received?.headers['content-type']) },
    }).formData();
    expect(read.get('model')).toBe('gpt-small');
    expect(read.get('language')).toBe('en');
    const file = read.get('file') as File;
    expect([file.name, file.type, await file.text()]).toEqual(['a.wav', 'audio/wav', 'sound']);
  });

  test('a form with another model, two of them, or none reaches nobody', async () => {
    expect((await send(form(['model', 'gpt-large']))).status).toBe(403);
    expect((await send(form(['model', 'gpt-small'], ['model', 'gpt-large']))).status).toBe(400);
    expect((await send(form(['model', 'gpt-small'], ['MODEL', 'gpt-large']))).status).toBe(400);
    expect((await send(form())).status).toBe(403);
    expect(seen()).toEqual([]);
  });
});

test('GET /models shows what the caller may use, and no more', async () => {
  stage.answer = (_, response) =>
    sendJson(response, {
      object: 'list',
      data: [
        { id: 'gpt-small', object: 'model' },
        { id: 'gpt-large', object: 'model' },
      ],
    });
  const headers = { authorization: `Bearer ${key}` };
  const { data } = (await (await stage.gateway.fetch('/models', { headers })).json()) as {
    data: { id: string }[];
  };
  expect(data.map(({ id }) => id).sort()).toEqual(['fast', 'gpt-small', 'openai/gpt-tiny']);
  expect((await stage.gateway.fetch('/models/gpt-large', { headers })).status).toBe(404);
});
