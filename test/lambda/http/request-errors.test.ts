import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { completion, sendJson } from '../../support/fake-upstream.ts';
import { CHAT, errorOf, type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});

beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.answer = (_request, response) => sendJson(response, completion('Hi'));
});

afterAll(() => stage.stop());

describe('a header that is wrong', () => {
  const BAD: [string, string][] = [
    ['x-bt-use-cache', 'yes'],
    ['x-bt-use-cache', ''],
    ['x-bt-cache-ttl', 'soon'],
    ['x-bt-cache-ttl', '1.5'],
    ['x-bt-cache-ttl', ''],
    ['x-bt-cache-ttl', '1e3'],
    ['x-bt-stream-fmt', 'vercel-ai'],
    ['x-bt-stream-fmt', 'anything'],
    ['x-bt-endpoint-name', 'no-such-provider'],
    ['cache-control', 'max-age=soon'],
    ['cache-control', 'no-cache, max-age=-1'],
  ];

  test.each(BAD)('%s: %s is a 400 that names it', async (name, value) => {
    const response = await stage.chat({}, { headers: { [name]: value } });
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ param: name, type: 'invalid_request_error' });
    expect(error.message).toContain(name);
    expect(stage.upstream.received).toEqual([]);
  });

  test.each(BAD)('%s: %s is a 400 on the fallthrough too', async (name, value) => {
    const response = await stage.gateway.fetch('/files', { headers: { [name]: value } });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param: name });
    expect(stage.upstream.received).toEqual([]);
  });

  test.each([
    ['x-bt-use-cache', 'ALWAYS'],
    ['x-bt-use-cache', 'never'],
    ['x-bt-cache-ttl', '60'],
    ['x-bt-cache-ttl', '0'],
    ['x-bt-cache-ttl', '99999999'],
    ['x-bt-stream-fmt', 'openai'],
    ['x-bt-org-name', 'acme'],
    ['x-bt-parent', 'project_id:x'],
    ['cache-control', 'no-cache, no-store, max-age=60'],
    ['cache-control', 'no-transform'],
  ])('%s: %s is taken, and stays here', async (name, value) => {
    expect((await stage.chat({}, { headers: { [name]: value } })).status).toBe(200);
    expect(stage.upstream.received[0]?.headers[name]).toBeUndefined();
  });
});

describe('a body that is wrong', () => {
  test.each([
    ['half JSON', '{"model":'],
    ['nothing', ''],
    ['a list', '[]'],
    ['bytes that are no UTF-8', Buffer.of(0x7b, 0xff, 0x7d)],
  ])('is a 400: %s', async (_, body) => {
    for (const path of ['/chat/completions', '/completions', '/embeddings', '/auto']) {
      const response = await stage.gateway.fetch(path, { method: 'POST', body });
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: 'invalid_json', param: null });
    }
    expect(stage.upstream.received).toEqual([]);
  });

  test.each<[string, string, object]>([
    ['/chat/completions', 'model', { messages: CHAT.messages }],
    ['/chat/completions', 'messages', { model: 'm' }],
    ['/chat/completions', 'messages[1].role', { model: 'm', messages: [...CHAT.messages, {}] }],
    ['/chat/completions', 'messages[0].content', { model: 'm', messages: [{ role: 'user', content: 1 }] }],
    ['/chat/completions', 'stream', { ...CHAT, stream: 'yes' }],
    ['/completions', 'model', { prompt: 'Hi' }],
    ['/completions', 'stream', { model: 'm', prompt: 'Hi', stream: 1 }],
    ['/embeddings', 'model', { model: 7, input: 'Hi' }],
  ])('is a 400 that names the field: %s, %s', async (path, param, body) => {
    const response = await stage.gateway.post(path, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param, type: 'invalid_request_error' });
    expect(stage.upstream.received).toEqual([]);
  });

  test('is JSON whatever content-type says', async () => {
    const init = { method: 'POST', body: JSON.stringify(CHAT), headers: { 'content-type': 'text/plain' } };
    expect((await stage.gateway.fetch('/chat/completions', init)).status).toBe(200);
    expect(stage.upstream.received[0]?.headers['content-type']).toBe('application/json');
  });

  test.each(['/chat/completions', '/embeddings'])('of more than 100 MB is a 413: %s', async (path) => {
    const megabytes = Buffer.alloc(1024 * 1024, ' ');
    const body = new ReadableStream<Uint8Array>({ pull: (stream) => stream.enqueue(megabytes) });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    const response = await stage.gateway.fetch(path, init);
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toMatchObject({ code: 'request_too_large' });
  });
});

test('every error has a request id, and it is the one in the log', async () => {
  const response = await stage.chat({ messages: [] });
  const id = response.headers.get('x-request-id') ?? 'none';
  expect(stage.gateway.lines.filter((line) => line.includes(id))).toEqual([
    expect.stringMatching(/"refused".*"status":400.*"param":"messages"/),
  ]);
});
