import { dropped, encoded, NOVA } from './support.ts';

describe('cache_control', () => {
  const cached = { cache_control: { type: 'ephemeral', ttl: '1h' } };
  const point = { cachePoint: { type: 'default', ttl: '1h' } };
  const body = {
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Long.', ...cached }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Also long.', ...cached },
          { type: 'text', text: 'Go.' },
        ],
      },
      {
        role: 'assistant',
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' }, ...cached },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: 'sunny', ...cached },
    ],
    tools: [{ type: 'function', function: { name: 'weather' }, cache_control: { type: 'ephemeral' } }],
  };

  test('becomes a cache point behind what it stands on', () => {
    expect(encoded(body)).toMatchObject({
      system: [{ text: 'Long.' }, point],
      messages: [
        { content: [{ text: 'Also long.' }, point, { text: 'Go.' }] },
        { content: [{ toolUse: {} }, point] },
        { content: [{ toolResult: {} }, point] },
      ],
      toolConfig: { tools: [{ toolSpec: {} }, { cachePoint: { type: 'default' } }] },
    });
  });

  test('is left out and told where the model has no cache', () => {
    expect(JSON.stringify(encoded(body, 'meta.llama3-3-70b-instruct-v1:0'))).not.toContain('cachePoint');
    expect(dropped(body, 'meta.llama3-3-70b-instruct-v1:0')).toContain('cache_control');
  });

  test('on tools is left out with Nova, which caches messages only', () => {
    expect(encoded(body, NOVA).toolConfig).toEqual({ tools: [{ toolSpec: expect.anything() }] });
    expect(encoded(body, NOVA).system).toContainEqual(point);
  });
});
