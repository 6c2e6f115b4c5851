import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { StreamError } from '../../../../lambda/streams/stream-error.ts';
import { decode, encoded } from './support.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/anthropic');
const message = JSON.parse(readFileSync(join(fixtures, 'message.json'), 'utf8')) as JsonObject;

function answer(content: JsonObject[], more: JsonObject = {}): JsonObject {
  return {
    type: 'message',
    id: 'm',
    model: 'c',
    content,
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
    ...more,
  };
}

const text = (value: string, citations?: JsonObject[]) => ({
  type: 'text',
  text: value,
  ...(citations ? { citations } : {}),
});

describe('a whole answer', () => {
  test('all of it is one chat completion', () => {
    const { created, ...response } = decode(message);
    expect(created).toBeGreaterThan(1_700_000_000);
    expect(response).toEqual({
      id: 'msg_01Own',
      object: 'chat.completion',
      model: 'claude-own-1',
      choices: [
        {
          index: 0,
          logprobs: null,
          finish_reason: 'tool_calls',
          native_finish_reason: 'tool_use',
          message: {
            role: 'assistant',
            content: 'I’ll look it up 🔎 — it snows.',
            refusal: null,
            reasoning: [
              { content: 'Zürich or Genève?', id: 'c2lnbmVk' },
              { redacted: true, id: 'aGlkZGVu' },
            ],
            reasoning_content: 'Zürich or Genève?',
            annotations: [
              {
                type: 'url_citation',
                url_citation: {
                  url: 'https://example.com/w',
                  title: 'Weather',
                  content: 'It snows.',
                  start_index: 21,
                  end_index: 30,
                },
              },
            ],
            tool_calls: [
              { id: 'toolu_1', type: 'function', function: { name: 'pack', arguments: '{"what":"skis"}' } },
              { id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '{}' } },
            ],
          },
        },
      ],
      usage: {
        prompt_tokens: 73,
        completion_tokens: 90,
        total_tokens: 163,
        prompt_tokens_details: { cached_tokens: 7, cache_creation_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 25 },
      },
    });
  });

  test('the assistant’s message goes back as the vendor sent it, vendor’s tools aside', () => {
    const { message: said } = decode(message).choices[0] ?? {};
    const results = ['toolu_1', 'toolu_2'].map((id) => ({ role: 'tool', tool_call_id: id, content: 'ok' }));
    const messages = [{ role: 'user', content: 'go' }, said as unknown as JsonObject, ...results];
    const [, turn] = encoded({ messages }).messages as { content: JsonObject[] }[];
    expect(turn?.content).toEqual([
      { type: 'thinking', thinking: 'Zürich or Genève?', signature: 'c2lnbmVk' },
      { type: 'redacted_thinking', data: 'aGlkZGVu' },
      text('I’ll look it up 🔎 — it snows.'),
      { type: 'tool_use', id: 'toolu_1', name: 'pack', input: { what: 'skis' } },
      { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} },
    ]);
  });

  const reasons: [string, string | null, string][] = [
    ['end_turn', 'end_turn', 'stop'],
    ['stop_sequence', 'stop_sequence', 'stop'],
    ['pause_turn', 'pause_turn', 'stop'],
    ['max_tokens', 'max_tokens', 'length'],
    ['model_context_window_exceeded', 'model_context_window_exceeded', 'length'],
    ['refusal', 'refusal', 'content_filter'],
    ['a tool use that is not the client’s', 'tool_use', 'stop'],
    ['compaction', 'compaction', 'stop'],
    ['a reason of tomorrow', 'reason_of_tomorrow', 'stop'],
    ['no reason', null, 'stop'],
  ];
  test.each(reasons)('%s becomes OpenAI’s word, its own beside it', (_name, stop_reason, finish) => {
    const choice = decode(answer([text('x')], { stop_reason })).choices[0];
    expect(choice?.finish_reason).toBe(finish);
    expect(choice?.native_finish_reason).toBe(stop_reason ?? undefined);
  });

  test.each([
    ['with the vendor’s words', { explanation: 'It may do harm.', category: 'cyber' }, 'It may do harm.'],
    [
      'with its category where there are no words',
      { explanation: null, category: 'bio' },
      'The model refused to answer (bio).',
    ],
    ['without either', null, 'The model refused to answer.'],
  ] as [string, JsonObject | null, string][])('a refusal says so %s', (_name, stop_details, refusal) => {
    const choice = decode(answer([], { stop_reason: 'refusal', stop_details })).choices[0];
    expect(choice?.message).toMatchObject({ content: null, refusal });
  });

  test('citations of documents keep what the vendor says of the place', () => {
    const citation = {
      type: 'page_location',
      cited_text: 'So.',
      document_index: 0,
      document_title: 'T',
      start_page_number: 2,
      end_page_number: 3,
      file_id: null,
    };
    const [choice] = decode(answer([text('a'), text('bc', [citation])])).choices;
    expect(choice?.message.annotations).toEqual([
      {
        type: 'file_citation',
        file_citation: {
          document_index: 0,
          document_title: 'T',
          start_page_number: 2,
          end_page_number: 3,
          file_id: null,
          location: 'page_location',
          content: 'So.',
          start_index: 1,
          end_index: 3,
        },
      },
    ]);
  });

  test('citations of search results are URL citations, and those of tomorrow are left out', () => {
    const citations = [
      { type: 'search_result_location', cited_text: 'a', source: 'https://example.com', title: null },
      { type: 'location_of_tomorrow' },
    ];
    const [choice] = decode(answer([text('x', citations)])).choices;
    expect(choice?.message.annotations).toEqual([
      {
        type: 'url_citation',
        url_citation: { url: 'https://example.com', title: '', content: 'a', start_index: 0, end_index: 1 },
      },
    ]);
  });

  test('an answer without content, usage or anything is an answer', () => {
    const response = decode({ type: 'message' });
    expect(response.choices[0]).toMatchObject({ message: { content: null }, finish_reason: 'stop' });
    expect(response.model).toBe('claude-sonnet-4-20250514');
  });

  test('an error under status 200 is an error', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    expect(() => decode(error)).toThrow(new StreamError(JSON.stringify(error)));
  });
});
