import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Answer,
  completion,
  type FakeUpstream,
  sendJson,
  startUpstream,
} from '../../../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../../../support/local-gateway.ts';
import { errorOf } from '../../../support/stage.ts';
import { bodyOf } from '../../../support/vendor-stage.ts';
import { type Said, WIRES } from '../../../support/vendor-wire.ts';

const SAID: Said = { text: 'Hi there' };
const messages = [{ role: 'user', content: 'Hello' }];
const CLAUDE = 'anthropic.claude-sonnet-4-5';

/** Whichever format a path is of. */
const hosted: Answer = (request, response) => {
  const { url } = request;
  if (url.startsWith('/token'))
    return sendJson(response, { access_token: 'token-of-nobody', expires_in: 3600 });
  const stream = /stream/i.test(url) || bodyOf(request).stream === true;
  const wire = url.includes('chat/completions')
    ? undefined
    : /anthropic|messages/.test(url)
      ? WIRES.anthropic
      : WIRES.gemini;
  if (wire === undefined) return sendJson(response, completion('Hi there'));
  if (!stream) return sendJson(response, wire.whole(SAID));
  response.writeHead(200, { 'content-type': wire.contentType }).end(Buffer.concat(wire.frames(SAID)));
};

let upstream: FakeUpstream;
let answer: Answer;
beforeAll(async () => {
  upstream = await startUpstream((...call) => answer(...call));
});
beforeEach(() => {
  upstream.received.length = 0;
  answer = hosted;
});
afterAll(() => upstream.close());

const urls = () => upstream.received.map(({ url }) => url);
async function said(gateway: TestGateway, model: string, stream = false): Promise<string> {
  const response = await gateway.post('/chat/completions', { model, messages, stream });
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
  return stream ? [...text.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece).join('') : text;
}

describe('Vertex with a service account', () => {
  let folder: string;
  let gateway: TestGateway;
  let privateKey: string;
  const account = (more: object = {}) =>
    JSON.stringify({
      type: 'service_account',
      project_id: 'p',
      client_email: 'nobody@p.example',
      private_key: privateKey,
      token_uri: `${upstream.origin}/token`,
      ...more,
    });
  const start = (name: string, credentials: string) => {
    const file = join(folder, name);
    writeFileSync(file, credentials);
    const environment = {
      GOOGLE_APPLICATION_CREDENTIALS: file,
      GOOGLE_VERTEX_BASE_URL: `${upstream.origin}/vertex`,
    };
    return startGateway({ environment, config: { retries: { attempts: 1 } } });
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    gateway = await start('account.json', account());
  });
  afterAll(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true });
  });

  test('three families are asked with one token, each at its own path', async () => {
    expect(await said(gateway, 'vertex/claude-sonnet-4-5@20250929')).toContain('Hi there');
    expect(await said(gateway, 'vertex/gemini-2.5-flash', true)).toBe('Hi there');
    expect(await said(gateway, 'vertex/claude-sonnet-4-5@20250929', true)).toBe('Hi there');
    expect(await said(gateway, 'vertex/meta/llama-4')).toContain('Hi there');
    const place = 'projects/p/locations/global';
    expect(urls()).toEqual([
      '/token',
      `/vertex/v1/${place}/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict`,
      `/vertex/v1beta1/${place}/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse`,
      `/vertex/v1/${place}/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict`,
      `/vertex/v1/${place}/endpoints/openapi/chat/completions`,
    ]);
    const bearers = upstream.received.slice(1).map(({ headers }) => headers.authorization);
    expect(new Set(bearers)).toEqual(new Set(['Bearer token-of-nobody']));
    expect(gateway.lines.join('\n')).not.toMatch(/token-of-nobody|PRIVATE KEY/);
  });

  test('credentials that Google refuses are a 502 that blames no caller, and says nothing of the key', async () => {
    answer = (_, response) =>
      sendJson(response, { error: 'invalid_grant', error_description: 'secret' }, 400);
    const refused = await start('refused.json', account({ client_email: 'other@p.example' }));
    const response = await refused.post('/chat/completions', { model: 'vertex/gemini-2.5-flash', messages });
    expect(response.status).toBe(502);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: 'provider_auth', message: expect.stringContaining('invalid_grant') });
    expect(`${error.message} ${refused.lines.join('\n')}`).not.toMatch(/secret|PRIVATE KEY/);
    await refused.stop();
  });

  test('a file that is no credentials is a 502 that quotes nothing of it', async () => {
    const odd = await start('odd.json', 'private-text-of-nobody');
    for (const model of ['vertex/gemini-2.5-flash', 'vertex/claude-x', 'vertex/meta/llama-4']) {
      const response = await odd.post('/chat/completions', { model, messages });
      expect(response.status).toBe(502);
      expect((await errorOf(response)).message).not.toContain('private-text');
    }
    expect(upstream.received).toEqual([]);
    await odd.stop();
  });
});

describe('Bedrock’s other APIs', () => {
  const environment = () => ({
    AWS_ACCESS_KEY_ID: 'access-key-of-nobody',
    AWS_SECRET_ACCESS_KEY: 'secret-key-of-nobody',
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: upstream.origin,
  });
  const start = (api: string) =>
    startGateway({
      environment: environment(),
      config: { providers: { bedrock: { kind: 'bedrock', api } } },
    });

  test('Claude by the Messages API is converted from its own SSE', async () => {
    const gateway = await start('messages');
    expect(await said(gateway, `bedrock/${CLAUDE}`, true)).toBe('Hi there');
    expect(await said(gateway, `bedrock/${CLAUDE}`)).toContain('Hi there');
    expect(urls()).toEqual(['/anthropic/v1/messages', '/anthropic/v1/messages']);
    const [{ headers } = expectReceived()] = upstream.received;
    expect(bodyOf(upstream.received[0] ?? expectReceived())).toMatchObject({ model: CLAUDE, stream: true });
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=access-key-of-nobody\/\d{8}\/eu-west-1\/bedrock\//,
    );
    expect(headers['anthropic-version']).toBe('2023-06-01');
    await gateway.stop();
  });

  test('a model by OpenAI’s API is relayed byte for byte', async () => {
    const gateway = await start('openai');
    expect(JSON.parse(await said(gateway, 'bedrock/openai.gpt-oss-20b-1:0'))).toEqual(completion('Hi there'));
    expect(urls()).toEqual(['/openai/v1/chat/completions']);
    expect(bodyOf(upstream.received[0] ?? expectReceived())).toEqual({
      model: 'openai.gpt-oss-20b-1:0',
      messages,
      stream: false,
    });
    await gateway.stop();
  });
});

function expectReceived(): never {
  throw new Error('the upstream received nothing');
}
