import { InvalidRequest } from '../../../../lambda/errors.ts';
import { inlineMedia } from '../../../../lambda/gateway/upstream/inline-media.ts';
import { createRegistry } from '../../../../lambda/providers/index.ts';
import type { Call, Route } from '../../../../lambda/providers/provider.ts';
import { type FakeUpstream, startUpstream } from '../../../support/fake-upstream.ts';

const PICTURE = Buffer.from('a picture, as far as anybody here can tell');
const DATA = `data:image/png;base64,${PICTURE.toString('base64')}`;

let server: FakeUpstream;
let origin: string;
beforeAll(async () => {
  server = await startUpstream((request, response) => {
    if (request.url.includes('gone')) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'image/png; charset=binary' }).end(PICTURE);
  });
  origin = server.origin.replace('127.0.0.1', 'media.example');
});
beforeEach(() => {
  server.received.length = 0;
});
afterAll(() => server.close());

const limits = () => ({
  signal: new AbortController().signal,
  deadline: Date.now() + 60_000,
  addressOf: async (host: string) => (host === 'media.example' ? '127.0.0.1' : undefined),
});

async function routeTo(kind: string): Promise<Route> {
  const model = kind === 'bedrock' ? 'anthropic.claude-x' : 'a-model';
  const provider = await createRegistry([{ name: 'entry', kind, region: 'eu-west-1' }])
    .get('entry')
    ?.load(model);
  if (provider === undefined) throw new Error(`no provider of ${kind}`);
  return { provider, model, key: {} };
}

function callOf(...contents: object[][]): Call {
  const messages = contents.map((content) => ({ role: 'user', content }));
  const body = { model: 'x', messages } as Call['body'];
  return { operation: 'chat', body, bytes: Buffer.from(JSON.stringify(body)), stream: false, headers: {} };
}
const image = (path: string) => ({
  type: 'image_url',
  image_url: { url: `${origin}/${path}`, detail: 'low' },
});
const text = { type: 'text', text: 'What is it?' };

async function refusalOf(call: Call, kind = 'bedrock'): Promise<InvalidRequest> {
  const failure: unknown = await inlineMedia(call, await routeTo(kind), limits()).catch(
    (error: unknown) => error,
  );
  if (failure instanceof InvalidRequest) return failure;
  throw new Error(`no InvalidRequest but ${String(failure)}`);
}

test.each(['anthropic', 'gemini', 'bedrock'])('%s: an image by http URL becomes a data URL', async (kind) => {
  const call = callOf([text, image('a.png')]);
  const before = JSON.stringify(call.body);
  const inlined = await inlineMedia(call, await routeTo(kind), limits());
  const content = [text, { type: 'image_url', image_url: { url: DATA, detail: 'low' } }];
  expect(inlined.body.messages).toEqual([{ role: 'user', content }]);
  expect(JSON.parse(Buffer.from(inlined.bytes).toString())).toEqual(inlined.body);
  // The caller's call serves the next route, too.
  expect(JSON.stringify(call.body)).toBe(before);
});

test('what is encoded of it is the vendor’s own image', async () => {
  const route = await routeTo('bedrock');
  const inlined = await inlineMedia(callOf([image('a.png')]), route, limits());
  const { body } = route.provider.encodeRequest(inlined, route);
  const bytes = PICTURE.toString('base64');
  expect(JSON.parse(Buffer.from(body as Uint8Array).toString()).messages[0].content).toEqual([
    { image: { format: 'png', source: { bytes } } },
  ]);
});

test('a vendor that speaks OpenAI’s format is given the URL as it is', async () => {
  const call = callOf([image('a.png')]);
  expect(await inlineMedia(call, await routeTo('groq'), limits())).toBe(call);
  expect(server.received).toEqual([]);
});

test('the same URL is fetched once, however often it stands there', async () => {
  const call = callOf([image('a.png'), text], [image('a.png'), image('b.png')]);
  const { body } = await inlineMedia(call, await routeTo('bedrock'), limits());
  expect(JSON.stringify(body).split(DATA)).toHaveLength(4);
  expect(server.received.map(({ url }) => url).sort()).toEqual(['/a.png', '/b.png']);
});

test('what can not be fetched is a 400 that names its place', async () => {
  expect(await refusalOf(callOf([text], [text, image('gone.png')]))).toMatchObject({
    status: 400,
    param: 'messages[1].content[1].image_url.url',
    code: 'invalid_media_url',
  });
  const elsewhere = { type: 'image_url', image_url: { url: 'http://other.example/a.png' } };
  expect(await refusalOf(callOf([elsewhere]))).toMatchObject({
    param: 'messages[0].content[0].image_url.url',
  });
});

test('more than 20 different URLs are a 400, and none is fetched twice for it', async () => {
  const many = Array.from({ length: 21 }, (_, i) => image(`${i}.png`));
  expect(await refusalOf(callOf(many))).toMatchObject({ code: 'too_many_media_urls' });
});

test('text, data URLs and odd parts are left alone', async () => {
  const data = { type: 'image_url', image_url: { url: DATA } };
  const call = callOf([text, data, { type: 'image_url' }, { type: 'image_url', image_url: 7 }]);
  expect(await inlineMedia(call, await routeTo('bedrock'), limits())).toBe(call);
});
