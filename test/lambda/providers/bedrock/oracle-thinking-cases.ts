import { type Case, HELLO, hello, OPUS_48, OSS } from './oracle-cases.ts';

const OPUS_46 = 'us.anthropic.claude-opus-4-6-v1';
const NOVA_2 = 'us.amazon.nova-2-lite-v1:0';
const signed = { amazonBedrock: { signature: 'sig' } };

export const THINKING_CASES: readonly Case[] = [
  {
    name: 'signed thinking',
    openai: {
      messages: [
        hello,
        { role: 'assistant', content: 'Hi.', reasoning: [{ content: 'Hm.', id: 'sig' }] },
        hello,
      ],
    },
    sdk: {
      prompt: [
        ...HELLO,
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'Hm.', providerOptions: signed },
            { type: 'text', text: 'Hi.' },
          ],
        },
        ...HELLO,
      ],
    },
  },
  {
    name: 'adaptive thinking',
    openai: { messages: [hello], reasoning_effort: 'high' },
    sdk: { prompt: HELLO, reasoning: 'high' },
    models: [OPUS_46, OPUS_48],
  },
  {
    name: 'a thinking budget',
    openai: { messages: [hello], reasoning_budget: 2000, max_tokens: 6000 },
    sdk: {
      prompt: HELLO,
      maxOutputTokens: 6000,
      providerOptions: { amazonBedrock: { reasoningConfig: { type: 'enabled', budgetTokens: 2000 } } },
    },
    differs: { 'inferenceConfig.maxTokens': "OpenAI's limit includes what is thought" },
  },
  {
    name: "Nova's thinking",
    openai: { messages: [hello], reasoning_effort: 'medium', max_tokens: 500 },
    sdk: { prompt: HELLO, reasoning: 'medium', maxOutputTokens: 500 },
    models: [NOVA_2],
  },
  {
    name: "Nova's deepest thinking under a limit",
    openai: { messages: [hello], reasoning_effort: 'high', max_tokens: 500 },
    sdk: { prompt: HELLO, reasoning: 'high', maxOutputTokens: 500 },
    models: [NOVA_2],
    differs: {
      inferenceConfig: "the caller's limit holds",
      'additionalModelRequestFields.reasoningConfig.maxReasoningEffort': 'so the effort is lowered',
    },
  },
  {
    name: "gpt-oss's thinking",
    openai: { messages: [hello], reasoning_effort: 'low' },
    sdk: { prompt: HELLO, reasoning: 'low' },
    models: [OSS],
  },
];
