import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { as, eventually, fresh } from '../../support/cache-calls.ts';
import { type Answer, chatStream, completion, SSE, sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { errorOf, type Stage, startStage } from '../../support/stage.ts';
import { MODELS, saying, startVendors, type VendorStage } from '../../support/vendor-stage.ts';

const VENDOR_HEADERS = {
  'x-request-id': 'upstream-request-1',
  'x-ratelimit-remaining-requests': '7',
  'x-ratelimit-limit-tokens': '1000',
  'openai-processing-ms': '12',
  'openai-version': '2020-10-01',
  'set-cookie': 'a=b',
};

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ config: { retries: { attempts: 1 } } });
});
afterAll(() => stage.stop());
afterEach(() => {
  jest.restoreAllMocks();
});

/** From now on the clock is so many seconds ahead, and stands still. */
function later(seconds: number): void {
  const at = Date.now() + seconds * 1000;
  jest.spyOn(Date, 'now').mockReturnValue(at);
}

const answered: Answer = (request, response) => {
  if (JSON.parse(request.body.toString()).stream !== true)
    return sendJson(response, completion('ok'), 200, VENDOR_HEADERS);
  response.writeHead(200, { ...SSE, ...VENDOR_HEADERS }).end(chatStream(['ok'], true));
};

async function missAndHit(more: object = {}): Promise<{ miss: Headers; hit: Headers }> {
  later(0);
  stage.answer = answered;
  const body = fresh(more);
  const miss = await stage.chat(body, as(LOCAL_KEY, { 'x-bt-cache-ttl': '120' }));
  await miss.text();
  const hit = await stage.chat(body, as(LOCAL_KEY, { 'x-bt-cache-ttl': '120' }));
  await hit.text();
  return { miss: miss.headers, hit: hit.headers };
}

describe.each([{ stream: false }, { stream: true }])('the headers of %j', (more) => {
  const lifetime = more.stream ? 'max-age=120, no-transform' : 'max-age=120';

  test('of a miss', async () => {
    const { miss } = await missAndHit(more);
    expect(Object.fromEntries(miss)).toMatchObject({
      'x-bt-cached': 'MISS',
      age: '0',
      'cache-control': lifetime,
      'x-bt-used-endpoint': 'openai',
      'x-upstream-request-id': 'upstream-request-1',
      'x-ratelimit-remaining-requests': '7',
    });
    expect(miss.get('x-bt-original-request-id')).toBeNull();
    expect(miss.get('server-timing')).toMatch(/auth;dur=.*cache;dur=.*upstream;dur=/);
  });

  test('of a hit', async () => {
    const { miss, hit } = await missAndHit(more);
    expect(Object.fromEntries(hit)).toMatchObject({
      'x-bt-cached': 'HIT',
      age: '0',
      'cache-control': lifetime,
      'x-bt-used-endpoint': 'openai',
      'x-bt-original-request-id': miss.get('x-request-id'),
      'content-type': miss.get('content-type'),
      'openai-version': '2020-10-01',
    });
    expect(hit.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
    expect(hit.get('x-request-id')).not.toBe(miss.get('x-request-id'));
    expect(hit.get('access-control-expose-headers')).toBe(miss.get('access-control-expose-headers'));
  });

  test('of a hit say nothing of the provider’s old answer that is no longer true', async () => {
    const { hit } = await missAndHit(more);
    const names = [...hit.keys()];
    expect(names.filter((name) => /ratelimit|upstream-request|processing-ms|cookie/.test(name))).toEqual([]);
  });

  test('of a hit time the cache, and no provider', async () => {
    const { hit } = await missAndHit(more);
    expect(hit.get('server-timing')).toMatch(/auth;dur=[\d.]+, cache;dur=[\d.]+/);
    expect(hit.get('server-timing')).not.toContain('upstream');
    expect(/total;dur=/.test(hit.get('server-timing') ?? '')).toBe(!more.stream);
  });
});

test('the age of a hit is what has passed since the provider answered', async () => {
  later(0);
  stage.answer = answered;
  const body = fresh();
  await (await stage.chat(body)).text();
  later(20);
  // While it is being written, it is shared by all who ask, and young.
  const hit = await eventually(
    () => stage.chat(body),
    ({ headers }) => headers.get('age') === '20',
  );
  expect(hit.headers.get('x-bt-cached')).toBe('HIT');
  expect(hit.headers.get('age')).toBe('20');
});

test('a browser may read what a hit says of itself', async () => {
  stage.answer = answered;
  const answer = await stage.chat(fresh(), as(LOCAL_KEY, { origin: 'https://app.example' }));
  const exposed = (answer.headers.get('access-control-expose-headers') ?? '').toLowerCase();
  for (const name of [
    'x-bt-cached',
    'age',
    'x-bt-original-request-id',
    'x-bt-used-endpoint',
    'server-timing',
  ])
    expect(exposed).toContain(name);
});

test('a hit is one line in the log, without a word of it', async () => {
  later(0);
  stage.answer = answered;
  const body = fresh();
  await (await stage.chat(body)).text();
  stage.gateway.lines.length = 0;
  const hit = await stage.chat(body);
  await hit.text();
  expect(stage.gateway.lines).toHaveLength(1);
  expect(JSON.parse(stage.gateway.lines[0] ?? '')).toMatchObject({
    level: 'info',
    event: 'answered',
    requestId: hit.headers.get('x-request-id'),
    provider: 'openai',
    status: 200,
    cached: true,
    age: 0,
  });
});

describe('an error', () => {
  test.each<[string, Answer]>([
    [
      'of the provider',
      (_, response) => sendJson(response, { error: { message: 'no' } }, 500, VENDOR_HEADERS),
    ],
    [
      'of its limits',
      (_, response) => sendJson(response, { error: { message: 'no' } }, 429, { 'retry-after': '30' }),
    ],
    ['of the request', (_, response) => sendJson(response, { error: { message: 'no' } }, 400)],
    ['under status 200', (_, response) => sendJson(response, { error: { message: 'no' } })],
    ['of a connection', (_, response) => void response.destroy()],
  ])('%s has no lifetime', async (_, answer) => {
    stage.answer = answer;
    for (const stream of [false, true]) {
      const refused = await stage.chat(fresh({ stream }));
      expect(refused.status).toBeGreaterThanOrEqual(400);
      await errorOf(refused);
      expect(refused.headers.get('cache-control') ?? '').not.toContain('max-age');
      for (const name of ['x-bt-cached', 'age']) expect(refused.headers.get(name)).toBeNull();
    }
  });

  test('of the caller has none either', async () => {
    for (const refused of [
      await stage.gateway.post('/chat/completions', { model: 'gpt-test', temperature: 0 }),
      await stage.chat(fresh(), as('sk-sluice-unknown-of-nobody')),
      await stage.gateway.post('/embeddings', { input: 'x' }),
    ]) {
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect(refused.headers.get('cache-control') ?? '').not.toContain('max-age');
    }
  });
});

test('an answer that is not to be given again has no lifetime', async () => {
  stage.answer = (_, response) => sendJson(response, completion('x', { choices: [] }));
  const answer = await stage.chat(fresh());
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBeNull();
});

describe('what a provider was not told', () => {
  let vendors: VendorStage;
  beforeAll(async () => {
    vendors = await startVendors();
  });
  afterAll(() => vendors.stop());

  test('stays named', async () => {
    vendors.answer = saying({ text: 'ok' });
    const body = { model: MODELS.anthropic, ...fresh({ seed: 1, frequency_penalty: 1 }) };
    const [miss, hit] = [
      await vendors.gateway.post('/chat/completions', body),
      await vendors.gateway.post('/chat/completions', { ...body, stream: true }),
    ];
    expect(hit.headers.get('x-bt-cached')).toBe('HIT');
    expect(hit.headers.get('x-sluice-dropped')).toContain('seed');
    expect(hit.headers.get('x-sluice-dropped')).toBe(miss.headers.get('x-sluice-dropped'));
    expect(hit.headers.get('x-bt-used-endpoint')).toBe('anthropic');
  });
});
