import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../lambda/openai/wire.ts';
import { vendorNamed } from '../../../../lambda/providers/catalog.ts';
import { encodeHistory } from '../../../../lambda/providers/openai-compatible/history.ts';

const openai = vendorNamed('openai');
const deepseek = vendorNamed('deepseek');
if (!openai || !deepseek) throw new Error('the catalog has both');

const FOREIGN: Json = {
  role: 'assistant',
  content: 'x',
  reasoning: [{ content: 'thought', id: 'signature' }],
  reasoning_content: 'thought',
  images: [{ type: 'image_url', image_url: { url: 'data:' } }],
  tool_calls: [
    { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' }, extra_content: { google: {} } },
  ],
};

describe('a history of other vendors’ answers', () => {
  test('is taken out of what a strict vendor gets', () => {
    const cached: Json = {
      role: 'user',
      content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }],
    };
    expect(encodeHistory([FOREIGN, cached], openai)).toEqual([
      {
        role: 'assistant',
        content: 'x',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'user', content: [{ type: 'text', text: 'x' }] },
    ]);
  });

  test('leaves a vendor its own thinking', () => {
    expect(encodeHistory([FOREIGN], deepseek)).toEqual([
      expect.objectContaining({ reasoning_content: 'thought', content: 'x' }),
    ]);
    expect(
      encodeHistory([{ role: 'assistant', content: 'x', reasoning: 'a text is the vendor’s own' }], deepseek),
    ).toBeUndefined();
  });

  test('changes nothing where there is nothing of the kind', () => {
    expect(encodeHistory([{ role: 'user', content: 'x' }, 'odd', null], openai)).toBeUndefined();
    expect(encodeHistory('no list', openai)).toBeUndefined();
  });
});
