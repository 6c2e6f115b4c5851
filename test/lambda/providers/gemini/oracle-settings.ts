import { type Case, hello, helloPrompt, schema } from './oracle-case.ts';

const LIMIT = 'OpenAI’s token limit counts thoughts, so the budget shrinks inside it';
const BUDGET = 'Google’s own table of efforts, not a share of the model’s longest answer';
const THOUGHTS = 'who asks for thinking sees the thoughts';
const EMPTY = 'an absent description need not be said';

const weather = { type: 'function' as const, name: 'weather', description: 'Tells it', inputSchema: schema };
const weatherTool = {
  type: 'function',
  function: { name: 'weather', description: 'Tells it', parameters: schema },
};

export const SETTINGS: Case[] = [
  {
    name: 'sampling',
    model: 'gemini-3-flash-preview',
    ours: {
      ...hello,
      max_completion_tokens: 64,
      temperature: 0,
      top_p: 0.5,
      top_k: 3,
      stop: ['x'],
      seed: 4,
      presence_penalty: 0.5,
      frequency_penalty: 0.25,
    },
    theirs: {
      ...helloPrompt,
      maxOutputTokens: 64,
      temperature: 0,
      topP: 0.5,
      topK: 3,
      stopSequences: ['x'],
      seed: 4,
      presencePenalty: 0.5,
      frequencyPenalty: 0.25,
    },
  },
  {
    name: 'penalties to 2.5',
    model: 'gemini-2.5-flash',
    ours: { ...hello, presence_penalty: 0.5 },
    theirs: { ...helloPrompt, presencePenalty: 0.5 },
  },
  {
    name: 'tools left to the model',
    model: 'gemini-2.5-flash',
    ours: { ...hello, tools: [weatherTool] },
    theirs: { ...helloPrompt, tools: [weather] },
    differences: {
      'tools[0].functionDeclarations[0].parametersJsonSchema.properties.city.const':
        'Gemini knows no constants, in parameters either',
      'tools[0].functionDeclarations[0].parametersJsonSchema.properties.city.enum[0]':
        'Gemini knows no constants, in parameters either',
    },
  },
  {
    name: 'a tool that must be called, without parameters',
    model: 'gemini-2.5-flash',
    ours: {
      ...hello,
      tools: [
        { type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } },
      ],
      tool_choice: { type: 'function', function: { name: 'now' } },
    },
    theirs: {
      ...helloPrompt,
      tools: [{ type: 'function', name: 'now', inputSchema: { type: 'object', properties: {} } }],
      toolChoice: { type: 'tool', toolName: 'now' },
    },
    differences: {
      'tools[0].functionDeclarations[0].description': EMPTY,
      'tools[0].functionDeclarations[0].parametersJsonSchema.type': 'a function without parameters has none',
    },
  },
  ...(['auto', 'none', 'required'] as const).map((choice) => ({
    name: `the tool choice ${choice}`,
    model: 'gemini-2.5-flash',
    ours: {
      ...hello,
      tools: [
        {
          type: 'function',
          function: { name: 'f', description: 'd', parameters: { type: 'object', properties: { a: {} } } },
        },
      ],
      tool_choice: choice,
    },
    theirs: {
      ...helloPrompt,
      tools: [
        {
          type: 'function' as const,
          name: 'f',
          description: 'd',
          inputSchema: { type: 'object' as const, properties: { a: {} } },
        },
      ],
      toolChoice: { type: choice },
    },
  })),
  {
    name: 'an answer in a schema',
    model: 'gemini-2.5-flash',
    ours: { ...hello, response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } },
    theirs: { ...helloPrompt, responseFormat: { type: 'json', schema } },
  },
  {
    name: 'an answer in JSON',
    model: 'gemini-2.5-flash',
    ours: { ...hello, response_format: { type: 'json_object' } },
    theirs: { ...helloPrompt, responseFormat: { type: 'json' } },
  },
  {
    name: 'little thinking, by level',
    model: 'gemini-3-flash-preview',
    ours: { ...hello, reasoning_effort: 'low' },
    theirs: { ...helloPrompt, reasoning: 'low' },
    differences: { 'generationConfig.thinkingConfig.includeThoughts': THOUGHTS },
  },
  {
    name: 'no thinking',
    model: 'gemini-2.5-flash',
    ours: { ...hello, reasoning_effort: 'none' },
    theirs: { ...helloPrompt, reasoning: 'none' },
  },
  {
    name: 'some thinking inside a limit, by budget',
    model: 'gemini-2.5-flash',
    ours: { ...hello, reasoning_effort: 'medium', max_completion_tokens: 1024 },
    theirs: { ...helloPrompt, reasoning: 'medium', maxOutputTokens: 1024 },
    differences: {
      'generationConfig.thinkingConfig.thinkingBudget': `${LIMIT}; ${BUDGET}`,
      'generationConfig.thinkingConfig.includeThoughts': THOUGHTS,
    },
  },
  {
    name: 'a search by the vendor',
    model: 'gemini-3-flash-preview',
    ours: { ...hello, tools: [{ googleSearch: {} }] },
    theirs: {
      ...helloPrompt,
      tools: [{ type: 'provider', id: 'google.google_search', name: 'search', args: {} }],
    },
  },
  {
    name: 'what only Gemini knows',
    model: 'gemini-2.5-flash',
    ours: {
      ...hello,
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      cachedContent: 'cachedContents/1',
      generationConfig: { responseModalities: ['TEXT', 'IMAGE'] },
    },
    theirs: {
      ...helloPrompt,
      providerOptions: {
        google: {
          safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
          cachedContent: 'cachedContents/1',
          responseModalities: ['TEXT', 'IMAGE'],
        },
      },
    },
  },
];
