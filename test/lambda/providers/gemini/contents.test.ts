import { describe, expect, test } from '@jest/globals';
import { encoded } from './call.ts';

const PIXEL = 'iVBORw0KGgo=';

function contentsOf(messages: object[]) {
  return encoded({ messages }).body.contents;
}

describe('System and developer messages', () => {
  test('become parts of the system instruction, in order, wherever they stand', () => {
    const { body } = encoded({
      messages: [
        { role: 'system', content: 'One' },
        { role: 'user', content: 'Hi' },
        { role: 'developer', content: [{ type: 'text', text: 'Two' }] },
        { role: 'assistant', content: 'Hello' },
        { role: 'system', content: 'Three' },
        { role: 'user', content: 'Go on' },
      ],
    });
    expect(body.systemInstruction).toEqual({ parts: [{ text: 'One' }, { text: 'Two' }, { text: 'Three' }] });
    expect(body.contents.map(({ role }: { role: string }) => role)).toEqual(['user', 'model', 'user']);
  });

  test('stand before the first user turn for models that take no system instruction', () => {
    const { body } = encoded(
      {
        messages: [
          { role: 'system', content: 'Be brief' },
          { role: 'user', content: 'Hi' },
        ],
      },
      'gemma-3-27b-it',
    );
    expect(body.systemInstruction).toBeUndefined();
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'Be brief' }, { text: 'Hi' }] }]);
  });

  test('are the user turn where there is none: Gemini answers nothing else', () => {
    const { body } = encoded({ messages: [{ role: 'system', content: 'Tell a joke' }] });
    expect(body.systemInstruction).toBeUndefined();
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'Tell a joke' }] }]);
  });
});

describe('Turns', () => {
  test('of one role in a row are one turn', () => {
    const contents = contentsOf([
      { role: 'user', content: 'A' },
      { role: 'user', content: 'B' },
      { role: 'assistant', content: 'C' },
      { role: 'assistant', content: 'D' },
      { role: 'user', content: 'E' },
    ]);
    expect(contents).toEqual([
      { role: 'user', parts: [{ text: 'A' }, { text: 'B' }] },
      { role: 'model', parts: [{ text: 'C' }, { text: 'D' }] },
      { role: 'user', parts: [{ text: 'E' }] },
    ]);
  });

  test('keep their order when one begins with an image', () => {
    const contents = contentsOf([
      { role: 'user', content: 'First' },
      { role: 'assistant', content: 'Second' },
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }],
      },
    ]);
    expect(contents[0].parts[0].text).toBe('First');
    expect(contents[2].parts[0].inlineData.mimeType).toBe('image/png');
  });

  test('without any content are left out', () => {
    const contents = contentsOf([
      { role: 'user', content: 'A' },
      { role: 'assistant', content: '' },
      { role: 'assistant', content: null },
      { role: 'user', content: [{ type: 'text', text: '' }] },
      { role: 'user', content: 'B' },
    ]);
    expect(contents).toEqual([{ role: 'user', parts: [{ text: 'A' }, { text: 'B' }] }]);
  });

  test('that are all empty leave one blank, as Gemini wants a turn', () => {
    expect(contentsOf([{ role: 'user', content: '' }])).toEqual([{ role: 'user', parts: [{ text: ' ' }] }]);
  });

  test('may end with the beginning of the answer', () => {
    const contents = contentsOf([
      { role: 'user', content: 'A poem' },
      { role: 'assistant', content: 'Roses' },
    ]);
    expect(contents.at(-1)).toEqual({ role: 'model', parts: [{ text: 'Roses' }] });
  });

  test('of an unknown role are a 400 that names the message', () => {
    expect(() => contentsOf([{ role: 'narrator', content: 'x' }])).toThrow(
      expect.objectContaining({ status: 400, param: 'messages[0].role' }),
    );
  });

  test('that are a refusal go back as what the model said', () => {
    const contents = contentsOf([
      { role: 'user', content: 'A' },
      { role: 'assistant', content: null, refusal: 'No' },
      { role: 'user', content: 'Why?' },
    ]);
    expect(contents[1]).toEqual({ role: 'model', parts: [{ text: 'No' }] });
  });
});
