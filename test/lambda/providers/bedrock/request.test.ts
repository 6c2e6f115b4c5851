import { OWN_FIELDS } from '../../../../lambda/providers/bedrock/fields.ts';
import {
  bodyOf,
  CLAUDE,
  callOf,
  dropped,
  encoded,
  encodedRequest,
  HELLO,
  provider,
  routeOf,
  thrownBy,
} from './support.ts';

describe('a chat request', () => {
  test('goes to Converse, its model in the path', () => {
    const request = encodedRequest({});
    expect(request).toMatchObject({
      method: 'POST',
      url: `https://bedrock-runtime.us-east-1.amazonaws.com/model/${encodeURIComponent(CLAUDE)}/converse`,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'accept-encoding': 'identity',
      },
    });
    expect(bodyOf(request)).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
  });

  test('goes to ConverseStream where it asks for a stream', () => {
    const request = encodedRequest({ stream: true, stream_options: { include_usage: true } });
    expect(request.url).toMatch(/\/converse-stream$/);
    expect(request.headers.accept).toBe('application/vnd.amazon.eventstream');
    expect(bodyOf(request)).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
  });

  test('takes no headers along that only other vendors know', () => {
    const headers = {
      'anthropic-beta': 'x',
      'openai-organization': 'o',
      'x-stainless-os': 'Linux',
      traceparent: 't',
    };
    const request = provider().encodeRequest(callOf({}, { headers }), routeOf());
    expect(Object.keys(request.headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'content-type',
      'traceparent',
    ]);
  });

  test('is never changed by being encoded', () => {
    const call = callOf({
      messages: [...HELLO, { role: 'assistant', content: 'Go on: ' }],
      stop: 'x',
      extra: { a: 1 },
    });
    const before = structuredClone(call.body);
    provider().encodeRequest(call, routeOf());
    provider().encodeRequest(call, routeOf());
    expect(call.body).toEqual(before);
  });

  test('of a bare prompt is refused', () => {
    const failure = thrownBy(() =>
      provider().encodeRequest(callOf({}, { operation: 'completions' }), routeOf()),
    );
    expect(failure).toMatchObject({ status: 400 });
  });
});

describe('fields that OpenAI does not know', () => {
  test("are the model's own", () => {
    expect(
      encoded({ new_knob: { deep: [1] }, thinking: { type: 'disabled' } }).additionalModelRequestFields,
    ).toEqual({
      new_knob: { deep: [1] },
      thinking: { type: 'disabled' },
    });
  });

  test.each(OWN_FIELDS.filter((field) => !/^(inferenceConfig|additionalModel\w+)$/.test(field)))(
    "go as they are where they are Converse's own: %s",
    (field) => {
      expect(encoded({ [field]: { any: 'thing' } })[field]).toEqual({ any: 'thing' });
    },
  );

  test("join what was made of OpenAI's, and win", () => {
    const body = encoded({
      max_tokens: 5,
      temperature: 0.1,
      top_k: 3,
      inferenceConfig: { temperature: 0.2, topP: 0.9 },
      additionalModelRequestFields: { top_k: 4, more: true },
    });
    expect(body.inferenceConfig).toEqual({ maxTokens: 5, temperature: 0.2, topP: 0.9 });
    expect(body.additionalModelRequestFields).toEqual({ top_k: 4, more: true });
  });
});

describe('metadata and service tier', () => {
  test('become requestMetadata and serviceTier', () => {
    const body = encoded({ metadata: { team: 'a b' }, service_tier: 'priority' });
    expect(body).toMatchObject({ requestMetadata: { team: 'a b' }, serviceTier: { type: 'priority' } });
  });

  test('are left out where Converse would refuse them', () => {
    const body = { metadata: { team: 'über', ok: 'yes' }, service_tier: 'scale' };
    expect(encoded(body)).toEqual({ ...encoded({}), requestMetadata: { ok: 'yes' } });
    expect(dropped(body)).toEqual(['metadata', 'service_tier']);
  });

  test('leave it to AWS where the tier is auto', () => {
    expect(encoded({ service_tier: 'auto' })).toEqual(encoded({}));
  });
});
