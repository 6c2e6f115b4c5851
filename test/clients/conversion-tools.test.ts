import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, isStepCount, jsonSchema, tool } from 'ai';
import type OpenAI from 'openai';
import { collect } from '../support/collect.ts';
import { LOCAL_KEY } from '../support/local-gateway.ts';
import { FAMILIES, MODELS, saying, startVendors, type VendorStage } from '../support/vendor-stage.ts';
import type { Said } from '../support/vendor-wire.ts';

const OSLO = { id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } };
const ROME = { id: 'toolu_2', name: 'weather', input: { city: 'Rome' } };
const NOW = { id: 'toolu_3', name: 'now', input: {} };
const THOUGHT = { text: 'I need the weather', signature: 'c2lnbmF0dXJl' };
const PARALLEL: Said = { thought: THOUGHT, text: 'Let me see.', calls: [OSLO, ROME, NOW] };
const DONE: Said = { text: 'Rain in Oslo, sun in Rome.' };

const tools = ['weather', 'now'].map((name) => ({
  type: 'function' as const,
  function: {
    name,
    description: `the ${name}`,
    parameters: { type: 'object', properties: name === 'weather' ? { city: { type: 'string' } } : {} },
  },
}));
const question = { role: 'user' as const, content: 'Weather in Oslo and Rome?' };

let stage: VendorStage;
beforeAll(async () => {
  stage = await startVendors();
});
beforeEach(() => {
  stage.upstream.received.length = 0;
});
afterAll(() => stage.stop());

type Message = OpenAI.ChatCompletionMessageParam;

const ask = async (model: string, messages: Message[], more: object = {}) => {
  const answer = await stage.client.chat.completions.create({ model, messages, tools, ...more });
  const message = answer.choices[0]?.message;
  if (message === undefined) throw new Error('no choice');
  return { message, finish: answer.choices[0]?.finish_reason };
};
const results = (calls: readonly { id: string }[] = []): Message[] =>
  calls.map(({ id }, i) => ({ role: 'tool', tool_call_id: id, content: `result ${i}` }));

interface Turn {
  role: string;
  content?: Record<string, Record<string, unknown>>[];
  parts?: Record<string, Record<string, unknown>>[];
}
const turnsOf = (body: Record<string, unknown> | undefined) => (body?.messages ?? body?.contents) as Turn[];

/** The calls and results of a request's history, as the vendor sees them: name, arguments, result. */
function historyOf(body: Record<string, unknown> | undefined) {
  const blocks = turnsOf(body).flatMap(({ content, parts }) => content ?? parts ?? []);
  const text = JSON.stringify(blocks);
  const order = ['Oslo', 'Rome', 'result 0', 'result 1', 'result 2'].map((found) => text.indexOf(found));
  return {
    roles: turnsOf(body).map(({ role }) => role),
    text,
    inOrder: order.every((at, i) => at > (order[i - 1] ?? 0)),
  };
}

/** Claude refuses to go on thinking where the history lacks the thoughts that led to its calls. */
function thinksWithoutThoughts(body: Record<string, unknown> | undefined): boolean {
  const text = JSON.stringify(body);
  return text.includes('"budget_tokens"') && !text.includes(THOUGHT.signature);
}

describe.each(FAMILIES)('%s', (family) => {
  const model = MODELS[family];
  const agent = family === 'gemini' ? 'model' : 'assistant';

  test('parallel calls come whole, with ids of their own; one without arguments has an empty object', async () => {
    stage.answer = saying(PARALLEL);
    const { message, finish } = await ask(model, [question]);
    const calls = message.tool_calls ?? [];
    expect(
      calls.map((call) => call.type === 'function' && [call.function.name, call.function.arguments]),
    ).toEqual([
      ['weather', '{"city":"Oslo"}'],
      ['weather', '{"city":"Rome"}'],
      ['now', '{}'],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
    expect({ finish, content: message.content }).toEqual({ finish: 'tool_calls', content: 'Let me see.' });
  });

  test('streamed, the indexes of parallel calls count from 0 without a hole', async () => {
    stage.answer = saying(PARALLEL);
    const stream = stage.client.chat.completions.create({ model, messages: [question], tools, stream: true });
    const pieces = (await collect(stream)).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    const joined = [0, 1, 2].map((index) => {
      const own = pieces.filter((piece) => piece.index === index);
      expect(own.filter(({ id }) => id)).toHaveLength(1);
      return own.map((piece) => piece.function?.arguments ?? '').join('');
    });
    expect(joined).toEqual(['{"city":"Oslo"}', '{"city":"Rome"}', '{}']);
    expect(new Set(pieces.map(({ index }) => index))).toEqual(new Set([0, 1, 2]));
  });

  test('a tool loop goes round with the history as the client returned it, signatures and all', async () => {
    stage.answer = saying(PARALLEL, DONE);
    const more = { reasoning_effort: 'low', max_completion_tokens: 20_000 };
    const { message } = await ask(model, [question], more);
    const history: Message[] = [question, message, ...results(message.tool_calls)];
    const last = await ask(model, history, more);
    expect(last.message.content).toBe(DONE.text);
    const { roles, text, inOrder } = historyOf(stage.sent()[1]);
    expect(roles).toEqual(['user', agent, 'user']);
    expect(inOrder).toBe(true);
    expect(text.split(THOUGHT.signature)).toHaveLength(2);
    expect(text).toContain(THOUGHT.text);
    // Thinking stays on: nothing of the loop is missing.
    expect(JSON.stringify(stage.sent()[1])).toMatch(/"(budget_tokens|thinkingBudget)":\d/);
  });

  test('the client’s own tool runner goes round too, whole and as a stream', async () => {
    const runnable = tools.map((one) => ({
      ...one,
      function: {
        ...one.function,
        parse: JSON.parse,
        function: (input: object) => `got ${JSON.stringify(input)}`,
      },
    }));
    for (const stream of [false, true]) {
      stage.answer = saying(PARALLEL, DONE);
      stage.upstream.received.length = 0;
      const params = { model, messages: [question], tools: runnable, reasoning_effort: 'low' as const };
      const run = stream
        ? stage.client.chat.completions.runTools({ ...params, stream: true })
        : stage.client.chat.completions.runTools(params);
      expect(await run.finalContent()).toBe(DONE.text);
      const { roles, text } = historyOf(stage.sent()[1]);
      expect(roles).toEqual(['user', agent, 'user']);
      expect(thinksWithoutThoughts(stage.sent()[1])).toBe(false);
      expect(text).toMatch(/got \{\\"city\\":\\"Oslo\\"\}.*got \{\\"city\\":\\"Rome\\"\}.*got \{\}/);
    }
  });

  test('LangChain, which sends no thoughts back, gets its answer', async () => {
    stage.answer = saying(PARALLEL, DONE);
    const chat = new ChatOpenAI({
      model,
      apiKey: LOCAL_KEY,
      maxRetries: 0,
      modelKwargs: { reasoning_effort: 'low' },
      configuration: { baseURL: stage.gateway.url },
    }).bindTools(tools);
    const first = await chat.invoke([new HumanMessage(question.content)]);
    expect(first.tool_calls?.map(({ name, args }) => [name, args])).toEqual([
      ['weather', { city: 'Oslo' }],
      ['weather', { city: 'Rome' }],
      ['now', {}],
    ]);
    const answers = (first.tool_calls ?? []).map(
      ({ id }, i) => new ToolMessage({ content: `result ${i}`, tool_call_id: id ?? '' }),
    );
    const last = await chat.invoke([new HumanMessage(question.content), first, ...answers]);
    expect(last.text).toBe(DONE.text);
    expect(JSON.stringify(stage.sent()[0])).toMatch(/"(budget_tokens|thinkingBudget)":\d/);
    expect(thinksWithoutThoughts(stage.sent()[1])).toBe(false);
    expect(historyOf(stage.sent()[1])).toMatchObject({ roles: ['user', agent, 'user'], inOrder: true });
  });

  test('the AI SDK runs the tools and goes on by itself', async () => {
    // Thoughts are left out: this client takes `reasoning` for a text and refuses an answer with the list.
    const { thought: _, ...calls } = PARALLEL;
    stage.answer = saying(calls, DONE);
    const sluice = createOpenAICompatible({ name: 'sluice', baseURL: stage.gateway.url, apiKey: LOCAL_KEY });
    const ran: unknown[] = [];
    const runnable = (properties: Record<string, { type: 'string' }>) =>
      tool({
        inputSchema: jsonSchema<object>({ type: 'object', properties }),
        execute: (input) => `result ${ran.push(input) - 1}`,
      });
    const { text, steps } = await generateText({
      model: sluice(model),
      prompt: question.content,
      tools: { weather: runnable({ city: { type: 'string' } }), now: runnable({}) },
      stopWhen: isStepCount(3),
      maxRetries: 0,
    });
    expect(text).toBe(DONE.text);
    expect(steps).toHaveLength(2);
    expect(ran).toEqual([OSLO.input, ROME.input, {}]);
    expect(historyOf(stage.sent()[1])).toMatchObject({ roles: ['user', agent, 'user'], inOrder: true });
  });
});

test('a history made at one vendor goes on at another', async () => {
  for (const [from, to] of [
    ['anthropic', 'gemini'],
    ['gemini', 'bedrock'],
    ['bedrock', 'anthropic'],
  ] as const) {
    stage.upstream.received.length = 0;
    stage.answer = saying(PARALLEL, DONE);
    const { message } = await ask(MODELS[from], [question]);
    const last = await ask(MODELS[to], [question, message, ...results(message.tool_calls)]);
    expect(last.message.content).toBe(DONE.text);
    expect(historyOf(stage.sent()[1]).inOrder).toBe(true);
  }
});
