import { InvalidRequest } from '../../../../lambda/errors.ts';
import { encoded, thrownBy } from './support.ts';

const PDF = 'data:application/pdf;base64,JVBERi0xLjQ=';

const user = (...content: object[]) => encoded({ messages: [{ role: 'user', content }] }).messages;

describe('media', () => {
  test.each([
    ['image/png', 'png'],
    ['image/jpeg', 'jpeg'],
    ['image/jpg', 'jpeg'],
    ['image/gif', 'gif'],
    ['image/webp', 'webp'],
  ])('%s becomes an image of the format %s', (mediaType, format) => {
    expect(user({ type: 'image_url', image_url: { url: `data:${mediaType};base64,AAAA` } })).toEqual([
      { role: 'user', content: [{ image: { format, source: { bytes: 'AAAA' } } }] },
    ]);
  });

  test('without a true media type is known by how it begins', () => {
    expect(
      user({ type: 'image_url', image_url: 'data:application/octet-stream;base64,/9j/4AAQ' }),
    ).toMatchObject([{ content: [{ image: { format: 'jpeg' } }] }]);
    expect(user({ type: 'file', file: { file_data: 'JVBERi0xLjQ=' } })).toMatchObject([
      { content: [{ document: { format: 'pdf', name: 'document' } }, { text: expect.any(String) }] },
    ]);
  });

  test('in S3 is read there', () => {
    expect(
      user(
        { type: 'image_url', image_url: { url: 's3://bucket/cat.jpg' } },
        { type: 'video_url', video_url: { url: 's3://bucket/cat.mp4' } },
      ),
    ).toEqual([
      {
        role: 'user',
        content: [
          { image: { format: 'jpeg', source: { s3Location: { uri: 's3://bucket/cat.jpg' } } } },
          { video: { format: 'mp4', source: { s3Location: { uri: 's3://bucket/cat.mp4' } } } },
        ],
      },
    ]);
  });

  test('that is a PDF under an image URL becomes a document', () => {
    expect(
      user({ type: 'text', text: 'Read.' }, { type: 'image_url', image_url: { url: PDF } }),
    ).toMatchObject([{ content: [{ text: 'Read.' }, { document: { format: 'pdf', name: 'document' } }] }]);
  });

  test('documents have names that Converse takes, no two alike, and a text beside them', () => {
    const file = (filename: string) => ({ type: 'file', file: { filename, file_data: PDF } });
    expect(user(file('Q3_report  (final).pdf'), file('Q3_report (final).pdf'), file('日本.pdf'))).toEqual([
      {
        role: 'user',
        content: [
          { document: { format: 'pdf', name: 'Q3-report (final)', source: { bytes: 'JVBERi0xLjQ=' } } },
          { document: { format: 'pdf', name: 'Q3-report (final) (2)', source: { bytes: 'JVBERi0xLjQ=' } } },
          { document: { format: 'pdf', name: 'document', source: { bytes: 'JVBERi0xLjQ=' } } },
          { text: expect.stringContaining('Q3-report (final)') },
        ],
      },
    ]);
  });

  test.each([
    ['notes.md', 'data:text/markdown,hi', 'md'],
    ['a.csv', 'data:text/csv;base64,YSxi', 'csv'],
    ['a.json', 'data:application/json,{}', 'txt'],
    ['a.py', 'data:text/x-python,x', 'txt'],
    ['a.docx', 'UEsDBBQ=', 'docx'],
  ])('%s becomes a document', (filename, file_data, format) => {
    expect(user({ type: 'file', file: { filename, file_data } })).toMatchObject([
      { content: [{ document: { format } }, {}] },
    ]);
  });

  test.each([
    [
      { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
      'messages[0].content[0].input_audio',
    ],
    [
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      'messages[0].content[0].image_url',
    ],
    [
      { type: 'image_url', image_url: { url: 'data:image/bmp;base64,AA==' } },
      'messages[0].content[0].image_url',
    ],
    [{ type: 'image_url', image_url: {} }, 'messages[0].content[0].image_url'],
    [{ type: 'file', file: { file_id: 'file-1' } }, 'messages[0].content[0].file.file_id'],
    [
      { type: 'file', file: { filename: 'a.zip', file_data: 'UEs=' } },
      'messages[0].content[0].file.file_data',
    ],
    [{ type: 'hologram' }, 'messages[0].content[0].type'],
  ])('that Converse has nothing for is refused by name: %j', (part, param) => {
    const failure = thrownBy(() => user(part));
    expect(failure).toBeInstanceOf(InvalidRequest);
    expect(failure).toMatchObject({ status: 400, param });
  });
});
