import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { collect } from '../support/collect.ts';
import { sendJson } from '../support/fake-upstream.ts';
import {
  FAMILIES,
  failing,
  KEYS,
  MODELS,
  saying,
  startVendors,
  streamed,
  type VendorStage,
} from '../support/vendor-stage.ts';
import { sse, WIRES, type WireName } from '../support/vendor-wire.ts';

const messages = [{ role: 'user' as const, content: 'Hello' }];

let stage: VendorStage;
beforeAll(async () => {
  stage = await startVendors({ config: { retries: { attempts: 1 } } });
});
beforeEach(() => {
  stage.upstream.received.length = 0;
});
afterAll(() => stage.stop());

const create = (model: string) => stage.client.chat.completions.create({ model, messages });
const stream = (model: string) =>
  collect(stage.client.chat.completions.create({ model, messages, stream: true }));
async function failureOf(work: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const failure: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof OpenAI.APIError) return failure;
  throw new Error(`no APIError but ${String(failure)}`);
}

describe.each(FAMILIES)('%s', (family) => {
  const model = MODELS[family];

  test.each([
    [400, 400, OpenAI.BadRequestError],
    [404, 404, OpenAI.NotFoundError],
    [413, 413, OpenAI.APIError],
    [429, 429, OpenAI.RateLimitError],
    [500, 502, OpenAI.InternalServerError],
    [503, 503, OpenAI.InternalServerError],
    [529, 503, OpenAI.InternalServerError],
  ])('a %i of the vendor’s is a %i, its message kept, whole and as a stream', async (status, seen, type) => {
    const message = `the vendor says ${status}`;
    stage.answer = failing(status, message, { 'x-request-id': 'vendor-1' });
    for (const work of [create(model), stream(model)]) {
      const failure = await failureOf(work);
      expect(failure).toBeInstanceOf(type);
      expect(failure.status).toBe(seen);
      expect(failure.message).toContain(message);
      expect(failure.headers?.get('x-upstream-request-id')).toBe('vendor-1');
      expect(typeof failure.code === 'string' || failure.code === null).toBe(true);
    }
  });

  test.each([401, 403])('a %i of the vendor’s to our key is a 502 that blames no caller', async (status) => {
    stage.answer = failing(status, 'who is that');
    const failure = await failureOf(create(model));
    expect(failure).toBeInstanceOf(OpenAI.InternalServerError);
    expect(failure).toMatchObject({ status: 502, code: 'provider_auth' });
  });

  test('a rate limit tells when to come back', async () => {
    stage.answer = failing(429, 'slow down', { 'retry-after': '7' });
    const failure = await failureOf(create(model));
    expect(failure).toBeInstanceOf(OpenAI.RateLimitError);
    expect(failure.headers?.get('retry-after')).toBe('7');
  });

  test('a key that the vendor quotes does not reach the caller or the log', async () => {
    const key = family === 'bedrock' ? KEYS.secret : KEYS[family];
    stage.answer = failing(400, `the key ${key} is not for this`);
    const failure = await failureOf(create(model));
    expect(`${failure.message} ${JSON.stringify(failure.error)}`).not.toContain(key);
    expect(failure.message).toContain('is not for this');
    expect(stage.gateway.lines.join('\n')).not.toContain(key);
  });

  test('an error page of a proxy on the way is an error in OpenAI’s shape', async () => {
    stage.answer = (_, response) => {
      response.writeHead(503, { 'content-type': 'text/html' }).end('<html><h1>Gone</h1></html>');
    };
    const failure = await failureOf(create(model));
    expect(failure.status).toBe(503);
    expect(failure.message).not.toContain('<');
    expect(failure.type).toEqual(expect.any(String));
  });

  test('an answer that is no JSON is a 502', async () => {
    stage.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"half":');
    };
    expect(await failureOf(create(model))).toMatchObject({ status: 502, code: 'upstream_invalid_response' });
  });

  test('a stream that begins with an error is an error with its status', async () => {
    stage.answer = streamed([WIRES[family].errorFrame(529, 'too many of you')]);
    const failure = await failureOf(stream(model));
    expect(failure.message).toContain('too many of you');
    expect(failure.status).toBe(503);
  });

  test('a stream that fails later throws in the client, its text so far kept', async () => {
    const wire = WIRES[family];
    const frames = wire.frames({ text: 'Hi there my friend' });
    stage.answer = streamed([...frames.slice(0, 4), wire.errorFrame(529, 'too many of you')]);
    const seen: string[] = [];
    const read = async () => {
      for await (const { choices } of await stage.client.chat.completions.create({
        model,
        messages,
        stream: true,
      }))
        seen.push(choices[0]?.delta.content ?? '');
    };
    expect((await failureOf(read())).message).toContain('too many of you');
    expect(seen.join('')).toMatch(/^Hi/);
  });
});

/** A prompt or an answer that the vendor won't have, in each one's own words. */
const REFUSALS: Readonly<Record<WireName, { whole: object; frames: Buffer[]; says: RegExp }>> = {
  anthropic: {
    whole: { ...WIRES.anthropic.whole({}), stop_reason: 'refusal' },
    frames: WIRES.anthropic
      .frames({})
      .map((frame) => Buffer.from(frame.toString().replace('end_turn', 'refusal'))),
    says: /./,
  },
  gemini: {
    whole: {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      usageMetadata: { promptTokenCount: 5, totalTokenCount: 5 },
    },
    frames: [
      sse({
        promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
        usageMetadata: { promptTokenCount: 5, totalTokenCount: 5 },
      }),
    ],
    says: /PROHIBITED_CONTENT/,
  },
  bedrock: {
    whole: { ...WIRES.bedrock.whole({ text: 'Sorry.' }), stopReason: 'guardrail_intervened' },
    frames: WIRES.bedrock.frames({ text: 'Sorry.' }),
    says: /^$/,
  },
};

describe('what a vendor won’t answer', () => {
  test.each(FAMILIES)('%s: is a 200 with one choice that says content_filter', async (family) => {
    const { whole, says } = REFUSALS[family];
    stage.answer = (_, response) => sendJson(response, whole);
    const { choices } = await create(MODELS[family]);
    expect(choices).toHaveLength(1);
    expect(choices[0]?.finish_reason).toBe('content_filter');
    expect(choices[0]?.message.refusal ?? '').toMatch(says);
  });

  test.each(['anthropic', 'gemini'] as const)('%s: the same as a stream', async (family) => {
    const { frames, says } = REFUSALS[family];
    stage.answer = streamed(frames);
    const choices = (await stream(MODELS[family])).flatMap((chunk) => chunk.choices);
    expect(choices.map(({ finish_reason }) => finish_reason).filter(Boolean)).toEqual(['content_filter']);
    expect(choices.map(({ delta }) => delta.refusal ?? '').join('')).toMatch(says);
  });
});

test('Gemini’s RetryInfo is told as retry-after', async () => {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' }];
  const error = { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED', details };
  stage.answer = (_, response) => sendJson(response, { error }, 429);
  const failure = await failureOf(create(MODELS.gemini));
  expect(failure).toBeInstanceOf(OpenAI.RateLimitError);
  expect(failure.headers?.get('retry-after')).toBe('35');
});

test('Gemini’s 400 for a bad key is a provider_auth error', async () => {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }];
  const error = { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT', details };
  stage.answer = (_, response) => sendJson(response, { error }, 400);
  expect(await failureOf(create(MODELS.gemini))).toMatchObject({ status: 502, code: 'provider_auth' });
});

test('Bedrock’s 408 is a 504', async () => {
  stage.answer = (_, response) => sendJson(response, { message: 'model timed out' }, 408);
  expect(await failureOf(create(MODELS.bedrock))).toMatchObject({ status: 504 });
});

test.each([
  ['anthropic', 'x-api-key', 'callers-own-key'],
  ['gemini', 'x-goog-api-key', 'callers-own-key'],
  ['bedrock', 'authorization', 'Bearer callers-own-key'],
] as const)(
  '%s: a caller’s own key goes there, and its 401 comes back as one',
  async (family, header, value) => {
    const own = new OpenAI({ baseURL: stage.gateway.url, apiKey: 'callers-own-key', maxRetries: 0 });
    const body = { model: MODELS[family], messages };
    stage.answer = saying({ text: 'fine' });
    expect((await own.chat.completions.create(body)).choices[0]?.message.content).toBe('fine');
    expect(stage.upstream.received[0]?.headers[header]).toBe(value);
    stage.answer = failing(401, 'who is that');
    const failure = await failureOf(own.chat.completions.create(body));
    expect(failure).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(JSON.stringify(stage.upstream.received.map(({ headers }) => headers))).not.toMatch(/of-nobody/);
  },
);

test('an answer after failures is an answer: nothing of them stays', async () => {
  stage.answer = saying({ text: 'fine' });
  for (const family of FAMILIES)
    expect((await create(MODELS[family])).choices[0]?.message.content).toBe('fine');
});
