import { CLAUDE, dropped, encoded, HELLO } from './support.ts';

const OPUS_46 = 'us.anthropic.claude-opus-4-6-v1';
const OPUS_48 = 'us.anthropic.claude-opus-4-8';
const OPUS_5 = 'us.anthropic.claude-opus-5';
const FABLE = 'us.anthropic.claude-fable-5';
const NOVA_2 = 'us.amazon.nova-2-lite-v1:0';
const OSS = 'openai.gpt-oss-120b-1:0';
const DEEPSEEK = 'us.deepseek.r1-v1:0';
const TOOLS = { tools: [{ type: 'function', function: { name: 'weather' } }] };

const more = (body: object, model = CLAUDE) => encoded(body, model).additionalModelRequestFields;
const budget = (budget_tokens: number) => ({ thinking: { type: 'enabled', budget_tokens } });

describe("Claude's thinking budget", () => {
  test.each([
    [{ reasoning_effort: 'low', max_tokens: 10_000 }, 2000],
    [{ reasoning_effort: 'medium', max_tokens: 10_000 }, 5000],
    [{ reasoning_effort: 'high', max_tokens: 10_000 }, 8000],
    [{ reasoning_effort: 'minimal', max_tokens: 10_000 }, 1024],
    [{ reasoning_effort: 'low', max_completion_tokens: 2000 }, 1024],
    [{ reasoning_enabled: true, max_tokens: 10_000 }, 5000],
    [{ reasoning_budget: 3000, max_tokens: 10_000 }, 3000],
    [{ reasoning_budget: 30_000, max_tokens: 10_000 }, 8000],
    [{ reasoning_budget: 3000 }, 3000],
    [{ reasoning_effort: 'high' }, 16_384],
  ])('of %j is %d, below the limit of the whole answer', (body, tokens) => {
    expect(more(body)).toEqual(budget(tokens));
    expect(dropped(body)).toEqual([]);
  });

  test("never raises the caller's limit", () => {
    for (const limit of [1025, 1500, 4096, 64_000]) {
      for (const reasoning_effort of ['minimal', 'low', 'medium', 'high', 'xhigh']) {
        const body = encoded({ reasoning_effort, max_tokens: limit });
        const { thinking } = body.additionalModelRequestFields as { thinking: { budget_tokens: number } };
        expect(body.inferenceConfig).toEqual({ maxTokens: limit });
        expect(thinking.budget_tokens).toBeGreaterThanOrEqual(1024);
        expect(thinking.budget_tokens).toBeLessThan(limit);
      }
    }
  });

  test.each([
    [{ reasoning_effort: 'high', max_tokens: 1024 }, ['reasoning_effort']],
    [{ reasoning_budget: 500 }, ['reasoning_budget']],
    [{ reasoning_budget: 4000, max_tokens: 100 }, ['reasoning_budget']],
  ])('under the minimum is left out and told: %j', (body, names) => {
    expect(more(body)).toBeUndefined();
    expect(dropped(body)).toEqual(names);
  });

  test('rules out sampling knobs', () => {
    const body = { reasoning_effort: 'low', temperature: 0.2, top_p: 0.9, top_k: 4 };
    expect(encoded(body).inferenceConfig).toBeUndefined();
    expect(dropped(body)).toEqual(['temperature', 'top_p', 'top_k']);
    expect(dropped({ reasoning_effort: 'low', temperature: 1 })).toEqual([]);
  });

  test.each([[{ ...TOOLS, tool_choice: 'required' }], [{ response_format: { type: 'json_object' } }]])(
    'yields to a forced tool: %j',
    (body) => {
      expect(more({ ...body, reasoning_effort: 'low' })).toBeUndefined();
      expect(dropped({ ...body, reasoning_effort: 'low' })).toEqual(['reasoning_effort']);
      expect(more({ ...body, reasoning_effort: 'low' }, OPUS_48)).toBeUndefined();
      expect(more({ ...body, reasoning_effort: 'low' }, 'deepseek.v3.2')).toBeUndefined();
    },
  );
});

describe('a tool loop with thinking on', () => {
  const loop = (reasoning?: object[]) => ({
    ...TOOLS,
    reasoning_effort: 'low',
    messages: [
      ...HELLO,
      {
        role: 'assistant',
        reasoning,
        tool_calls: [{ id: 'a', function: { name: 'weather', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: 'sunny' },
    ],
  });

  test('goes on thinking where the client sends the signed thoughts back', () => {
    expect(more(loop([{ content: 'Hm.', id: 'sig' }]))).toEqual(budget(2048));
  });

  test('goes on without thinking where the client lost the signatures, and tells it', () => {
    for (const lost of [undefined, [], [{ content: 'Hm.' }]]) {
      expect(more(loop(lost))).toBeUndefined();
      expect(dropped(loop(lost))).toEqual(['reasoning_effort']);
    }
  });

  test('goes on thinking with models that want nothing back', () => {
    expect(more(loop(), OPUS_46)).toEqual({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'low' },
    });
  });

  test('thinks again where the loop is over', () => {
    const over = loop();
    const messages = [
      ...over.messages,
      { role: 'assistant', content: 'Sunny.' },
      { role: 'user', content: 'Thanks.' },
    ];
    expect(more({ ...over, messages })).toEqual(budget(2048));
  });
});

describe("other models' thinking", () => {
  test.each([
    [OPUS_46, 'xhigh', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }],
    [OPUS_48, 'xhigh', { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } }],
    [OPUS_48, 'minimal', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    [
      'anthropic.claude-next-9',
      'high',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
    ],
    [NOVA_2, 'low', { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } }],
    [NOVA_2, 'high', { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } }],
    [OSS, 'medium', { reasoning_effort: 'medium' }],
    [OSS, 'minimal', { reasoning_effort: 'low' }],
    ['deepseek.v3.2', 'high', { reasoning_effort: 'high' }],
    ['openai.gpt-5.5', 'high', { reasoning: { effort: 'high' } }],
    ['qwen.qwen3-next-80b', 'whatever', { reasoning_effort: 'whatever' }],
  ])('of %s at %s', (model, reasoning_effort, expected) => {
    expect(more({ reasoning_effort }, model)).toEqual(expected);
    expect(dropped({ reasoning_effort }, model)).toEqual([]);
  });

  test.each([
    DEEPSEEK,
    'amazon.nova-pro-v1:0',
    'anthropic.claude-3-5-sonnet-20241022-v2:0',
    'meta.llama3-3-70b-instruct-v1:0',
  ])('of %s is left out and told: nothing sets it', (model) => {
    expect(more({ reasoning_effort: 'low' }, model)).toBeUndefined();
    expect(dropped({ reasoning_effort: 'low' }, model)).toEqual(['reasoning_effort']);
  });

  test('of Nova yields to the token limit: its highest effort takes none', () => {
    const body = { reasoning_effort: 'high', max_tokens: 500 };
    expect(encoded(body, NOVA_2)).toMatchObject({
      inferenceConfig: { maxTokens: 500 },
      additionalModelRequestFields: { reasoningConfig: { maxReasoningEffort: 'medium' } },
    });
    expect(dropped(body, NOVA_2)).toEqual(['reasoning_effort']);
    expect(dropped({ reasoning_effort: 'high', temperature: 0 }, NOVA_2)).toEqual(['temperature']);
  });

  test('that goes by effort tells that a budget means nothing to it', () => {
    expect(dropped({ reasoning_budget: 4096 }, OPUS_48)).toEqual(['reasoning_budget']);
    expect(dropped({ reasoning_budget: 4096 }, OSS)).toEqual(['reasoning_budget']);
  });
});

describe('thinking turned off', () => {
  test.each([{ reasoning_effort: 'none' }, { reasoning_enabled: false }, { reasoning_budget: 0 }])(
    'by %j',
    (body) => {
      expect(more(body)).toBeUndefined();
      expect(dropped(body)).toEqual([]);
      expect(more(body, OPUS_5)).toEqual({ thinking: { type: 'disabled' } });
      expect(more(body, FABLE)).toBeUndefined();
      expect(dropped(body, FABLE)).toEqual(Object.keys(body));
      expect(dropped(body, OSS)).toEqual(Object.keys(body));
      expect(more(body, 'openai.gpt-5.5')).toEqual({ reasoning: { effort: 'none' } });
      expect(more(body, 'qwen.qwen3-next-80b')).toEqual({ reasoning_effort: 'none' });
    },
  );
});
