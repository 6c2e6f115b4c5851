import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Answer, chatStream, chunk, completion, sendJson } from '../../../support/fake-upstream.ts';
import { brokenStream, errorOf, type Stage, startStage, streaming } from '../../../support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage({ config: { retries: { attempts: 1 } } });
});

beforeEach(() => {
  stage.upstream.received.length = 0;
});

afterAll(() => stage.stop());

const calls = () => stage.upstream.received.length;

const VENDOR_ERROR = {
  message: 'The vendor says no.',
  type: 'vendor_type',
  param: 'messages',
  code: 'vendor_code',
};

function refuse(
  status: number,
  body: unknown = { error: VENDOR_ERROR },
  headers: Record<string, string> = {},
): Answer {
  return (_request, response) => sendJson(response, body, status, headers);
}

describe('a status of the vendor’s', () => {
  test.each([400, 404, 413, 422, 429])('stays where it is the caller’s: %i', async (status) => {
    stage.answer = refuse(status);
    const response = await stage.chat();
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toEqual(VENDOR_ERROR);
  });

  test.each([
    [402, 502],
    [409, 400],
    [415, 400],
    [500, 502],
    [501, 502],
    [502, 502],
    [503, 503],
    [504, 504],
    [520, 502],
    [524, 504],
    [529, 503],
  ])('%i is %i for the caller, message and code kept', async (status, expected) => {
    stage.answer = refuse(status);
    const response = await stage.chat();
    expect(response.status).toBe(expected);
    expect(await errorOf(response)).toMatchObject({ message: 'The vendor says no.', code: 'vendor_code' });
  });

  test.each([401, 403])(
    '%i is a 502 with the code provider_auth: the caller’s key was fine',
    async (status) => {
      stage.answer = refuse(status);
      const response = await stage.chat();
      expect(response.status).toBe(502);
      const error = await errorOf(response);
      expect(error).toMatchObject({ code: 'provider_auth', type: 'upstream_error' });
      expect(error.message).toContain('openai');
      expect(error.message).toContain('The vendor says no.');
      expect(calls()).toBe(1);
    },
  );

  test.each([401, 403])('%i stays where the key was the caller’s own', async (status) => {
    stage.answer = refuse(status);
    const own = { headers: { authorization: 'Bearer own-key-of-nobody' } };
    const response = await stage.chat({}, own);
    expect(response.status).toBe(status);
    expect((await errorOf(response)).message).toContain('The vendor says no.');
    expect(stage.upstream.received[0]?.headers.authorization).toBe('Bearer own-key-of-nobody');
  });
});

describe('headers of an error', () => {
  test('hold the vendor’s request id, its limits and retry-after', async () => {
    const limits = {
      'x-request-id': 'req_vendor',
      'x-ratelimit-remaining-requests': '0',
      'retry-after': '33',
    };
    stage.answer = refuse(429, undefined, { ...limits, 'x-internal': 'no', 'set-cookie': 'a=b' });
    const { headers } = await stage.chat();
    expect(headers.get('x-upstream-request-id')).toBe('req_vendor');
    expect(headers.get('x-request-id')).not.toBe('req_vendor');
    expect(headers.get('retry-after')).toBe('33');
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect([headers.get('x-internal'), headers.get('set-cookie')]).toEqual([null, null]);
  });

  test('hold a retry-after with every 429', async () => {
    stage.answer = refuse(429);
    expect((await stage.chat()).headers.get('retry-after')).toMatch(/^\d+$/);
  });
});

describe('an error body', () => {
  test.each([
    ['flat (Mistral)', { object: 'error', message: 'Flat no.', type: 'invalid' }, 'Flat no.'],
    ['a text under error', { error: 'Short no.' }, 'Short no.'],
    ['a list (Google)', [{ error: { message: 'Listed no.', code: 400 } }], 'Listed no.'],
    ['detail (FastAPI)', { detail: [{ loc: ['body', 'n'], msg: 'not so' }] }, 'body.n: not so'],
    ['errors (Cloudflare)', { errors: [{ message: 'Cloudy no.', code: 7 }] }, 'Cloudy no.'],
  ])('%s gives its message', async (_, body, message) => {
    stage.answer = refuse(400, body);
    const response = await stage.chat();
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toBe(message);
  });

  test.each([
    ['an HTML page', 'text/html', '<html><body><h1>502 Bad Gateway</h1></body></html>'],
    ['nothing', 'application/json', ''],
    ['an empty object', 'application/json', '{}'],
  ])('that is %s gives a message of the gateway’s', async (_, type, body) => {
    stage.answer = (_request, response) => {
      response.writeHead(502, { 'content-type': type }).end(body);
    };
    const response = await stage.chat();
    expect(response.status).toBe(502);
    const { message, code } = await errorOf(response);
    expect(message).toMatch(/502/);
    expect(message).not.toContain('<');
    expect(code).toBeNull();
  });

  test('that is plain text is the message', async () => {
    stage.answer = (_request, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end('upstream connect error\n');
    };
    expect((await errorOf(await stage.chat())).message).toBe('upstream connect error');
  });
});

describe('an error under status 200', () => {
  test.each([
    ['its true status in the code', { message: 'Too many.', code: 429 }, 429],
    ['no status', { message: 'Broken.', code: 'server_error' }, 502],
  ])('as the whole answer, with %s', async (_, error, status) => {
    stage.answer = refuse(200, { error });
    const response = await stage.chat();
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ message: Object.values(error)[0] });
  });

  test.each([
    ['its true status in the code', { message: 'Too many.', code: 429 }, 429],
    ['no status', { message: 'Overloaded.', type: 'overloaded_error' }, 502],
  ])('as the first frame of a stream, with %s', async (_, error, status) => {
    stage.answer = streaming(`data: ${JSON.stringify({ error })}\n\n`);
    const response = await stage.chat({ stream: true });
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ message: Object.values(error)[0] });
  });

  test('as the answer to a stream, without a stream', async () => {
    stage.answer = refuse(200, { error: { message: 'Too many.', code: 429 } });
    const response = await stage.chat({ stream: true });
    expect(response.status).toBe(429);
    expect((await errorOf(response)).message).toBe('Too many.');
  });

  test('as a later frame is the stream’s last, and nothing behind it goes out', async () => {
    const error = { message: 'Overloaded.', type: 'overloaded_error', code: 529, internal: 'trace' };
    const first = chunk({ content: 'Hi' });
    stage.answer = streaming(`${first}data: ${JSON.stringify({ error })}\n\n${chatStream(['never'])}`);
    const { before, error: seen } = brokenStream(await (await stage.chat({ stream: true })).text());
    expect(before).toBe(first);
    expect(seen).toEqual({ message: 'Overloaded.', type: 'overloaded_error', param: null, code: '529' });
  });

  test('is none where the answer has choices', async () => {
    stage.answer = refuse(200, completion('Hi', { error: null }));
    expect((await stage.chat()).status).toBe(200);
  });
});

describe('an answer that is no answer', () => {
  test.each([
    ['HTML under status 200', 'text/html', '<html>Log in to the hotel’s Wi-Fi</html>'],
    ['half JSON', 'application/json', '{"choices":['],
    ['a list', 'application/json', '[]'],
    ['nothing', 'application/json', ''],
  ])('is a 502: %s', async (_, type, body) => {
    stage.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': type }).end(body);
    };
    for (const stream of [false, true]) {
      const response = await stage.chat({ stream });
      expect(response.status).toBe(502);
      expect(await errorOf(response)).toMatchObject({ code: 'upstream_invalid_response' });
    }
  });

  test.each([301, 302, 303, 307, 308])('is a 502 that is not followed: %i', async (status) => {
    const { origin } = stage.upstream;
    stage.answer = (_request, response) => {
      response.writeHead(status, { location: `${origin}/elsewhere` }).end();
    };
    const response = await stage.chat();
    expect(response.status).toBe(502);
    expect(response.headers.get('location')).toBeNull();
    expect(stage.upstream.received.map(({ url }) => url)).toEqual(['/v1/chat/completions']);
  });
});
