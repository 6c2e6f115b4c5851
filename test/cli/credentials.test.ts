import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { completion, sendJson } from '../support/fake-upstream.ts';
import { Operator, refused } from '../support/operator.ts';
import { type Stage, startStage } from '../support/stage.ts';

interface ShownCredential {
  readonly id: string;
  readonly parent: string;
}

let stage: Stage;
let operator: Operator;
let key: string;

beforeAll(async () => {
  stage = await startStage();
  stage.answer = (_request, response) => sendJson(response, completion('Hi'));
  operator = new Operator({ SLUICE_DATA: stage.gateway.dataFolder });
  key = await operator.key('parent');
});

afterAll(async () => {
  await operator.leave();
  await stage.stop();
});

async function mint(body: object, bearer = key): Promise<string> {
  const init = { headers: { authorization: `Bearer ${bearer}`, 'x-bt-org-name': 'acme' } };
  const minted = await stage.gateway.post('/credentials', body, init);
  return ((await minted.json()) as { key: string }).key;
}

/** The id that a token's claims tell. */
function idOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti;
}

const listed = () => operator.json<ShownCredential[]>('credentials', 'list');
const call = (token: string) => stage.chat({}, { headers: { authorization: `Bearer ${token}` } });

describe('credentials list', () => {
  test('shows rights, parent and what was used, and no token', async () => {
    const limits = { max_requests: 5, max_cost_usd: 1.5, model: 'gpt-4o-mini' };
    const token = await mint({ ...limits, ttl_seconds: 3600, logging: { project_name: 'evals' } });
    await (
      await stage.chat({ model: 'gpt-4o-mini' }, { headers: { authorization: `Bearer ${token}` } })
    ).text();
    const own = await mint({}, 'provider-key-of-nobody');
    const json = await operator.out('credentials', 'list', '--json');
    expect(json).not.toContain(token.split('.')[2]);
    // Made in the same second they have no order.
    const shown = JSON.parse(json).toSorted((a: ShownCredential) => (a.id === idOf(token) ? -1 : 1));
    expect(shown).toEqual([
      {
        id: idOf(token),
        parent: 'key parent',
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        expires: expect.any(String),
        models: ['gpt-4o-mini'],
        max_requests: 5,
        max_cost_usd: 1.5,
        org_name: 'acme',
        logging: 'project_name:evals',
        requests: 1,
        usd: expect.any(Number),
      },
      expect.objectContaining({ id: idOf(own), parent: 'a provider key' }),
    ]);
    const table = await operator.out('credentials', 'list');
    expect(table).toMatch(/^ID +MADE WITH +EXPIRES +USED +MODELS\n/);
    expect(table).toMatch(
      /bt_tmp:\S+ +key parent +in (59|60) minutes +1\/5 requests, \$0\.\d+\/\$1\.50 +gpt-4o-mini\n/,
    );
    expect(table).toMatch(/bt_tmp:\S+ +a provider key +in 10 minutes +no limit +its parent’s\n/);
    expect(table).not.toContain(token);
  });

  test('leaves out what has expired', async () => {
    const id = 'bt_tmp:over';
    const parent = { kind: 'gateway-key', hash: 'a' } as const;
    await stage.gateway.stores.credentials.putCredential({ id, parent, createdAt: 1, expiresAt: 2 });
    expect((await listed()).map((credential) => credential.id)).not.toContain(id);
    const { code, message } = await refused(operator.run('credentials', 'revoke', id));
    expect(code).toBe(1);
    expect(message).toMatch(/no such credential in the data folder .*, or it has expired: credentials list/);
  });
});

describe('credentials revoke', () => {
  test('takes the whole id, and how it begins, with or without bt_tmp and as a narrow table cuts it', async () => {
    for (const spelt of [
      (id: string) => id,
      (id: string) => id.slice(0, 25),
      (id: string) => id.slice('bt_tmp:'.length, 25),
      (id: string) => `${id.slice(0, 19)}…`,
    ]) {
      const token = await mint({});
      const revoked = await operator.out('credentials', 'revoke', spelt(idOf(token)));
      expect(revoked).toBe(`Revoked ${idOf(token)}. It ends within 5 seconds.\n`);
      expect((await call(token)).status).toBe(401);
      expect((await listed()).map(({ id }) => id)).not.toContain(idOf(token));
    }
  });

  test('tells which begin alike instead of choosing one', async () => {
    const parent = { kind: 'gateway-key', hash: 'a' } as const;
    const expiresAt = Math.floor(Date.now() / 1000) + 3_600;
    const ids = ['bt_tmp:twin-one', 'bt_tmp:twin-two'];
    for (const id of ids)
      await stage.gateway.stores.credentials.putCredential({ id, parent, createdAt: 1, expiresAt });
    const { code, message } = await refused(operator.run('credentials', 'revoke', 'twin'));
    expect(code).toBe(1);
    for (const id of ids) expect(message).toContain(id);
    expect((await listed()).filter(({ id }) => ids.includes(id))).toHaveLength(2);
    expect(await operator.json('credentials', 'revoke', 'twin-one')).toEqual({ revoked: ids[0] });
    expect((await listed()).filter(({ id }) => ids.includes(id))).toHaveLength(1);
  });

  test.each([
    [[], /needs the id of a credential, or how it begins/],
    [['a', 'b'], /takes one argument/],
    [['a', '--key', 'x'], /does not take --key/],
  ])('of %j is refused', async (args, expected) => {
    const { code, message } = await refused(operator.run('credentials', 'revoke', ...args));
    expect(code).toBe(2);
    expect(message).toMatch(expected);
  });
});

describe('keys revoke', () => {
  test('tells how many credentials end with the key, and they do', async () => {
    const own = await operator.key('family');
    const tokens = [await mint({}, own), await mint({}, own)];
    const revoked = await operator.out('keys', 'revoke', 'family');
    expect(revoked).toContain('So do its temporary credentials: 2.');
    // The gateway remembers the key that it was just asked with for five seconds.
    for (const token of tokens) while ((await call(token)).status !== 401);
    const ids = tokens.map(idOf);
    const left = (await listed()).filter(({ id }) => ids.includes(id));
    expect(left.map(({ parent }) => parent)).toEqual(['a revoked key', 'a revoked key']);
  });
});
