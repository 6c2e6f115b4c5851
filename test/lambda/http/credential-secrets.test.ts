import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { hashKey } from '../../../lambda/gateway/callers/bearer.ts';
import { type CoreGateway, type CoreStage, startCore } from '../../support/core-stage.ts';
import { type Answer, completion, sendJson } from '../../support/fake-upstream.ts';
import { UPSTREAM_KEY } from '../../support/stage.ts';

const OWN_KEY = 'canary-own-key-of-nobody';
const PROMPT = 'canary-prompt';
const MESSAGES = [{ role: 'user', content: PROMPT }];

let stage: CoreStage;
let gateway: CoreGateway;
let key: string;
/** Of the gateway key, and of the provider's key. */
let tokens: { child: string; sealed: string };
let printed: string[];

beforeAll(async () => {
  stage = await startCore();
  gateway = stage.gateway({ retries: { attempts: 1 } });
  key = await stage.addKey({ rpm: 1_000_000, budget: { usd: 1_000, per: 'day' } });
  const mint = async (by: string) =>
    ((await (await gateway.post('/credentials', {}, by)).json()) as { key: string }).key;
  tokens = { child: await mint(key), sealed: await mint(OWN_KEY) };
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.lines.length = 0;
  printed = [];
  stage.answer = (_, response) => sendJson(response, completion('ok'));
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    jest.spyOn(console, method).mockImplementation((...values) => {
      printed.push(values.map((value) => inspect(value, { depth: 10 })).join(' '));
    });
  }
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** What opens the provider's key that a record keeps. */
function secretOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).bt.secret;
}

function secrets(): string[] {
  const { child, sealed } = tokens;
  const parts = [child, sealed].flatMap((token) => token.split('.').slice(1));
  const signing = readFileSync(join(stage.folder, 'signing-secret'), 'utf8');
  return [key, OWN_KEY, UPSTREAM_KEY, secretOf(sealed), signing, PROMPT, ...parts];
}

/** Whatever was said to the caller, logged, printed, or kept beside the signing secret. */
async function expectNothingTold(response: Response): Promise<void> {
  const answer = JSON.stringify([...response.headers]) + (await response.text().catch(() => ''));
  await gateway.settled();
  const files = readdirSync(stage.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'signing-secret')
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
  const told = { answer, log: stage.lines.join('\n'), printed: printed.join('\n'), files: files.join('\n') };
  for (const [where, text] of Object.entries(told)) {
    const found = secrets().flatMap((secret, i) => (text.includes(secret) ? [`${where}: secret ${i}`] : []));
    expect(found).toEqual([]);
  }
}

const bearers = (): [string, string][] => [
  ['a key', key],
  ['a child of it', tokens.child],
  ['a provider’s key', OWN_KEY],
  ['a child of that', tokens.sealed],
];
const quoting: Answer = ({ headers, body }, response) =>
  sendJson(response, { error: { message: `${headers.authorization} ${body.toString()}` } }, 401);

describe('what fails tells no key, no token and no prompt', () => {
  const down = () => Promise.reject(new Error(`${key} ${tokens.child} ${PROMPT}`));
  const store = () => ({
    ...stage.dynamodb.credentials,
    findKey: down,
    findCredential: down,
    putCredential: down,
  });

  test('with the credentials’ store down', async () => {
    const broken = stage.gateway({}, { credentials: store() as never });
    for (const [, bearer] of bearers()) {
      const answer = await broken.chat(bearer, { messages: MESSAGES });
      expect(answer.status).toBeGreaterThanOrEqual(500);
      await expectNothingTold(answer);
    }
  });

  test('with the signing secret gone', async () => {
    const signing = { current: down, refresh: down };
    const broken = stage.gateway({}, { signing: signing as never });
    await expectNothingTold(await broken.chat(tokens.child, { messages: MESSAGES }));
    await expectNothingTold(await broken.post('/credentials', {}, OWN_KEY));
  });

  test('with the record of a new credential not written', async () => {
    const credentials = { ...store(), findKey: (hash: string) => stage.dynamodb.credentials.findKey(hash) };
    const broken = stage.gateway({}, { credentials: credentials as never });
    const answer = await broken.post('/credentials', {}, key);
    expect(answer.status).toBeGreaterThanOrEqual(500);
    await expectNothingTold(answer);
  });

  test('with the counters down', async () => {
    const usage = { reserve: down, adjust: down, read: down };
    const broken = stage.gateway({}, { usage: usage as never });
    await expectNothingTold(await broken.chat(key, { messages: MESSAGES }));
  });

  test('at a provider that refuses the key and quotes everything', async () => {
    stage.answer = quoting;
    for (const [, bearer] of bearers().slice(0, 2)) {
      await expectNothingTold(
        await gateway.chat(bearer, { model: 'gpt-4o', messages: MESSAGES }).then(withoutPrompt),
      );
    }
  });

  test('at a provider that breaks off', async () => {
    stage.answer = (_, __, message) => void message.socket.resetAndDestroy();
    for (const [, bearer] of bearers()) {
      await expectNothingTold(await gateway.chat(bearer, { model: 'gpt-4o', messages: MESSAGES }));
    }
  });

  test.each<[string, object | string]>([
    ['a body of another shape', { ttl_seconds: PROMPT, models: [PROMPT] }],
    ['a name of a field', { logging: { parent: PROMPT } }],
    ['no JSON', `{"model":"${PROMPT}`],
    ['a model twice', `{"model":"${PROMPT}","model":"b"}`],
    ['a list', [PROMPT]],
  ])('at minting with %s', async (_, body) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { authorization: `Bearer ${key}` };
    const answer = await gateway.fetch('/credentials', { method: 'POST', body: text, headers });
    expect(answer.status).toBe(400);
    await expectNothingTold(answer);
  });

  test('once they are revoked', async () => {
    const gone = await stage.addKey();
    const made = (await (await gateway.post('/credentials', {}, gone)).json()) as { key: string };
    await stage.dynamodb.credentials.revokeKey(hashKey(gone));
    for (const bearer of [gone, made.key]) {
      const answer = await gateway.chat(bearer, { messages: MESSAGES });
      expect(answer.status).toBe(401);
      const text = JSON.stringify([...answer.headers]) + (await answer.clone().text()) + stage.lines.join();
      expect(text).not.toContain(gone);
      expect(text).not.toContain(made.key.slice(-20));
      expect(text).not.toContain(hashKey(gone));
      await expectNothingTold(answer);
    }
  });
});

/** The caller may read their own prompt in a provider's words; the others' rooms are looked through all the same. */
async function withoutPrompt(answer: Response): Promise<Response> {
  const text = (await answer.text()).replaceAll(PROMPT, 'prompt');
  return new Response(text, { headers: answer.headers, status: answer.status });
}
