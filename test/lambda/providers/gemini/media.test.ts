import { describe, expect, test } from '@jest/globals';
import { fetchesItself } from '../../../../lambda/providers/gemini/media.ts';
import { encoded, routeOf } from './call.ts';

function partOf(part: object, kind?: 'gemini' | 'vertex') {
  const { body } = encoded({ messages: [{ role: 'user', content: [part] }] }, 'gemini-2.5-flash', kind);
  return body.contents[0].parts[0];
}

describe('Media in a message', () => {
  test.each([
    ['an image', 'data:image/png;base64,AAAA', { mimeType: 'image/png', data: 'AAAA' }],
    [
      'an image of a name that Gemini does not know',
      'data:image/jpg;base64,AAAA',
      { mimeType: 'image/jpeg', data: 'AAAA' },
    ],
    ['a PDF', 'data:application/pdf;base64,JVBERi0=', { mimeType: 'application/pdf', data: 'JVBERi0=' }],
    ['text that is no base64', 'data:text/plain,a%20b', { mimeType: 'text/plain', data: 'YSBi' }],
  ])('as a data URL of %s goes in as it is', (_what, url, inlineData) => {
    expect(partOf({ type: 'image_url', image_url: { url } })).toEqual({ inlineData });
  });

  test('may be an image URL that is a plain string', () => {
    expect(partOf({ type: 'image_url', image_url: 'data:image/png;base64,AAAA' }).inlineData.data).toBe(
      'AAAA',
    );
  });

  test.each([
    ['wav', 'audio/wav'],
    ['mp3', 'audio/mp3'],
    ['pcm16', 'audio/pcm'],
    ['opus', 'audio/opus'],
  ])('as audio in %s has the media type %s', (format, mimeType) => {
    expect(partOf({ type: 'input_audio', input_audio: { data: 'AAAA', format } })).toEqual({
      inlineData: { mimeType, data: 'AAAA' },
    });
  });

  test.each([
    [{ file_data: 'data:application/pdf;base64,AAAA' }, 'application/pdf'],
    [{ file_data: 'AAAA', filename: 'notes.TXT' }, 'text/plain'],
    [{ file_data: 'JVBERi0x' }, 'application/pdf'],
  ])('as the file %j has its type from what is known of it', (file, mimeType) => {
    expect(partOf({ type: 'file', file }).inlineData.mimeType).toBe(mimeType);
  });

  test('as a file of the vendor is referred to', () => {
    const uri = 'https://generativelanguage.googleapis.com/v1beta/files/abc';
    expect(partOf({ type: 'file', file: { file_id: uri, filename: 'a.mp4' } })).toEqual({
      fileData: { fileUri: uri, mimeType: 'video/mp4' },
    });
  });

  test('in Cloud Storage is referred to with its type', () => {
    expect(partOf({ type: 'image_url', image_url: { url: 'gs://bucket/a/cat.png' } }, 'vertex')).toEqual({
      fileData: { fileUri: 'gs://bucket/a/cat.png', mimeType: 'image/png' },
    });
  });

  test('on YouTube is referred to, with a type on Vertex', () => {
    const part = { type: 'video_url', video_url: { url: 'https://youtu.be/abc' } };
    expect(partOf(part)).toEqual({ fileData: { fileUri: 'https://youtu.be/abc' } });
    expect(partOf(part, 'vertex').fileData.mimeType).toBe('video/mp4');
  });

  test.each([
    [{ type: 'file', file: { file_id: 'file-1' } }, 'messages[0].content[0].file'],
    [{ type: 'file', file: { file_data: 'AAAA' } }, 'messages[0].content[0].file.file_data'],
    [{ type: 'image_url', image_url: {} }, 'messages[0].content[0].image_url.url'],
    [{ type: 'input_audio' }, 'messages[0].content[0].input_audio.data'],
    [{ type: 'hologram' }, 'messages[0].content[0].type'],
    [{ type: 'text', text: 7 }, 'messages[0].content[0].text'],
  ])('that can not be used (%j) is a 400 that names it', (part, param) => {
    expect(() => partOf(part)).toThrow(expect.objectContaining({ status: 400, param }));
  });
});

describe('A URL', () => {
  test.each([
    ['https://example.com/cat.png', true],
    ['http://example.com/cat.png', true],
    ['https://youtube.com.evil.example/watch?v=1', true],
    ['https://www.youtube.com/watch?v=abc', false],
    ['https://youtu.be/abc', false],
    ['https://generativelanguage.googleapis.com/v1beta/files/abc', false],
    ['gs://bucket/object', false],
    ['data:image/png;base64,AAAA', false],
  ])('%s is to be put in by the gateway: %p', (url, inline) => {
    const route = routeOf();
    expect(route.provider.needsInline?.(url, route)).toBe(inline);
    expect(fetchesItself(url)).toBe(!inline);
  });
});
