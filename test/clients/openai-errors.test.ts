import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import {
  type Answer,
  chunk,
  type FakeUpstream,
  SSE,
  sendJson,
  startUpstream,
} from '../support/fake-upstream.ts';
import { LOCAL_KEY, startGateway, type TestGateway } from '../support/local-gateway.ts';

/** What every caller here says. */
const request = { model: 'gpt-test', messages: [{ role: 'user' as const, content: 'Hello' }] };

let answer: Answer;
let upstream: FakeUpstream;
let gateway: TestGateway;
let client: OpenAI;

beforeAll(async () => {
  upstream = await startUpstream((...call) => answer(...call));
  gateway = await startGateway({
    environment: { OPENAI_API_KEY: 'upstream-key-of-nobody', OPENAI_BASE_URL: `${upstream.origin}/v1` },
    config: { retries: { attempts: 1 } },
  });
  client = clientWith(LOCAL_KEY);
});

beforeEach(() => {
  upstream.received.length = 0;
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

function clientWith(apiKey: string, maxRetries = 0): OpenAI {
  return new OpenAI({ baseURL: gateway.url, apiKey, maxRetries });
}

/** The upstream refuses in OpenAI's own form. */
function refuse(status: number, error: object = {}, headers: Record<string, string> = {}): Answer {
  const body = { message: 'upstream says no', type: 'test_error', param: null, code: null, ...error };
  return (_request, response) => sendJson(response, { error: body }, status, headers);
}

function chat(from: OpenAI = client): Promise<unknown> {
  return from.chat.completions.create(request);
}

/** The error that `work` ends with; the test fails where it is none of the client's. */
async function errorOf(work: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const failure: unknown = await Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof OpenAI.APIError) return failure;
  throw new Error('the client threw no APIError', { cause: failure });
}

describe('what the gateway refuses', () => {
  test('an unknown key is an AuthenticationError, and nothing is asked upstream', async () => {
    const error = await errorOf(chat(clientWith('sk-sluice-not-a-key')));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', type: 'authentication_error' });
    expect(upstream.received).toEqual([]);
  });

  test('a body without messages is a BadRequestError that names the field', async () => {
    const error = await errorOf(client.chat.completions.create({ ...request, messages: [] }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ status: 400, param: 'messages', type: 'invalid_request_error' });
  });

  test('a model of a provider without a key is a NotFoundError that says what the operator sets', async () => {
    const error = await errorOf(client.chat.completions.create({ ...request, model: 'groq/some-model' }));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: 'provider_not_configured', param: 'model' });
    expect(error.message).toContain('GROQ_API_KEY');
  });

  test('every refusal has a request id', async () => {
    const error = await errorOf(chat(clientWith('sk-sluice-not-a-key')));
    expect(error.requestID).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('what the provider refuses', () => {
  test.each([
    [400, OpenAI.BadRequestError, 400],
    [404, OpenAI.NotFoundError, 404],
    [422, OpenAI.UnprocessableEntityError, 422],
    [429, OpenAI.RateLimitError, 429],
    [500, OpenAI.InternalServerError, 502],
    [503, OpenAI.InternalServerError, 503],
    [504, OpenAI.InternalServerError, 504],
  ])('its %i is its own error class with its message', async (status, expected, forCaller) => {
    answer = refuse(status, { code: 'its_code' }, { 'x-request-id': 'req_upstream', 'retry-after': '60' });
    const error = await errorOf(chat());
    expect(error).toBeInstanceOf(expected);
    expect(error).toMatchObject({ status: forCaller, code: 'its_code' });
    expect(error.message).toContain('upstream says no');
    expect(error.headers?.get('x-upstream-request-id')).toBe('req_upstream');
  });

  test('a rate limit keeps what the client needs to wait: retry-after and the limits', async () => {
    const limits = { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-reset-requests': '42s' };
    answer = refuse(429, {}, { ...limits, 'retry-after': '42' });
    const error = await errorOf(chat());
    expect(error.headers?.get('retry-after')).toBe('42');
    expect(error.headers?.get('x-ratelimit-limit-requests')).toBe('60');
    expect(error.headers?.get('x-ratelimit-reset-requests')).toBe('42s');
  });

  test.each([401, 403])(
    'its %i to the gateway’s key is the operator’s: 502, provider_auth',
    async (status) => {
      answer = refuse(status);
      const error = await errorOf(chat());
      expect(error).toBeInstanceOf(OpenAI.InternalServerError);
      expect(error).toMatchObject({ status: 502, code: 'provider_auth' });
    },
  );

  test.each([
    [401, OpenAI.AuthenticationError],
    [403, OpenAI.PermissionDeniedError],
  ])('its %i to the caller’s own provider key stays what it is', async (status, expected) => {
    answer = refuse(status);
    expect(await errorOf(chat(clientWith('callers-own-provider-key')))).toBeInstanceOf(expected);
  });

  test('an error of a route that falls through is relayed as it is', async () => {
    answer = refuse(409, { code: 'its_code' });
    const error = await errorOf(client.files.retrieve('file-1'));
    expect(error).toBeInstanceOf(OpenAI.ConflictError);
    expect(error).toMatchObject({ status: 409, code: 'its_code' });
  });

  test('a client that retries gets the answer after a refusal', async () => {
    let refusals = 1;
    answer = (received, response, message) => {
      if (refusals-- > 0) return refuse(503, {}, { 'retry-after-ms': '1' })(received, response, message);
      sendJson(response, { id: 'file-1' });
    };
    expect(await clientWith(LOCAL_KEY, 1).files.retrieve('file-1')).toEqual({ id: 'file-1' });
    expect(upstream.received).toHaveLength(2);
  });
});

describe('connections that break', () => {
  test('an upstream that is gone is an InternalServerError with 502', async () => {
    answer = (_request, response) => void response.destroy();
    const error = await errorOf(chat());
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({ status: 502, code: 'upstream_reset' });
  });

  test('a gateway that is gone is an APIConnectionError', async () => {
    const gone = await startGateway();
    await gone.stop();
    const error = await errorOf(chat(new OpenAI({ baseURL: gone.url, apiKey: LOCAL_KEY, maxRetries: 0 })));
    expect(error).toBeInstanceOf(OpenAI.APIConnectionError);
  });

  test.each<[string, string, Answer]>([
    ['that breaks off', 'upstream_reset', (_request, response) => void response.destroy()],
    ['that ends without a finish', 'upstream_incomplete', (_request, response) => void response.end()],
    [
      'in which the provider reports an error',
      'overloaded',
      (_request, response) => void response.end('data: {"error":{"code":"overloaded"}}\n\n'),
    ],
  ])('a stream %s throws in the caller’s loop, after what came before', async (_, code, end) => {
    let release = () => {};
    const seen = new Promise<void>((resolve) => {
      release = resolve;
    });
    answer = async (received, response, message) => {
      response.writeHead(200, SSE).write(chunk({ content: 'Hello' }));
      await seen;
      await end(received, response, message);
    };
    const texts: string[] = [];
    const reading = client.chat.completions.create({ ...request, stream: true }).then(async (stream) => {
      for await (const part of stream) {
        texts.push(part.choices[0]?.delta.content ?? '');
        release();
      }
    });
    expect(await errorOf(reading)).toMatchObject({ code });
    expect(texts).toEqual(['Hello']);
  });
});

describe('a caller who leaves', () => {
  test('in a stream: the upstream’s connection is closed', async () => {
    let closed: Promise<unknown> | undefined;
    answer = (_request, response) => {
      closed = once(response, 'close');
      response.writeHead(200, SSE).write(chunk({ content: 'Hello' }));
    };
    const stream = await client.chat.completions.create({ ...request, stream: true });
    for await (const _part of stream) break;
    expect(stream.controller.signal.aborted).toBe(true);
    await closed;
  });

  test('before the answer: an APIUserAbortError, and the upstream’s connection is closed', async () => {
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    answer = (_request, response) => {
      closed = once(response, 'close');
      controller.abort();
    };
    const error = await errorOf(client.chat.completions.create(request, { signal: controller.signal }));
    expect(error).toBeInstanceOf(OpenAI.APIUserAbortError);
    await closed;
  });
});
