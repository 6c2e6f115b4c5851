import { Upstream } from '../../../../lambda/errors.ts';
import { decodeError } from '../../../../lambda/providers/bedrock/error.ts';
import { StreamError } from '../../../../lambda/streams/stream-error.ts';
import { assemble } from './chunk-rules.ts';
import { callOf, conversion, encoded, routeOf, streamed, thrownBy } from './support.ts';

const START = { messageStart: { role: 'assistant' } };
const stop = (stopReason = 'end_turn') => ({ messageStop: { stopReason } });
const METADATA = {
  metadata: { usage: { inputTokens: 5, outputTokens: 7, totalTokens: 12, cacheReadInputTokens: 3 } },
};
const delta = (index: number, value: object) => ({
  contentBlockDelta: { contentBlockIndex: index, delta: value },
});
const said = (text: string, index = 0) => delta(index, { text });
const ended = (index: number) => ({ contentBlockStop: { contentBlockIndex: index } });
const tool = (index: number, toolUseId: string, name: string, more: object = {}) => ({
  contentBlockStart: { contentBlockIndex: index, start: { toolUse: { toolUseId, name, ...more } } },
});
const input = (index: number, text: string) => delta(index, { toolUse: { input: text } });
const thought = (index: number, value: object) => delta(index, { reasoningContent: value });
const USAGE = { stream_options: { include_usage: true } };

describe('a stream', () => {
  test('has the role first, text as it comes, one finish and the usage last', () => {
    const chunks = streamed([START, said(' Hel'), said('lo\n'), ended(0), stop(), METADATA], USAGE);
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: null },
      { content: ' Hel' },
      { content: 'lo\n' },
      {},
      undefined,
    ]);
    expect(chunks.at(-2)?.choices[0]).toMatchObject({
      finish_reason: 'stop',
      native_finish_reason: 'end_turn',
    });
    expect(assemble(chunks).usage).toEqual({
      prompt_tokens: 8,
      completion_tokens: 7,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 3 },
    });
  });

  test('has no usage chunk where nobody asked, and keeps the usage for the log', () => {
    const decoder = conversion().decodeStream(callOf({ stream: true }), routeOf());
    for (const event of [START, stop(), METADATA]) decoder.onEvent(event);
    expect(decoder.end()).toEqual([]);
    expect(decoder.usage).toMatchObject({ total_tokens: 15 });
  });

  test('has its usage also where it comes before the finish', () => {
    expect(assemble(streamed([said('x'), METADATA, stop()], USAGE)).usage).toMatchObject({
      total_tokens: 15,
    });
  });

  test('counts tool calls from 0 whatever the blocks before them, interleaved ones too', () => {
    const chunks = streamed([
      START,
      said('Let me see.'),
      ended(0),
      tool(1, 'a', 'weather'),
      tool(4, 'b', 'time'),
      input(4, '{"zone":'),
      input(1, '{"city":"Par'),
      input(4, '"UTC"}'),
      input(1, 'is"}'),
      ended(1),
      ended(4),
      tool(5, 'c', 'noop'),
      input(5, ''),
      ended(5),
      stop('tool_use'),
    ]);
    expect(assemble(chunks)).toMatchObject({
      content: 'Let me see.',
      calls: [
        { id: 'a', function: { name: 'weather', arguments: '{"city":"Paris"}' } },
        { id: 'b', function: { name: 'time', arguments: '{"zone":"UTC"}' } },
        { id: 'c', function: { name: 'noop', arguments: '{}' } },
      ],
      finish: 'tool_calls',
    });
  });

  test('gives arguments to a tool whose block never stops', () => {
    expect(assemble(streamed([tool(0, 'a', 'noop'), stop('tool_use')])).calls[0]?.function.arguments).toBe(
      '{}',
    );
  });

  test('gives back the names that the caller gave', () => {
    const tools = [{ type: 'function', function: { name: 'db.read' } }];
    expect(
      assemble(streamed([tool(0, 'a', 'db_read'), ended(0), stop('tool_use')], { tools })).calls[0]?.function
        .name,
    ).toBe('db.read');
  });

  test('has thinking as it comes, its signature when it is whole, redacted thinking whole', () => {
    const chunks = streamed([
      START,
      thought(0, { text: 'Hm' }),
      thought(0, { text: '.' }),
      thought(0, { signature: 'si' }),
      thought(0, { signature: 'g' }),
      ended(0),
      thought(1, { redactedContent: Buffer.from('opa').toString('base64') }),
      thought(1, { redactedContent: Buffer.from('que!').toString('base64') }),
      ended(1),
      said('Yes.', 2),
      stop(),
    ]);
    expect(chunks.slice(1, -2).map(({ choices }) => choices[0]?.delta)).toEqual([
      { reasoning: { content: 'Hm' }, reasoning_content: 'Hm' },
      { reasoning: { content: '.' }, reasoning_content: '.' },
      { reasoning: { id: 'sig' } },
      { reasoning: { redacted: true, id: Buffer.from('opaque!').toString('base64') } },
    ]);
  });

  test('gives back thinking that Bedrock takes again', () => {
    const events = [
      START,
      thought(0, { text: 'Hm.' }),
      thought(0, { signature: 'sig' }),
      ended(0),
      said('Yes.', 1),
      stop(),
    ];
    const { reasoning, signatures, content } = assemble(streamed(events));
    const message = { role: 'assistant', content, reasoning: [{ content: reasoning, id: signatures[0] }] };
    expect(
      encoded({ messages: [{ role: 'user', content: 'a' }, message, { role: 'user', content: 'b' }] })
        .messages,
    ).toContainEqual({
      role: 'assistant',
      content: [{ reasoningContent: { reasoningText: { text: 'Hm.', signature: 'sig' } } }, { text: 'Yes.' }],
    });
  });

  test('has citations and images', () => {
    const chunks = streamed([
      said('It rains'),
      delta(0, { citation: { title: 'W', location: { web: { url: 'https://example.com' } } } }),
      ended(0),
      { contentBlockStart: { contentBlockIndex: 1, start: { image: { format: 'png' } } } },
      delta(1, { image: { source: { bytes: Buffer.from('ab').toString('base64') } } }),
      delta(1, { image: { source: { bytes: Buffer.from('cd').toString('base64') } } }),
      ended(1),
      stop(),
    ]);
    const deltas = chunks.map(({ choices }) => choices[0]?.delta);
    expect(deltas[1]?.annotations).toEqual([
      {
        type: 'url_citation',
        url_citation: { url: 'https://example.com', title: 'W', start_index: 0, end_index: 8 },
      },
    ]);
    expect(deltas[2]?.images).toEqual([
      {
        type: 'image_url',
        image_url: { url: `data:image/png;base64,${Buffer.from('abcd').toString('base64')}` },
      },
    ]);
  });

  test('leaves out what AWS ran itself and what nobody knows yet', () => {
    const chunks = streamed([
      START,
      tool(0, 'a', 'nova_grounding', { type: 'server_tool_use' }),
      input(0, '{}'),
      ended(0),
      { contentBlockStart: { contentBlockIndex: 1, start: { toolResult: { toolUseId: 'a' } } } },
      delta(1, { toolResult: [{ text: 'secret' }] }),
      delta(1, { text: 'secret' }),
      ended(1),
      { somethingNew: { a: 1 } },
      delta(2, { somethingNew: 1 }),
      {},
      said('Hi.', 3),
      stop(),
      stop('max_tokens'),
      said('behind the end'),
    ]);
    expect(assemble(chunks)).toMatchObject({ content: 'Hi.', calls: [], finish: 'stop' });
  });

  test.each([[[]], [[START]], [[START, said('Hel')]], [[START, said('Hello.'), ended(0), METADATA]]])(
    'that ends before its message does is an error: %j',
    (events) => {
      const failure = thrownBy(() => streamed(events));
      expect(failure).toBeInstanceOf(Upstream);
      expect(failure).toMatchObject({ status: 502, code: 'upstream_incomplete' });
    },
  );

  test.each([
    ['throttlingException', 429],
    ['validationException', 400],
    ['internalServerException', 500],
    ['serviceUnavailableException', 503],
    ['modelStreamErrorException', 502],
  ])('with a %s in it fails with the status %d', (type, status) => {
    const failure = thrownBy(() => streamed([START, said('Hel'), { [type]: { message: 'Oh.' } }]));
    expect(failure).toBeInstanceOf(StreamError);
    expect(decodeError(200, (failure as StreamError).body)).toMatchObject({ message: 'Oh.', status });
  });
});
