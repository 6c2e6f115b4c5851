import { createAnthropic } from '@ai-sdk/anthropic';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { encoded } from './support.ts';

/**
 * The same requests through another maker's conversion. Where the two bodies differ, the difference is in the list with
 * its reason, or the test fails: what that maker learns of the vendor arrives here as a failing test.
 */
type Options = Parameters<ReturnType<ReturnType<typeof createAnthropic>>['doGenerate']>[0];

async function oracle(options: Options, model: string): Promise<JsonObject> {
  let sent: JsonObject | undefined;
  const fetch = async (_url: unknown, init?: { body?: unknown }) => {
    sent = JSON.parse(String(init?.body)) as JsonObject;
    return new Response('{}', { status: 500 });
  };
  const anthropic = createAnthropic({ apiKey: 'sk-ant-not-a-key', fetch: fetch as typeof globalThis.fetch });
  // The answer is an error on purpose: only what was sent counts.
  await Promise.resolve(anthropic(model).doGenerate(options)).catch(() => undefined);
  if (sent === undefined) throw new Error('the oracle sent nothing');
  return sent;
}

/** Paths at which two bodies differ: `tools.0.strict`. */
function differences(ours: unknown, theirs: unknown, path = ''): string[] {
  const bothObjects = [ours, theirs].every((value) => typeof value === 'object' && value !== null);
  if (!bothObjects) return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [path];
  const keys = new Set([...Object.keys(ours as object), ...Object.keys(theirs as object)]);
  return [...keys].flatMap((key) =>
    differences((ours as JsonObject)[key], (theirs as JsonObject)[key], path === '' ? key : `${path}.${key}`),
  );
}

interface Case {
  readonly name: string;
  readonly model?: string;
  readonly body: JsonObject;
  readonly options: Partial<Options>;
  /** Path → why the two may differ there. */
  readonly differ?: Readonly<Record<string, string>>;
}

const ADDED = 'OpenAI’s limit holds the thinking; theirs is added to it';
const hello = [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }] as Options['prompt'];
const parameters = {
  type: 'object' as const,
  properties: { x: { type: 'number' as const } },
  required: ['x'],
  additionalProperties: false,
};
const tool = { type: 'function', function: { name: 'f', description: 'd', parameters } };
const theirTool = { type: 'function' as const, name: 'f', description: 'd', inputSchema: parameters };
const schema = {
  type: 'object' as const,
  properties: { n: { type: 'integer' as const, minimum: 1 }, c: { type: 'string' as const } },
  required: ['n', 'c'],
  additionalProperties: false,
};
const call = { id: 't1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } };

const cases: Case[] = [
  { name: 'a plain question', body: { max_tokens: 50 }, options: { maxOutputTokens: 50 } },
  { name: 'no limit', body: {}, options: {} },
  { name: 'no limit on the newest model', model: 'claude-opus-5-5', body: {}, options: {} },
  {
    name: 'a limit above the model’s',
    body: { max_tokens: 99_000 },
    options: { maxOutputTokens: 99_000 },
    differ: { max_tokens: 'a caller’s limit is never lowered: the vendor judges it' },
  },
  {
    name: 'sampling and stop words',
    body: { max_tokens: 5, temperature: 0.5, stop: ['x'], top_k: 3 },
    options: { maxOutputTokens: 5, temperature: 0.5, stopSequences: ['x'], topK: 3 },
  },
  {
    name: 'a temperature that is too high',
    body: { max_tokens: 5, temperature: 1.5 },
    options: { maxOutputTokens: 5, temperature: 1.5 },
  },
  {
    name: 'temperature and top_p together',
    body: { max_tokens: 5, temperature: 0.5, top_p: 0.5 },
    options: { maxOutputTokens: 5, temperature: 0.5, topP: 0.5 },
  },
  {
    name: 'sampling on a model that takes none',
    model: 'claude-opus-4-8',
    body: { max_tokens: 5, temperature: 0.5, top_p: 0.5, top_k: 4 },
    options: { maxOutputTokens: 5, temperature: 0.5, topP: 0.5, topK: 4 },
  },
  {
    name: 'sampling on a model that nobody knows',
    model: 'claude-next-9',
    body: { max_tokens: 5, temperature: 0.5 },
    options: { maxOutputTokens: 5, temperature: 0.5 },
    differ: { temperature: 'nothing is left out for an unknown model' },
  },
  {
    name: 'no limit on a model that nobody knows',
    model: 'claude-next-9',
    body: {},
    options: {},
    differ: { max_tokens: 'a default that every current Claude takes, not the newest’s' },
  },
  {
    name: 'system text and turns',
    body: {
      max_tokens: 5,
      messages: [
        { role: 'system', content: 'S' },
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: 'c' },
      ],
    },
    options: {
      maxOutputTokens: 5,
      prompt: [
        { role: 'system', content: 'S' },
        { role: 'user', content: [{ type: 'text', text: 'a' }] },
        { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
        { role: 'user', content: [{ type: 'text', text: 'c' }] },
      ],
    },
  },
  {
    name: 'a prefill with white space at its end',
    body: {
      max_tokens: 5,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b ' },
      ],
    },
    options: {
      maxOutputTokens: 5,
      prompt: [
        { role: 'user', content: [{ type: 'text', text: 'a' }] },
        { role: 'assistant', content: [{ type: 'text', text: 'b ' }] },
      ],
    },
  },
  {
    name: 'a tool',
    body: { max_tokens: 5, tools: [tool] },
    options: { maxOutputTokens: 5, tools: [theirTool] },
  },
  {
    name: 'a tool and the choice auto',
    body: { max_tokens: 5, tools: [tool], tool_choice: 'auto' },
    options: { maxOutputTokens: 5, tools: [theirTool], toolChoice: { type: 'auto' } },
  },
  {
    name: 'a required tool',
    body: { max_tokens: 5, tools: [tool], tool_choice: 'required' },
    options: { maxOutputTokens: 5, tools: [theirTool], toolChoice: { type: 'required' } },
  },
  {
    name: 'a named tool, one call at a time',
    body: {
      max_tokens: 5,
      tools: [tool],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
    },
    options: {
      maxOutputTokens: 5,
      tools: [theirTool],
      toolChoice: { type: 'tool', toolName: 'f' },
      providerOptions: { anthropic: { disableParallelToolUse: true } },
    },
  },
  {
    name: 'no tool to be called',
    body: { max_tokens: 5, tools: [tool], tool_choice: 'none' },
    options: { maxOutputTokens: 5, tools: [theirTool], toolChoice: { type: 'none' } },
  },
  {
    name: 'a tool loop',
    body: {
      max_tokens: 5,
      tools: [tool],
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', content: 'ok', tool_calls: [call] },
        { role: 'tool', tool_call_id: 't1', content: 'R' },
      ],
    },
    options: {
      maxOutputTokens: 5,
      tools: [theirTool],
      prompt: [
        { role: 'user', content: [{ type: 'text', text: 'go' }] },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'ok' },
            { type: 'tool-call', toolCallId: 't1', toolName: 'f', input: { x: 1 } },
          ],
        },
        {
          role: 'tool',
          content: [
            { type: 'tool-result', toolCallId: 't1', toolName: 'f', output: { type: 'text', value: 'R' } },
          ],
        },
      ],
    },
    differ: { 'messages.2.content.0.content': 'text as a block or as a string: the vendor takes both' },
  },
  {
    name: 'an image and a PDF',
    body: {
      max_tokens: 5,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
            { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' } },
          ],
        },
      ],
    },
    options: {
      maxOutputTokens: 5,
      prompt: [
        {
          role: 'user',
          content: [
            {
              type: 'file',
              mediaType: 'image/png',
              data: { type: 'url', url: new URL('https://example.com/a.png') },
            },
            { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } },
            {
              type: 'file',
              mediaType: 'application/pdf',
              filename: 'a.pdf',
              data: { type: 'data', data: 'AAAA' },
            },
          ],
        },
      ],
    },
  },
  {
    name: 'a schema on a model that has its own way',
    body: { max_tokens: 5, response_format: { type: 'json_schema', json_schema: { name: 's', schema } } },
    options: { maxOutputTokens: 5, responseFormat: { type: 'json', schema, name: 's' } },
  },
  {
    name: 'a schema on a model that has none',
    model: 'claude-sonnet-4-20250514',
    body: { max_tokens: 5, response_format: { type: 'json_schema', json_schema: { name: 's', schema } } },
    options: { maxOutputTokens: 5, responseFormat: { type: 'json', schema, name: 's' } },
    differ: {
      'tools.0.description': 'words of our own',
      'tool_choice.type': 'the one tool by name, or any of the one',
      'tool_choice.name': 'the one tool by name, or any of the one',
    },
  },
  {
    name: 'a schema beside tools on a model that has no way of its own',
    model: 'claude-sonnet-4-20250514',
    body: {
      max_tokens: 5,
      tools: [tool],
      response_format: { type: 'json_schema', json_schema: { name: 's', schema } },
    },
    options: { maxOutputTokens: 5, tools: [theirTool], responseFormat: { type: 'json', schema, name: 's' } },
    differ: { 'tools.1.description': 'words of our own' },
  },
  {
    name: 'JSON without a schema',
    body: { max_tokens: 5, response_format: { type: 'json_object' } },
    options: { maxOutputTokens: 5, responseFormat: { type: 'json' } },
    differ: {
      tools: 'theirs ignores the format; a tool keeps it here',
      tool_choice: 'theirs ignores the format; a tool keeps it here',
    },
  },
  {
    name: 'a budget for thinking within the limit',
    body: { max_tokens: 5000, reasoning_budget: 2000 },
    options: {
      maxOutputTokens: 5000,
      providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2000 } } },
    },
    differ: { max_tokens: ADDED },
  },
  {
    name: 'an effort on a model that thinks by a budget',
    body: { max_tokens: 5000, reasoning_effort: 'medium' },
    options: { maxOutputTokens: 5000, reasoning: 'medium' },
    differ: {
      max_tokens: ADDED,
      'thinking.budget_tokens': 'a share of the caller’s limit, not of the model’s',
    },
  },
  {
    name: 'an effort on a model that thinks adaptively',
    model: 'claude-opus-4-8',
    body: { max_tokens: 5000, reasoning_effort: 'high' },
    options: { maxOutputTokens: 5000, reasoning: 'high' },
  },
  {
    name: 'no effort',
    body: { max_tokens: 50, reasoning_effort: 'none' },
    options: { maxOutputTokens: 50, reasoning: 'none' },
  },
  {
    name: 'no effort on a model that always thinks',
    model: 'claude-opus-5-5',
    body: { max_tokens: 50, reasoning_effort: 'none' },
    options: { maxOutputTokens: 50, reasoning: 'none' },
  },
  {
    name: 'no effort on a model that thinks between tools at least',
    model: 'claude-sonnet-5-5',
    body: { max_tokens: 50, reasoning_effort: 'none' },
    options: { maxOutputTokens: 50, reasoning: 'none' },
  },
  {
    name: 'thinking beside a required tool',
    body: { max_tokens: 5000, reasoning_budget: 2000, tools: [tool], tool_choice: 'required' },
    options: {
      maxOutputTokens: 5000,
      tools: [theirTool],
      toolChoice: { type: 'required' },
      providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2000 } } },
    },
    differ: {
      max_tokens: ADDED,
      thinking: 'a forced tool wins over thinking, which is named; theirs drops the force',
      'tool_choice.type': 'a forced tool wins over thinking, which is named; theirs drops the force',
    },
  },
  {
    name: 'thinking that goes back with its signature',
    body: {
      max_tokens: 5000,
      messages: [
        { role: 'user', content: 'go' },
        {
          role: 'assistant',
          content: 'ok',
          reasoning: [
            { content: 'hm', id: 'sig' },
            { redacted: true, id: 'blob' },
          ],
        },
        { role: 'user', content: 'on' },
      ],
    },
    options: {
      maxOutputTokens: 5000,
      prompt: [
        { role: 'user', content: [{ type: 'text', text: 'go' }] },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'hm', providerOptions: { anthropic: { signature: 'sig' } } },
            { type: 'reasoning', text: '', providerOptions: { anthropic: { redactedData: 'blob' } } },
            { type: 'text', text: 'ok' },
          ],
        },
        { role: 'user', content: [{ type: 'text', text: 'on' }] },
      ],
    },
  },
  {
    name: 'who asks, and the tier',
    body: { max_tokens: 5, user: 'u', service_tier: 'auto' },
    options: {
      maxOutputTokens: 5,
      providerOptions: { anthropic: { metadata: { userId: 'u' }, serviceTier: 'auto' } },
    },
  },
  {
    name: 'a cache mark on a part',
    body: {
      max_tokens: 5,
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] },
      ],
    },
    options: {
      maxOutputTokens: 5,
      prompt: [
        {
          role: 'user',
          content: [
            {
              type: 'text',
              text: 'a',
              providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } },
            },
          ],
        },
      ],
    },
  },
];

describe('against another conversion', () => {
  test.each(cases)('$name: nothing differs but what may', async ({ model, body, options, differ }) => {
    const name = model ?? 'claude-sonnet-4-5-20250929';
    const theirs = await oracle({ prompt: hello, ...options } as Options, name);
    expect(differences(encoded(body, name), theirs).toSorted()).toEqual(Object.keys(differ ?? {}).toSorted());
  });
});
