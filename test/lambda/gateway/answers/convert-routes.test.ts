import { type Received, sendJson } from '../../../support/fake-upstream.ts';
import { errorOf } from '../../../support/stage.ts';
import { bodyOf, KEYS, saying, startVendors, type VendorStage } from '../../../support/vendor-stage.ts';

const PROMPT = 'a question that no log may hold';
const REPLY = 'an answer that no log may hold';
const messages = [{ role: 'user', content: PROMPT }];
const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';

let stage: VendorStage;
beforeAll(async () => {
  const config = {
    models: {
      smart: ['anthropic/claude-sonnet-4-5', `bedrock/${CLAUDE}`, 'openai/gpt-5'],
      reversed: ['openai/gpt-5', 'gemini/gemini-2.5-flash', 'anthropic/claude-opus-4-8'],
      'claude-haiku-4-5': 'anthropic/claude-haiku-4-5',
    },
  };
  stage = await startVendors({ config });
});
beforeEach(() => {
  stage.upstream.received.length = 0;
});
afterAll(async () => {
  const log = stage.gateway.lines.join('\n');
  await stage.stop();
  // Whatever the tests here did: no key, prompt or answer is in the log.
  for (const secret of [...Object.values(KEYS), PROMPT, REPLY]) expect(log).not.toContain(secret);
  expect(log).toContain('answered');
});

const chat = (model: string, more: object = {}) =>
  stage.gateway.post('/chat/completions', { model, messages, temperature: 0.5, ...more });
const urls = () => stage.upstream.received.map(({ url }) => url);

/** All fail but the named one; OpenAI answers in its own format. */
function onlyAnswers(vendor: string, status = 529): void {
  stage.answer = (request, response, message) => {
    const name = request.url.split('/')[1];
    if (name !== vendor)
      return sendJson(response, { error: { type: 'overloaded_error', message: `${name} is full` } }, status);
    if (name !== 'openai') return saying({ text: REPLY })(request, response, message);
    sendJson(response, { id: 'x', choices: [{ message: { role: 'assistant', content: REPLY } }] });
  };
}

describe('an alias over families', () => {
  test('falls from Anthropic to Bedrock to OpenAI, each asked in its own words for its own model', async () => {
    onlyAnswers('openai');
    const response = await chat('smart', { logit_bias: { 1: 2 }, max_tokens: 9 });
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: REPLY } }] });
    expect(urls()).toEqual([
      '/anthropic/v1/messages',
      `/bedrock/model/${encodeURIComponent(CLAUDE)}/converse`,
      '/openai/v1/chat/completions',
    ]);
    const content = [{ type: 'text', text: PROMPT }];
    expect(stage.sent()).toEqual([
      { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [{ role: 'user', content }], temperature: 0.5 },
      {
        messages: [{ role: 'user', content: [{ text: PROMPT }] }],
        inferenceConfig: { maxTokens: 9, temperature: 0.5 },
      },
      { model: 'gpt-5', messages, temperature: 0.5, logit_bias: { 1: 2 }, max_tokens: 9 },
    ]);
    expect(response.headers.get('x-bt-used-endpoint')).toBe('openai');
    // What the others would have dropped was not dropped here.
    expect(response.headers.get('x-sluice-dropped')).toBeNull();
  });

  test('each is shown its own key and no other’s', async () => {
    onlyAnswers('openai');
    await chat('smart');
    const [anthropic, bedrock, openai] = stage.upstream.received.map(({ headers }) =>
      JSON.stringify(headers),
    );
    expect(anthropic).toContain(KEYS.anthropic);
    expect(bedrock).toMatch(
      new RegExp(`AWS4-HMAC-SHA256 Credential=${KEYS.access}/\\d{8}/eu-west-1/bedrock/aws4_request`),
    );
    expect(openai).toContain(`Bearer ${KEYS.openai}`);
    for (const [own, headers] of [
      ['anthropic', anthropic],
      ['access', bedrock],
      ['openai', openai],
    ] as const)
      for (const [name, key] of Object.entries(KEYS)) if (name !== own) expect(headers).not.toContain(key);
  });

  test.each([false, true])('falls from OpenAI to Gemini, stream: %s', async (stream) => {
    onlyAnswers('gemini', 503);
    const text = await (await chat('reversed', { stream })).text();
    expect(text).toContain(stream ? '[DONE]' : REPLY);
    expect(urls()).toEqual([
      '/openai/v1/chat/completions',
      `/gemini/v1beta/models/gemini-2.5-flash:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    ]);
    expect(bodyOf(stage.upstream.received[1] as Received)).not.toHaveProperty('model');
  });

  test.each([false, true])('what an answer cost is logged, asked for or not, stream: %s', async (stream) => {
    onlyAnswers('anthropic');
    await (await chat('smart', { stream })).text();
    const line = stage.gateway.lines.filter((one) => one.includes('"answered"')).at(-1) ?? '{}';
    const cost = { provider: 'anthropic', model: 'claude-sonnet-4-5', promptTokens: 5, completionTokens: 7 };
    expect(JSON.parse(line)).toMatchObject(cost);
  });

  test('where all fail, the caller hears of the last', async () => {
    onlyAnswers('nobody');
    const response = await chat('smart');
    expect(response.status).toBe(503);
    expect((await errorOf(response)).message).toContain('openai is full');
    expect(stage.upstream.received).toHaveLength(3);
  });
});

describe('a model’s name', () => {
  test.each([
    ['claude-haiku-4-5', '/anthropic/v1/messages', 'claude-haiku-4-5'],
    ['anthropic/claude-sonnet-4-5', '/anthropic/v1/messages', 'claude-sonnet-4-5'],
    ['anthropic/smart', '/anthropic/v1/messages', 'smart'],
    ['gemini/models/gemini-2.5-pro', '/gemini/v1beta/models/gemini-2.5-pro:generateContent', undefined],
    [CLAUDE, `/bedrock/model/${encodeURIComponent(CLAUDE)}/converse`, undefined],
    [
      'bedrock/meta.llama3-3-70b-instruct-v1:0',
      '/bedrock/model/meta.llama3-3-70b-instruct-v1%3A0/converse',
      undefined,
    ],
    [
      'bedrock/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x',
      `/bedrock/model/${encodeURIComponent('arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x')}/converse`,
      undefined,
    ],
  ])('%s is rewritten once, to where it is asked', async (model, url, sent) => {
    stage.answer = saying({ text: REPLY });
    expect((await chat(model)).status).toBe(200);
    expect(urls()).toEqual([url]);
    expect(stage.sent()[0]?.model).toBe(sent);
  });
});
