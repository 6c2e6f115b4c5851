import { type Case, hello, helloPrompt, type Options, text } from './oracle-case.ts';

const RESULT = 'Google’s key for a result is `output`; an object is the result itself';
const SIGNED = 'only the first call of a step has to be signed';

const call = (id: string) => ({
  id,
  type: 'function',
  function: { name: 'weather', arguments: '{"city":"Oslo"}' },
});
const callPart = (id: string) => ({
  type: 'tool-call' as const,
  toolCallId: id,
  toolName: 'weather',
  input: { city: 'Oslo' },
});
const resultPart = (id: string, value: string) => ({
  type: 'tool-result' as const,
  toolCallId: id,
  toolName: 'weather',
  output: { type: 'text' as const, value },
});
const toolLoop = {
  messages: [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: 'Let me see', tool_calls: [call('a'), call('b')] },
    { role: 'tool', tool_call_id: 'a', content: 'Rain' },
    { role: 'tool', tool_call_id: 'b', content: 'Sun' },
    { role: 'assistant', content: 'Both' },
    { role: 'user', content: 'Thanks' },
  ],
};
const toolLoopPrompt: Options = {
  prompt: [
    { role: 'user', content: [text('Weather?')] },
    { role: 'assistant', content: [text('Let me see'), callPart('a'), callPart('b')] },
    { role: 'tool', content: [resultPart('a', 'Rain'), resultPart('b', 'Sun')] },
    { role: 'assistant', content: [text('Both')] },
    { role: 'user', content: [text('Thanks')] },
  ],
};
const resultDifferences = (index: number) => ({
  [`contents[2].parts[${index}].functionResponse.response.name`]: RESULT,
  [`contents[2].parts[${index}].functionResponse.response.content`]: RESULT,
  [`contents[2].parts[${index}].functionResponse.response.output`]: RESULT,
});

export const CONVERSATIONS: Case[] = [
  { name: 'a greeting', model: 'gemini-2.5-flash', ours: hello, theirs: helloPrompt },
  {
    name: 'system messages in front',
    model: 'gemini-2.5-flash',
    ours: {
      messages: [
        { role: 'system', content: 'A' },
        { role: 'developer', content: 'B' },
        { role: 'user', content: 'Hi' },
      ],
    },
    theirs: {
      prompt: [
        { role: 'system', content: 'A' },
        { role: 'system', content: 'B' },
        { role: 'user', content: [text('Hi')] },
      ],
    },
  },
  {
    name: 'a system message to a model that takes none',
    model: 'gemma-3-27b-it',
    ours: { messages: [{ role: 'system', content: 'A' }, ...hello.messages] },
    theirs: {
      prompt: [
        { role: 'system', content: 'A' },
        { role: 'user', content: [text('Hi')] },
      ],
    },
    differences: { 'contents[0].parts[0].text': 'a part of its own needs no blank lines behind it' },
  },
  {
    name: 'a tool loop with parallel calls',
    model: 'gemini-2.5-flash',
    ours: toolLoop,
    theirs: toolLoopPrompt,
    differences: { ...resultDifferences(0), ...resultDifferences(1) },
  },
  {
    name: 'a tool loop without signatures to Gemini 3',
    model: 'gemini-3-pro-preview',
    ours: toolLoop,
    theirs: toolLoopPrompt,
    differences: {
      ...resultDifferences(0),
      ...resultDifferences(1),
      'contents[1].parts[2].thoughtSignature': SIGNED,
    },
  },
  {
    name: 'an image and a PDF',
    model: 'gemini-2.5-flash',
    ours: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'See' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
            { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
            { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
          ],
        },
      ],
    },
    theirs: {
      prompt: [
        {
          role: 'user',
          content: [
            text('See'),
            { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'iVBORw0KGgo=' } },
            { type: 'file', mediaType: 'application/pdf', data: { type: 'data', data: 'JVBERi0=' } },
            { type: 'file', mediaType: 'audio/wav', data: { type: 'data', data: 'UklGRg==' } },
          ],
        },
      ],
    },
  },
];
