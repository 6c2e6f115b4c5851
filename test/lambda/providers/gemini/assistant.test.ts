import { describe, expect, test } from '@jest/globals';
import { encoded } from './call.ts';

const PIXEL = 'iVBORw0KGgo=';

function contentsOf(messages: object[], model = 'gemini-2.5-flash') {
  return encoded({ messages }, model).body.contents;
}

const call = (id: string, name: string, args = '{}') => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});

describe('Thoughts', () => {
  const signature = Buffer.from('a signature').toString('base64');

  test('go back before the text, and their signature on the text', () => {
    const contents = contentsOf([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello', reasoning: [{ content: 'Hm.' }, { id: signature }] },
    ]);
    expect(contents[1].parts).toEqual([
      { text: 'Hm.', thought: true },
      { text: 'Hello', thoughtSignature: signature },
    ]);
  });

  test('of other vendors with ids that are no signature, or redacted, lose those', () => {
    const contents = contentsOf([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello', reasoning: [{ id: 'rs_1' }, { redacted: true, id: signature }] },
    ]);
    expect(contents[1].parts).toEqual([{ text: 'Hello' }]);
  });

  test('signed on a tool call go back on it', () => {
    const signedCall = {
      ...call('a', 'f'),
      extra_content: { google: { thought_signature: signature } },
    };
    const contents = contentsOf(
      [
        { role: 'user', content: 'Go' },
        { role: 'assistant', tool_calls: [signedCall, call('b', 'g')] },
      ],
      'gemini-3-pro-preview',
    );
    expect(contents[1].parts[0].thoughtSignature).toBe(signature);
    expect(contents[1].parts[1].thoughtSignature).toBeUndefined();
  });

  test('that a client dropped are stood in for on the first call of each step, from Gemini 3 on', () => {
    const messages = [
      { role: 'user', content: 'Go' },
      { role: 'assistant', tool_calls: [call('a', 'f'), call('b', 'g')] },
      { role: 'tool', tool_call_id: 'a', content: '1' },
      { role: 'tool', tool_call_id: 'b', content: '2' },
      { role: 'assistant', tool_calls: [call('c', 'f')] },
      { role: 'tool', tool_call_id: 'c', content: '3' },
    ];
    const signatures = (model: string) =>
      contentsOf(messages, model).flatMap(({ parts }: { parts: { thoughtSignature?: string }[] }) =>
        parts.flatMap(({ thoughtSignature }) => thoughtSignature ?? []),
      );
    expect(signatures('gemini-3-flash-preview')).toEqual([
      'skip_thought_signature_validator',
      'skip_thought_signature_validator',
    ]);
    expect(signatures('gemini-2.5-pro')).toEqual([]);
  });

  test('and images of an earlier answer go back with it', () => {
    const image = {
      type: 'image_url',
      image_url: { url: `data:image/png;base64,${PIXEL}` },
      extra_content: { google: { thought_signature: signature } },
    };
    const contents = contentsOf([
      { role: 'user', content: 'Draw' },
      { role: 'assistant', content: null, images: [image] },
      { role: 'user', content: 'Redder' },
    ]);
    expect(contents[1].parts).toEqual([
      { inlineData: { mimeType: 'image/png', data: PIXEL }, thoughtSignature: signature },
    ]);
  });
});
