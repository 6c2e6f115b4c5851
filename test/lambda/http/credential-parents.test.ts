import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { hashKey } from '../../../lambda/gateway/callers/bearer.ts';
import { countersOf, NANO_USD } from '../../../lambda/gateway/limits/counters.ts';
import { RememberingCredentialStore } from '../../../lambda/stores/remembering-credential-store.ts';
import { type CoreGateway, type CoreStage, startCore } from '../../support/core-stage.ts';
import { completion, sendJson } from '../../support/fake-upstream.ts';
import { errorOf } from '../../support/stage.ts';

const USER = 'arn:aws:iam::123456789012:user/ann';
const LIMITED = 'arn:aws:iam::123456789012:user/ben';
const CONFIG = {
  prices: { 'gpt-test': { input: 1_000_000, output: 1_000_000 } },
  identities: {
    iam: [
      { arn: USER, models: ['gpt-test'], rpm: 1_000, budget: { usd: 30, per: 'month' } },
      { arn: LIMITED },
    ],
  },
};
/** Five tokens asked and seven answered, at a dollar each. */
const COST = 12 * NANO_USD;
const SMALL = { max_tokens: 1 };

let stage: CoreStage;
let gateway: CoreGateway;
beforeAll(async () => {
  stage = await startCore();
  gateway = stage.gateway(CONFIG);
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.answer = (_, response) => sendJson(response, completion('ok'));
});

async function tokenOf(made: Response): Promise<string> {
  expect(made.status).toBe(200);
  return ((await made.json()) as { key: string }).key;
}
const mint = async (body: object, key: string) => tokenOf(await gateway.post('/credentials', body, key));
const jtiOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti;

/** Calls and waits until what it used is counted. */
async function status(token: string, more: object = SMALL): Promise<number> {
  const answer = await gateway.chat(token, more);
  await answer.text();
  await gateway.settled();
  return answer.status;
}

async function usedBy(subject: string, limits: object) {
  const [found] = countersOf({ subject, ...limits }, Date.now());
  return stage.dynamodb.usage.read(found?.counter.id ?? '');
}

describe('a child of a key', () => {
  test('has of its own models those that its key may use now, whatever it was at minting', async () => {
    const key = await stage.addKey({ models: ['gpt-test', 'gpt-more'] });
    const child = await mint({ models: ['gpt-test', 'gpt-more'] }, key);
    expect(await status(child)).toBe(200);
    await stage.dynamodb.credentials.putKey({
      hash: hashKey(key),
      name: 'test',
      createdAt: 0,
      models: ['gpt-more'],
    });
    expect(await status(child)).toBe(403);
    expect(await status(child, { model: 'gpt-more' })).toBe(200);
  });

  test('shares the budget with its key and its siblings', async () => {
    const budget = { usd: 40, per: 'month' as const };
    const key = await stage.addKey({ budget });
    const [one, other] = [await mint({}, key), await mint({ max_cost_usd: 1_000 }, key)];
    expect([await status(one), await status(other), await status(key)]).toEqual([200, 200, 200]);
    expect(await usedBy(`key#${hashKey(key).slice(0, 16)}`, { budget })).toMatchObject({ nanoUsd: 3 * COST });
    expect([await status(one), await status(other), await status(key)]).toEqual([429, 429, 429]);
  });

  test('with a cost of its own spends neither more than that, nor others’ share', async () => {
    const budget = { usd: 1_000, per: 'month' as const };
    const key = await stage.addKey({ budget });
    const child = await mint({ max_cost_usd: 15 }, key);
    expect([await status(child), await status(child)]).toEqual([200, 429]);
    expect(await status(key)).toBe(200);
    expect(await usedBy(`key#${hashKey(key).slice(0, 16)}`, { budget })).toMatchObject({ nanoUsd: 2 * COST });
    expect(await usedBy(`cred#${jtiOf(child)}`, { maxCostUsd: 15 })).toMatchObject({ nanoUsd: COST });
  });

  test('has the rates that its key has now', async () => {
    const key = await stage.addKey();
    const child = await mint({}, key);
    expect((await gateway.chat(child)).headers.get('x-ratelimit-limit-requests')).toBeNull();
    const rights = { hash: hashKey(key), name: 'test', createdAt: 0 };
    await stage.dynamodb.credentials.putKey({ ...rights, rpm: 100, tpm: 1 });
    const refused = await gateway.chat(child);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-ratelimit-limit-requests')).toBe('100');
  });

  test('ends with its key, revoked or expired, and comes back for no one', async () => {
    const key = await stage.addKey();
    const child = await mint({}, key);
    const rights = { hash: hashKey(key), name: 'test', createdAt: 0 };
    await stage.dynamodb.credentials.putKey({ ...rights, expiresAt: Math.floor(Date.now() / 1000) - 1 });
    expect(await status(child)).toBe(401);
    await stage.dynamodb.credentials.revokeKey(hashKey(key));
    const ended = await gateway.chat(child);
    expect(await errorOf(ended)).toMatchObject({ code: 'credential_revoked' });
  });

  test('made while its key was being revoked is of no use', async () => {
    let now = Date.now();
    const credentials = new RememberingCredentialStore(stage.dynamodb.credentials, () => now);
    const warm = stage.gateway(CONFIG, { credentials });
    const key = await stage.addKey();
    expect((await warm.chat(key)).status).toBe(200);
    await stage.dynamodb.credentials.revokeKey(hashKey(key));
    const child = await tokenOf(await warm.post('/credentials', {}, key));
    expect(await status(child)).toBe(401);
    now += 5_000;
    expect((await warm.chat(child)).status).toBe(401);
    expect((await warm.post('/credentials', {}, key)).status).toBe(401);
  });

  test.each(['credential', 'key'])(
    'is ended by its %s in five seconds, however busy it is',
    async (which) => {
      let now = Date.now();
      const credentials = new RememberingCredentialStore(stage.dynamodb.credentials, () => now);
      const warm = stage.gateway(CONFIG, { credentials });
      const key = await stage.addKey();
      const child = await mint({}, key);
      expect((await warm.chat(child)).status).toBe(200);
      const store = stage.dynamodb.credentials;
      await (which === 'key' ? store.revokeKey(hashKey(key)) : store.revokeCredential(jtiOf(child)));
      for (let second = 1; second < 5; second++) {
        now += 1_000;
        expect((await warm.chat(child)).status).toBe(200);
      }
      now += 1_000;
      expect((await warm.chat(child)).status).toBe(401);
    },
  );
});

describe('minting', () => {
  test('is one of the minute’s requests, and takes nothing of a budget', async () => {
    const budget = { usd: 1, per: 'month' } as const;
    const key = await stage.addKey({ rpm: 2, budget });
    await mint({}, key);
    const second = await gateway.post('/credentials', {}, key);
    expect(second.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    const third = await gateway.post('/credentials', {}, key);
    expect(third.status).toBe(429);
    expect(third.headers.has('retry-after')).toBe(true);
    expect(await usedBy(`key#${hashKey(key).slice(0, 16)}`, { budget })).toMatchObject({ requests: 0 });
  });
});

describe('a child of an identity', () => {
  const iam = (userArn: string) => ({ iam: { userArn, accountId: '123456789012' } });
  const ofIdentity = async (body: object, arn = USER) =>
    tokenOf(await gateway.post('/credentials', body, '', {}, iam(arn)));

  test('has its models, and may be made for no other', async () => {
    const child = await ofIdentity({});
    expect(await status(child)).toBe(200);
    expect(await status(child, { model: 'gpt-other' })).toBe(403);
    const refused = await gateway.post('/credentials', { model: 'gpt-other' }, '', {}, iam(USER));
    expect(await errorOf(refused)).toMatchObject({ code: 'model_not_allowed', param: 'model' });
  });

  test('shares its budget and its rate', async () => {
    const child = await ofIdentity({});
    const answers = [await gateway.chat(child, SMALL)];
    await gateway.settled();
    for (let i = 0; i < 3; i++) {
      answers.push(await gateway.post('/chat/completions', { ...CHAT_BODY, ...SMALL }, '', {}, iam(USER)));
      await gateway.settled();
    }
    expect(answers.at(0)?.headers.get('x-ratelimit-limit-requests')).toBe('1000');
    expect(answers.at(-1)?.status).toBe(429);
    expect(await status(child)).toBe(429);
  });

  test.each<[string, object[]]>([
    ['is taken out of gateway.json', []],
    ['gives other rights', [{ arn: LIMITED, models: ['gpt-test'] }]],
    ['is of another identity', [{ arn: USER }]],
  ])('ends when the entry that gave it its rights %s', async (_, entries) => {
    const child = await ofIdentity({}, LIMITED);
    expect(await status(child)).toBe(200);
    const redeployed = stage.gateway({ identities: { iam: entries } });
    expect(await errorOf(await redeployed.chat(child))).toMatchObject({ code: 'credential_revoked' });
    const moved = stage.gateway({ identities: { iam: [{ arn: USER, rpm: 1 }, { arn: LIMITED }] } });
    expect((await moved.chat(child, SMALL)).status).toBe(200);
  });

  test('of another identity shares nothing with it', async () => {
    expect(await status(await ofIdentity({}, LIMITED))).toBe(200);
    expect(await status(await ofIdentity({ max_requests: 1 }, LIMITED))).toBe(200);
  });

  test('mints nothing, with the identity’s signature beside it or not', async () => {
    const child = await ofIdentity({}, LIMITED);
    for (const wire of [undefined, iam(LIMITED)]) {
      const refused = await gateway.post('/credentials', {}, child, {}, wire);
      expect(await errorOf(refused)).toMatchObject({ code: 'credential_cannot_mint' });
    }
  });
});

const CHAT_BODY = { model: 'gpt-test', messages: [{ role: 'user', content: 'x' }] };

describe('an organization', () => {
  test('that a credential is bound to is the only one, in the path and in the header', async () => {
    const key = await stage.addKey();
    const made = await gateway.post('/credentials', {}, key, { headers: { 'x-bt-org-name': 'acme' } });
    const child = await tokenOf(made);
    const at = (path: string, header?: string) =>
      gateway.post(
        path,
        CHAT_BODY,
        child,
        header === undefined ? {} : { headers: { 'x-bt-org-name': header } },
      );
    for (const path of ['/chat/completions', '/btorg/acme/chat/completions']) {
      expect((await at(path)).status).toBe(200);
      expect((await at(path, 'acme')).status).toBe(200);
      expect([400, 403]).toContain((await at(path, 'other')).status);
      expect([400, 403]).toContain((await at(path, 'Acme')).status);
    }
    expect((await at('/btorg/other/chat/completions')).status).toBe(403);
    expect((await at('/btorg/other/responses')).status).toBe(403);
  });
});
