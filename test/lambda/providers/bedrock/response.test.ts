import { Upstream } from '../../../../lambda/errors.ts';
import { answered, CLAUDE, converseAnswer, thrownBy } from './support.ts';

const message = (content: object[], stopReason?: string, body?: object) =>
  answered(converseAnswer(content, stopReason), body).choices[0]?.message;

describe('a whole answer', () => {
  test('has all of its text, an id of our making and the model that was asked', () => {
    const response = answered(converseAnswer([{ text: 'Hel' }, { text: 'lo.' }]));
    expect(response).toEqual({
      id: expect.stringMatching(/^chatcmpl-\S+$/),
      object: 'chat.completion',
      created: expect.any(Number),
      model: CLAUDE,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello.', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
          native_finish_reason: 'end_turn',
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    });
    expect(response.id).not.toBe(answered(converseAnswer([{ text: 'x' }])).id);
  });

  test('has the model that a prompt router chose, where AWS tells it', () => {
    const trace = { promptRouter: { invokedModelId: 'arn:aws:bedrock:us-east-1::foundation-model/x' } };
    expect(answered(converseAnswer([], 'end_turn', { trace })).model).toMatch(/foundation-model\/x$/);
  });

  test('has every tool call, with {} where there are no arguments, and the names that the caller gave', () => {
    const tools = [{ type: 'function', function: { name: 'db.read' } }];
    const content = [
      { text: 'Let me see.' },
      { toolUse: { toolUseId: 'a', name: 'db_read', input: { id: 1 } } },
      { toolUse: { toolUseId: 'b', name: 'time' } },
    ];
    expect(message(content, 'tool_use', { tools })).toEqual({
      role: 'assistant',
      content: 'Let me see.',
      refusal: null,
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'db.read', arguments: '{"id":1}' } },
        { id: 'b', type: 'function', function: { name: 'time', arguments: '{}' } },
      ],
    });
  });

  test('has thinking with its signature, redacted thinking as it is, and the plain text', () => {
    const content = [
      { reasoningContent: { reasoningText: { text: 'Hm. ', signature: 'sig' } } },
      { reasoningContent: { redactedContent: 'b3BhcXVl' } },
      { reasoningContent: { reasoningText: { text: 'Aha.' } } },
      { text: 'Yes.' },
    ];
    expect(message(content)).toMatchObject({
      content: 'Yes.',
      reasoning: [{ content: 'Hm. ', id: 'sig' }, { redacted: true, id: 'b3BhcXVl' }, { content: 'Aha.' }],
      reasoning_content: 'Hm. Aha.',
    });
  });

  test('has citations as annotations of the text that they are for', () => {
    const content = [
      { text: 'See: ' },
      {
        citationsContent: {
          content: [{ text: 'it rains' }],
          citations: [
            { title: 'Weather', location: { web: { url: 'https://example.com', domain: 'example.com' } } },
            {
              title: 'Report',
              sourceContent: [{ text: 'rain' }],
              location: { documentPage: { documentIndex: 0, start: 1, end: 2 } },
            },
          ],
        },
      },
    ];
    expect(message(content)).toMatchObject({
      content: 'See: it rains',
      annotations: [
        {
          type: 'url_citation',
          url_citation: { url: 'https://example.com', title: 'Weather', start_index: 5, end_index: 13 },
        },
        {
          type: 'document_citation',
          document_citation: { title: 'Report', cited_text: 'rain', start_index: 5, end_index: 13 },
        },
      ],
    });
  });

  test('has the images that the model made', () => {
    expect(message([{ image: { format: 'webp', source: { bytes: 'AAAA' } } }])).toMatchObject({
      content: null,
      images: [{ type: 'image_url', image_url: { url: 'data:image/webp;base64,AAAA' } }],
    });
  });

  test('leaves out what AWS ran itself and what nobody knows yet', () => {
    const content = [
      { toolUse: { toolUseId: 'a', name: 'nova_grounding', input: {}, type: 'server_tool_use' } },
      { toolResult: { toolUseId: 'a', content: [{ text: 'x' }] } },
      { somethingNew: { text: 'x' } },
      {},
      { type: 'text', text: 'Hi.' },
    ];
    expect(answered(converseAnswer(content)).choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'Hi.', refusal: null },
      finish_reason: 'stop',
    });
  });

  test.each([{}, { output: null }, { output: { message: 'x' } }, { message: 'Too fast' }])(
    'without a message is an error: %j',
    (answer) => {
      const failure = thrownBy(() => answered(answer));
      expect(failure).toBeInstanceOf(Upstream);
      expect(failure).toMatchObject({ code: 'upstream_invalid_response' });
    },
  );

  test('may lack content, usage and a stop reason', () => {
    expect(answered({ output: { message: {} } })).toMatchObject({
      choices: [{ message: { content: null }, finish_reason: 'stop' }],
    });
    expect(answered({ output: { message: {} } })).not.toHaveProperty('usage');
  });
});

describe('the finish reason', () => {
  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['guardrail_intervened', 'content_filter'],
    ['content_filtered', 'content_filter'],
    ['malformed_tool_use', 'stop'],
    ['malformed_model_output', 'stop'],
    ['something_new', 'stop'],
  ])('%s becomes %s, and its own name stands beside', (native, reason) => {
    expect(answered(converseAnswer([{ text: 'x' }], native)).choices[0]).toMatchObject({
      finish_reason: reason,
      native_finish_reason: native,
    });
  });

  test.each(['tool_use', 'end_turn'])('is tool_calls where tools were called, also under %s', (native) => {
    const content = [{ toolUse: { toolUseId: 'a', name: 'x', input: {} } }];
    expect(answered(converseAnswer(content, native)).choices[0]?.finish_reason).toBe('tool_calls');
  });
});

describe('usage', () => {
  test('counts what was cached to the prompt, and adds up', () => {
    const usage = {
      inputTokens: 10,
      outputTokens: 5,
      totalTokens: 15,
      cacheReadInputTokens: 100,
      cacheWriteInputTokens: 20,
    };
    expect(answered(converseAnswer([], 'end_turn', { usage })).usage).toEqual({
      prompt_tokens: 130,
      completion_tokens: 5,
      total_tokens: 135,
      prompt_tokens_details: { cached_tokens: 100, cache_creation_tokens: 20 },
    });
  });

  test('takes null for nothing', () => {
    const usage = { inputTokens: 10, outputTokens: 5, cacheReadInputTokens: null };
    expect(answered(converseAnswer([], 'end_turn', { usage })).usage).toEqual({
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
    });
  });
});
