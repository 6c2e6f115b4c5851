import type { AmazonBedrockProvider } from '@ai-sdk/amazon-bedrock';
import { CLAUDE, NOVA } from './support.ts';

export type Options = Parameters<ReturnType<AmazonBedrockProvider['languageModel']>['doGenerate']>[0];

const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  additionalProperties: false,
};
export const OSS = 'openai.gpt-oss-120b-1:0';
export const OPUS_48 = 'us.anthropic.claude-opus-4-8';

export const hello = { role: 'user', content: 'Hello' };
export const HELLO: Options['prompt'] = [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }];
const WEATHER = {
  type: 'function',
  function: { name: 'weather', description: 'Tells it.', parameters: schema },
};
const TIME = { type: 'function', function: { name: 'time', parameters: schema } };
const tools: Options['tools'] = [
  { type: 'function', name: 'weather', description: 'Tells it.', inputSchema: schema },
  { type: 'function', name: 'time', inputSchema: schema },
];
const calls = [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } }];
const callPart = {
  type: 'tool-call',
  toolCallId: 'a',
  toolName: 'weather',
  input: { city: 'Paris' },
} as const;
const resultPart = {
  type: 'tool-result',
  toolCallId: 'a',
  toolName: 'weather',
  output: { type: 'text', value: 'sunny' },
} as const;

export interface Case {
  readonly name: string;
  readonly openai: object;
  readonly sdk: Options;
  readonly models?: readonly string[];
  /** Paths at which we differ on purpose, and why. */
  readonly differs?: Readonly<Record<string, string>>;
}

/** In every request of the oracle's. */
export const ALWAYS: Readonly<Record<string, string>> = {
  additionalModelResponseFieldPaths:
    'asks for the stop sequence that ended the answer, which OpenAI has no field for',
};

export const CASES: readonly Case[] = [
  {
    name: 'a text',
    openai: { messages: [hello] },
    sdk: { prompt: HELLO },
    models: [CLAUDE, NOVA, OSS, OPUS_48],
  },
  {
    name: 'a system prompt, a history and a prefill',
    openai: {
      messages: [
        { role: 'system', content: 'Be brief.' },
        hello,
        { role: 'assistant', content: 'Hi.' },
        { role: 'user', content: 'And?' },
        { role: 'assistant', content: 'Well, ' },
      ],
    },
    sdk: {
      prompt: [
        { role: 'system', content: 'Be brief.' },
        ...HELLO,
        { role: 'assistant', content: [{ type: 'text', text: 'Hi.' }] },
        { role: 'user', content: [{ type: 'text', text: 'And?' }] },
        { role: 'assistant', content: [{ type: 'text', text: 'Well, ' }] },
      ],
    },
    models: [CLAUDE, NOVA],
  },
  {
    name: 'sampling, a limit and stop sequences',
    openai: { messages: [hello], temperature: 0.3, max_tokens: 100, stop: ['END'], top_k: 4 },
    sdk: { prompt: HELLO, temperature: 0.3, maxOutputTokens: 100, stopSequences: ['END'], topK: 4 },
    models: [CLAUDE, NOVA],
    differs: {
      'inferenceConfig.topK': "Converse's inferenceConfig has no such field",
      additionalModelRequestFields: "top_k is a field of the model's own",
    },
  },
  {
    name: 'a temperature that is too high',
    openai: { messages: [hello], temperature: 1.8 },
    sdk: { prompt: HELLO, temperature: 1.8 },
    models: [CLAUDE, NOVA, OSS],
  },
  {
    name: 'sampling that the model refuses',
    openai: { messages: [hello], temperature: 0.3, top_p: 0.5, max_tokens: 100 },
    sdk: { prompt: HELLO, temperature: 0.3, topP: 0.5, maxOutputTokens: 100 },
    models: [OPUS_48],
  },
  {
    name: "stop sequences that OpenAI's models refuse",
    openai: { messages: [hello], stop: ['END'], temperature: 0.5 },
    sdk: { prompt: HELLO, stopSequences: ['END'], temperature: 0.5 },
    models: [OSS],
  },
  ...(['auto', 'required', 'tool'] as const).map(
    (type): Case => ({
      name: `tools, chosen by ${type}`,
      openai: {
        messages: [hello],
        tools: type === 'tool' ? [TIME] : [WEATHER, TIME],
        ...(type === 'auto'
          ? {}
          : { tool_choice: type === 'tool' ? { type: 'function', function: { name: 'time' } } : type }),
      },
      sdk: {
        prompt: HELLO,
        tools: type === 'tool' ? tools.slice(1) : tools,
        ...(type === 'auto' ? {} : { toolChoice: type === 'tool' ? { type, toolName: 'time' } : { type } }),
      },
      models: [CLAUDE, NOVA, OSS],
    }),
  ),
  {
    name: 'a tool chosen by name beside others',
    openai: {
      messages: [hello],
      tools: [WEATHER, TIME],
      tool_choice: { type: 'function', function: { name: 'time' } },
    },
    sdk: { prompt: HELLO, tools, toolChoice: { type: 'tool', toolName: 'time' } },
    differs: { 'toolConfig.tools': 'all tools stay: leaving some out would spoil the prompt cache' },
  },
  {
    name: 'no tool to be chosen',
    openai: { messages: [hello], tools: [WEATHER], tool_choice: 'none' },
    sdk: { prompt: HELLO, tools, toolChoice: { type: 'none' } },
    models: [CLAUDE, NOVA],
  },
  {
    name: 'no two calls at once',
    openai: { messages: [hello], tools: [WEATHER, TIME], parallel_tool_calls: false },
    sdk: { prompt: HELLO, tools, providerOptions: { anthropic: { disableParallelToolUse: true } } },
  },
  {
    name: 'calls and their results',
    openai: {
      messages: [
        hello,
        { role: 'assistant', content: 'Wait.', tool_calls: calls },
        { role: 'tool', tool_call_id: 'a', content: 'sunny' },
      ],
      tools: [WEATHER, TIME],
    },
    sdk: {
      prompt: [
        ...HELLO,
        { role: 'assistant', content: [{ type: 'text', text: 'Wait.' }, callPart] },
        { role: 'tool', content: [resultPart] },
      ],
      tools,
    },
    models: [CLAUDE, NOVA],
  },
  {
    name: 'calls in the history and no tools',
    openai: {
      messages: [
        hello,
        { role: 'assistant', tool_calls: calls },
        { role: 'tool', tool_call_id: 'a', content: 'sunny' },
      ],
    },
    sdk: {
      prompt: [...HELLO, { role: 'assistant', content: [callPart] }, { role: 'tool', content: [resultPart] }],
    },
    differs: {
      messages: 'the calls stay in the history: without them the model does not know what it did',
      toolConfig: 'so Converse wants tools',
      additionalModelRequestFields: 'and none of them may be called',
    },
  },
  {
    name: 'an image and a document',
    openai: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Compare.' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
            {
              type: 'file',
              file: { filename: 'Report (1).pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
            },
          ],
        },
      ],
    },
    sdk: {
      prompt: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Compare.' },
            { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'iVBORw0KGgo=' } },
            {
              type: 'file',
              mediaType: 'application/pdf',
              filename: 'Report (1).pdf',
              data: { type: 'data', data: 'JVBERi0=' },
            },
          ],
        },
      ],
    },
    models: [CLAUDE, NOVA],
  },
  {
    name: 'a JSON answer',
    openai: {
      messages: [hello],
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
    },
    sdk: { prompt: HELLO, responseFormat: { type: 'json', schema } },
    models: [NOVA],
    differs: {
      'toolConfig.tools[0].toolSpec.description': 'other words',
      'toolConfig.toolChoice': 'the one tool is named, which says the same',
    },
  },
  {
    name: 'a service tier',
    openai: { messages: [hello], service_tier: 'flex' },
    sdk: { prompt: HELLO, providerOptions: { amazonBedrock: { serviceTier: 'flex' } } },
  },
];
