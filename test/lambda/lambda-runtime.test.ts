import {
  type Answer,
  chunk,
  completion,
  type FakeUpstream,
  SSE,
  sendJson,
  startUpstream,
} from '../support/fake-upstream.ts';
import {
  buildBundle,
  type EventKind,
  type Surroundings,
  startSurroundings,
} from '../support/lambda-hosts.ts';
import { LOCAL_KEY } from '../support/local-gateway.ts';
import {
  type Lambda,
  lambdaRuntimeClient,
  lambdaRuntimeClientMissing,
  startLambda,
} from '../support/runtime-api.ts';

const missing = lambdaRuntimeClientMissing();
const suite = lambdaRuntimeClient() === undefined ? describe.skip : describe;
const title = (what: string) =>
  `the bundle under Lambda's own runtime client ${what}${missing && ` (skipped: ${missing})`}`;

suite.each<[EventKind]>([['function-url'], ['rest']])('%s', (kind) => {
  let bundle: Awaited<ReturnType<typeof buildBundle>>;
  let surroundings: Surroundings;
  let upstream: FakeUpstream;
  let lambda: Lambda;
  let answer: Answer;
  const base = () => (kind === 'rest' ? lambda.url : `${lambda.url}/v1`);
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`${base()}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const chat = (more: object = {}) => ({
    model: 'gpt-test',
    messages: [{ role: 'user', content: 'Hello' }],
    ...more,
  });

  beforeAll(async () => {
    bundle = await buildBundle();
    upstream = await startUpstream((...received) => answer(...received));
    const providers = { openai: { kind: 'openai', baseUrl: `${upstream.origin}/v1` } };
    surroundings = await startSurroundings({ openai: 'key-of-nobody' }, { providers });
    lambda = await startLambda({
      bundle: bundle.path,
      handler: 'index.handler',
      environment: surroundings.environment,
      node: process.execPath,
      event: kind,
    });
  });

  afterAll(async () => {
    await lambda.stop();
    await upstream.close();
    await surroundings.close();
    bundle.remove();
  });

  test(title('answers a chat completion'), async () => {
    answer = (_, response) => sendJson(response, completion('Grüße 👋'));
    const response = await post('/chat/completions', chat());
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(completion('Grüße 👋'));
    expect(response.headers.get('x-bt-cached')).toBe('MISS');
  });

  test(title('streams: the first chunk arrives while the provider still produces'), async () => {
    const proceed = Promise.withResolvers<void>();
    answer = async (_, response) => {
      response.writeHead(200, SSE).write(chunk({ role: 'assistant', content: 'first' }));
      await proceed.promise;
      response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`);
    };
    const response = await post('/chat/completions', chat({ stream: true }));
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain('first');
    proceed.resolve();
    let rest = '';
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
      rest += Buffer.from(part.value);
    expect(rest).toMatch(/data: \[DONE\]\n\n$/);
    await lambda.idle();
    expect(lambda.invocations().at(-1)?.state).toBe('done');
  });

  test(title('tells an error before the first byte with its true status'), async () => {
    const response = await post('/chat/completions', chat(), { authorization: 'Bearer sk-sluice-nobody' });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
  });

  test(title('ends a stream that breaks with an error frame, and serves the next request'), async () => {
    answer = (_, response) =>
      void response.writeHead(200, SSE).write(chunk({ content: 'half' }), () => response.destroy());
    const text = await (await post('/chat/completions', chat({ stream: true }))).text();
    expect(text).toContain('upstream_reset');
    expect(text).not.toContain('[DONE]');
    answer = (_, response) => sendJson(response, completion('again'));
    expect((await post('/chat/completions', chat())).status).toBe(200);
  });

  test(title('breaks the connection where a relayed body breaks off, and lives on'), async () => {
    answer = (_, response) =>
      void response.writeHead(200, { 'content-length': '100' }).write('partial', () => response.destroy());
    const response = await fetch(`${base()}/files/f/content`, {
      headers: { authorization: `Bearer ${LOCAL_KEY}` },
    });
    await expect(response.text()).rejects.toThrow();
    await lambda.idle();
    answer = (_, response) => sendJson(response, completion('again'));
    expect((await post('/chat/completions', chat())).status).toBe(200);
  });

  test(title('relays a binary body and an empty answer'), async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
    answer = (received, response) =>
      void response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(received.body);
    const headers = { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/octet-stream' };
    const response = await fetch(`${base()}/uploads/u/parts`, { method: 'POST', headers, body: bytes });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    answer = (_, empty) => void empty.writeHead(204).end();
    const deleted = await fetch(`${base()}/files/f`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${LOCAL_KEY}` },
    });
    expect(deleted.status).toBe(204);
  });

  test(title('logs neither keys nor prompts'), () => {
    expect(lambda.logs()).toContain('"event":"answered"');
    expect(lambda.logs()).not.toMatch(/key-of-nobody|Hello|sk-sluice-/);
  });

  test(title('refuses to start without its table, and names the variable'), async () => {
    const { SLUICE_CREDENTIALS_TABLE: _, ...environment } = surroundings.environment;
    const options = {
      bundle: bundle.path,
      handler: 'index.handler',
      environment,
      node: process.execPath,
      event: kind,
    };
    await expect(startLambda(options)).rejects.toThrow(/SLUICE_CREDENTIALS_TABLE/);
  });
});
