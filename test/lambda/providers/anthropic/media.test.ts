import { describe, expect, test } from '@jest/globals';
import { InvalidRequest } from '../../../../lambda/errors.ts';
import type { Json, JsonObject } from '../../../../lambda/openai/wire.ts';
import { encode, encoded, provider, routeOf } from './support.ts';

function block(part: JsonObject): Json | undefined {
  const body = encoded({ messages: [{ role: 'user', content: [part] }] });
  const [turn] = body.messages as { content: Json[] }[];
  return turn?.content[0];
}

const image = (url: Json, more: JsonObject = {}) => ({ type: 'image_url', image_url: { url, ...more } });
const file = (data: JsonObject) => ({ type: 'file', file: data });
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('images and files', () => {
  const cases: [string, JsonObject, JsonObject][] = [
    [
      'an image by URL goes as a URL',
      image('https://example.com/a.png'),
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    ],
    [
      'an image’s bare URL is taken too',
      { type: 'image_url', image_url: 'https://example.com/a' },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a' } },
    ],
    [
      'an image in base64 goes as base64',
      image('data:image/webp;base64,AAAA'),
      { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'AAAA' } },
    ],
    [
      'image/jpg is the vendor’s image/jpeg',
      image('data:image/jpg;base64,AAAA'),
      { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'AAAA' } },
    ],
    [
      'a PDF by URL is a document',
      image('https://example.com/a.pdf?x=1'),
      { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf?x=1' } },
    ],
    [
      'a PDF in an image part is a document',
      image('data:application/pdf;base64,AAAA'),
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } },
    ],
    [
      'a PDF file is a document with its name',
      file({ file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' }),
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' },
        title: 'a.pdf',
      },
    ],
    [
      'bare base64 is what its name says',
      file({ file_data: 'AAAA', filename: 'a.png' }),
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
    ],
    [
      'bare base64 without a name is a PDF',
      file({ file_data: 'AAAA' }),
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } },
    ],
    [
      'a text file is a document of text',
      file({ file_data: `data:text/csv;base64,${base64('ä,b')}`, filename: 'a.csv' }),
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'ä,b' }, title: 'a.csv' },
    ],
    [
      'JSON is text',
      file({ file_data: `data:application/json;base64,${base64('{}')}` }),
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: '{}' } },
    ],
    [
      'a file by URL is a document',
      file({ file_data: 'https://example.com/report' }),
      { type: 'document', source: { type: 'url', url: 'https://example.com/report' } },
    ],
    [
      'a file of the vendor’s Files API goes by its id',
      file({ file_id: 'file_011' }),
      { type: 'document', source: { type: 'file', file_id: 'file_011' } },
    ],
    [
      'the vendor’s own blocks are forwarded',
      { type: 'search_result', source: 's', title: 't', content: [] },
      { type: 'search_result', source: 's', title: 't', content: [] },
    ],
  ];
  test.each(cases)('%s', (_name, part, expected) => {
    expect(block(part)).toEqual(expected);
  });

  const refused: [string, JsonObject, string][] = [
    ['audio', { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }, ''],
    ['an image without a URL', image(''), '.image_url.url'],
    ['a file without data', file({ filename: 'a.pdf' }), '.file.file_data'],
    ['a file of another vendor', file({ file_id: 'file-abc' }), '.file.file_id'],
    ['an image of a type that Claude does not see', image('data:image/tiff;base64,AAAA'), '.image_url.url'],
    ['a video by URL', file({ file_data: 'https://example.com/a.mp4' }), '.file.file_data'],
    ['a zip file', file({ file_data: 'data:application/zip;base64,AAAA' }), '.file.file_data'],
    ['a broken data URL', image('data:image/png;base64'), '.image_url.url'],
    ['a URL of another scheme', image('ftp://example.com/a.png'), '.image_url.url'],
  ];
  test.each(refused)('%s is refused with a 400 that names the part', (_name, part, below) => {
    expect(() => block(part)).toThrow(InvalidRequest);
    try {
      block(part);
    } catch (error) {
      expect((error as InvalidRequest).param).toBe(`messages[0].content[0]${below}`);
    }
  });

  test('a wish for detail is named', () => {
    const messages = [{ role: 'user', content: [image('https://example.com/a.png', { detail: 'low' })] }];
    expect(encode({ messages }).dropped).toEqual(['messages[].content[].image_url.detail']);
  });

  test('a file of the Files API brings the beta that it needs', () => {
    const request = encode({ messages: [{ role: 'user', content: [file({ file_id: 'file_011' })] }] });
    expect(request.headers['anthropic-beta']).toBe('files-api-2025-04-14');
  });

  test.each([
    ['https is fetched by the vendor', 'https://example.com/a.png', false],
    ['http is not', 'http://example.com/a.png', true],
    ['https is not where it is text', 'https://example.com/a.csv', true],
    ['https is where nothing tells what it is', 'https://example.com/a', false],
  ])('media by %s', (_name, url, inline) => {
    expect(provider.needsInline?.(url, routeOf())).toBe(inline);
  });
});
