import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type OpenAI from 'openai';
import { collect } from '../support/collect.ts';
import { FAMILIES, MODELS, saying, startVendors, type VendorStage } from '../support/vendor-stage.ts';
import type { Said } from '../support/vendor-wire.ts';

const PIXEL = Buffer.from('a picture, as far as anybody here can tell').toString('base64');
const messages = [{ role: 'user' as const, content: 'Hello' }];
const SAID: Said = { text: 'Hi there, Ærlig 😀 friend' };
const THOUGHT = { text: 'hm, let me think', signature: 'c2lnbmF0dXJl' };

let stage: VendorStage;
beforeAll(async () => {
  stage = await startVendors();
});
beforeEach(() => {
  stage.upstream.received.length = 0;
});
afterAll(() => stage.stop());

const create = (body: object) =>
  stage.client.chat.completions.create({
    messages,
    ...body,
  } as OpenAI.ChatCompletionCreateParamsNonStreaming);
const stream = (body: object) =>
  collect(
    stage.client.chat.completions.create({
      messages,
      stream: true,
      ...body,
    } as OpenAI.ChatCompletionCreateParamsStreaming),
  );

describe.each(FAMILIES)('%s', (family) => {
  const model = MODELS[family];

  test('a chat is answered in OpenAI’s shape, usage added up', async () => {
    stage.answer = saying(SAID);
    const answer = await create({ model });
    expect(answer).toMatchObject({
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: SAID.text, refusal: null },
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    });
    expect(answer.model).toMatch(/^(claude-test-2026|gemini-test-2026|us\.anthropic\.claude-sonnet-4-5)/);
    expect(answer.id).not.toBe('');
  });

  test('a stream has one id, one role, one finish, and no usage that nobody asked for', async () => {
    stage.answer = saying(SAID);
    const chunks = await stream({ model });
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(SAID.text);
    expect(new Set(chunks.map(({ id, model, created }) => `${id} ${model} ${created}`)).size).toBe(1);
    expect(chunks.filter(({ choices }) => choices[0]?.delta.role)).toHaveLength(1);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop']);
    expect(chunks.filter(({ choices, usage }) => choices.length === 0 || usage)).toEqual([]);
    expect(chunks.filter(({ choices }) => choices[0]?.delta.content).length).toBeGreaterThan(3);
  });

  test('a stream that asked for usage ends with it', async () => {
    stage.answer = saying(SAID);
    const chunks = await stream({ model, stream_options: { include_usage: true } });
    expect(chunks.filter(({ usage }) => usage)).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    });
  });

  test('an answer that reached the token limit says so, whole and as a stream', async () => {
    stage.answer = saying({ ...SAID, length: true });
    expect((await create({ model, max_tokens: 5 })).choices[0]?.finish_reason).toBe('length');
    const chunks = await stream({ model, max_tokens: 5 });
    expect(chunks.at(-1)?.choices[0]).toMatchObject({
      finish_reason: 'length',
      native_finish_reason: expect.stringMatching(/^max_tokens$/i),
    });
    const limits = { anthropic: 'max_tokens', gemini: 'maxOutputTokens', bedrock: 'maxTokens' };
    expect(JSON.stringify(stage.sent())).toContain(`"${limits[family]}":5`);
  });

  test('what the model thought stands beside the answer, never in it', async () => {
    stage.answer = saying({ ...SAID, thought: THOUGHT });
    const { message } = (await create({ model, reasoning_effort: 'low' })).choices[0] ?? {};
    expect(message).toMatchObject({ content: SAID.text, reasoning_content: THOUGHT.text });
    const chunks = await stream({ model, reasoning_effort: 'low' });
    const deltas = chunks.map(
      ({ choices }) => choices[0]?.delta as { reasoning_content?: string } | undefined,
    );
    expect(deltas.map((delta) => delta?.reasoning_content ?? '').join('')).toBe(THOUGHT.text);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(SAID.text);
  });

  test('reasoning_effort asks for thinking inside the token limit', async () => {
    stage.answer = saying(SAID);
    await create({ model, reasoning_effort: 'medium', max_completion_tokens: 8000 });
    const sent = JSON.stringify(stage.sent()[0]);
    expect(sent).toMatch(
      {
        anthropic: /"max_tokens":8000.*"thinking":\{"type":"enabled","budget_tokens":4000\}/,
        gemini: /"maxOutputTokens":8000.*"thinkingBudget":4000/,
        bedrock: /"maxTokens":8000.*"thinking":\{"type":"enabled","budget_tokens":4000\}/,
      }[family],
    );
  });

  test('an image in a data URL arrives as the vendor wants it', async () => {
    stage.answer = saying(SAID);
    const url = `data:image/png;base64,${PIXEL}`;
    const content = [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url } },
    ];
    await create({ model, messages: [{ role: 'user', content }] });
    const wanted = {
      anthropic: { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
      gemini: { inlineData: { mimeType: 'image/png', data: PIXEL } },
      bedrock: { image: { format: 'png', source: { bytes: PIXEL } } },
    }[family];
    const [body] = stage.sent() as [{ messages?: object[]; contents?: object[] }];
    const [turn] = (body.messages ?? body.contents ?? []) as { content?: object[]; parts?: object[] }[];
    expect((turn?.content ?? turn?.parts)?.[1]).toEqual(wanted);
  });

  test('an image at a loopback address is a 400 that names the part, and nothing is asked upstream', async () => {
    const content = [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: `http://127.0.0.1:1/image.png` } },
    ];
    const failure = create({ model, messages: [{ role: 'user', content }] });
    await expect(failure).rejects.toMatchObject({
      status: 400,
      param: 'messages[0].content[1].image_url.url',
      code: 'invalid_media_url',
    });
    expect(stage.upstream.received).toEqual([]);
  });

  test('a JSON schema is kept by the vendor, and the answer is the JSON text', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    };
    const json = { city: 'Oslo' };
    const asTool = family === 'bedrock';
    stage.answer = saying(
      asTool ? { calls: [{ id: 'json_1', name: 'json', input: json }] } : { text: JSON.stringify(json) },
    );
    const response_format = { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } };
    const whole = await create({ model, response_format });
    const chunks = await stream({ model, response_format });
    const streamed = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    for (const text of [whole.choices[0]?.message.content ?? '', streamed])
      expect(JSON.parse(text)).toEqual(json);
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'stop' });
    expect(whole.choices[0]?.message.tool_calls).toBeUndefined();
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(JSON.stringify(stage.sent()[0])).toContain('"city"');
  });

  test('a sampling knob that the vendor lacks is left out and named', async () => {
    stage.answer = saying(SAID);
    const { response } = await stage.client.chat.completions
      .create({ model, messages, logit_bias: { '50256': -100 } })
      .withResponse();
    expect(response.headers.get('x-sluice-dropped')).toBe('logit_bias');
    expect(JSON.stringify(stage.sent()[0])).not.toContain('50256');
    const plain = await stage.client.chat.completions.create({ model, messages }).withResponse();
    expect(plain.response.headers.get('x-sluice-dropped')).toBeNull();
  });

  test.each([
    ...(family === 'gemini'
      ? []
      : [
          ['n', { n: 2 }],
          ['logprobs', { logprobs: true }],
        ]),
    ['audio', { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }],
    ['tools', { tools: [{ type: 'custom', custom: { name: 'grammar' } }] }],
  ] as [string, object][])('%s that the vendor can’t do is a 400 that names it', async (param, body) => {
    const failure: unknown = await create({ model, ...body }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 400, type: 'invalid_request_error' });
    const { param: named } = failure as { param: string };
    expect(
      named === param || named.startsWith(`${param}[`) || (param === 'audio' && named === 'modalities'),
    ).toBe(true);
    expect(stage.upstream.received).toEqual([]);
  });
});
