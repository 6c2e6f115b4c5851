import { InvalidRequest } from '../../../../lambda/errors.ts';
import { fetchMedia } from '../../../../lambda/gateway/upstream/media.ts';
import { isPublicAddress, publicAddress } from '../../../../lambda/gateway/upstream/public-address.ts';
import { type Answer, type FakeUpstream, startUpstream } from '../../../support/fake-upstream.ts';

describe('addresses', () => {
  test.each([
    '127.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'not an address',
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test('a name is public only where all its addresses are', async () => {
    const resolve = async () => ['93.184.216.34', '127.0.0.1'];
    expect(await publicAddress('example.com', resolve)).toBeUndefined();
    expect(await publicAddress('example.com', async () => ['93.184.216.34'])).toBe('93.184.216.34');
  });

  test.each(['localhost', 'api.localhost', 'x.internal', '[::1]', '127.0.0.1', '[::ffff:127.0.0.1]'])(
    'the host %s is refused before any look-up',
    async (host) => {
      const resolve = () => Promise.reject(new Error('must not be asked'));
      expect(await publicAddress(host, resolve)).toBeUndefined();
    },
  );
});

describe('fetching', () => {
  let server: FakeUpstream;
  let answer: Answer;
  const asked: string[] = [];
  const limits = () => ({
    signal: new AbortController().signal,
    deadline: Date.now() + 60_000,
    // Only this name stands for the test's server; everything else goes the real way.
    addressOf: async (hostname: string) => {
      asked.push(hostname);
      return hostname === 'media.example' ? '127.0.0.1' : publicAddress(hostname, async () => ['10.0.0.1']);
    },
  });
  const url = (path: string) => `http://media.example:${new URL(server.origin).port}${path}`;
  const fetched = (path: string) => fetchMedia(url(path), 'messages[0].content[1].image_url.url', limits());

  beforeAll(async () => {
    server = await startUpstream((...received) => answer(...received));
  });
  afterAll(() => server.close());

  test('media become a data URL', async () => {
    answer = (_, response) => void response.writeHead(200, { 'content-type': 'image/png; x=y' }).end('png');
    expect(await fetched('/a.png')).toBe(`data:image/png;base64,${Buffer.from('png').toString('base64')}`);
  });

  test('the address is checked again at a redirect', async () => {
    answer = (_, response) =>
      void response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
    await expect(fetched('/a.png')).rejects.toThrow(/host is not a public one/);
    expect(asked.at(-1)).toBe('169.254.169.254');
  });

  test('a redirect to a name that resolves privately is refused', async () => {
    answer = (_, response) => void response.writeHead(302, { location: 'http://rebind.example/' }).end();
    await expect(fetched('/a.png')).rejects.toThrow(/host is not a public one/);
  });

  test.each([
    [
      'too many redirects',
      (path: string) => ({ status: 302, headers: { location: path } }),
      /redirects too often/,
    ],
    ['another status', () => ({ status: 404, headers: {} }), /answered 404/],
    ['no content type', () => ({ status: 200, headers: {} }), /tells no content type/],
    [
      'too large',
      () => ({ status: 200, headers: { 'content-type': 'image/png', 'content-length': '20971521' } }),
      /larger than 20 MB/,
    ],
  ])('%s is a 400 that names the part', async (_, of, message) => {
    answer = (received, response) => {
      const { status, headers } = of(received.url);
      response.writeHead(status, headers as Record<string, string>).end();
    };
    const failure = await fetched('/a.png').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InvalidRequest);
    expect(failure).toMatchObject({
      status: 400,
      param: 'messages[0].content[1].image_url.url',
      message: expect.stringMatching(message),
    });
  });

  test('media that turn out too large on the way are refused', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'image/png' });
      for (let i = 0; i < 21; i++) response.write(Buffer.alloc(1024 * 1024));
      response.end();
    };
    await expect(fetched('/a.png')).rejects.toThrow(/larger than 20 MB/);
  });

  test.each(['file:///etc/passwd', 'ftp://media.example/a', 'http://user:password@media.example/a'])(
    'the URL %s is refused',
    async (bad) => {
      await expect(fetchMedia(bad, 'p', limits())).rejects.toBeInstanceOf(InvalidRequest);
    },
  );
});
