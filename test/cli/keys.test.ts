import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { completion, sendJson } from '../support/fake-upstream.ts';
import { Operator, refused } from '../support/operator.ts';
import { errorOf, type Stage, startStage } from '../support/stage.ts';

interface ShownKey {
  readonly id: string;
  readonly key?: string;
  readonly created: string;
  readonly expires?: string;
  readonly used?: object[];
}

describe('keys, where no gateway runs', () => {
  let operator: Operator;

  beforeEach(() => {
    operator = new Operator();
  });

  afterEach(() => operator.leave());

  test('take every option, and show it in each form', async () => {
    const rights = ['--models', 'gpt-4o,fast', '--rpm', '60', '--tpm', '9000', '--expires', '12h'];
    const budget = ['--budget-usd', '0.50', '--per', 'day'];
    const made = await operator.json<ShownKey>('keys', 'create', '--name', 'team', ...rights, ...budget);
    const expected = {
      id: made.id,
      name: 'team',
      created: made.created,
      expires: made.expires,
      models: ['gpt-4o', 'fast'],
      rpm: 60,
      tpm: 9000,
      budget: { usd: 0.5, per: 'day' },
    };
    expect(made).toEqual({ ...expected, key: expect.stringMatching(/^sk-sluice-[\w-]{43}$/) });
    expect(Date.parse(made.expires ?? '') - Date.parse(made.created)).toBe(12 * 3_600_000);
    expect(await operator.json('keys', 'list')).toEqual([expected]);
    const used = [
      { window: 'minute', requests: 0, tokens: 0, usd: 0, resets: expect.any(String) },
      { window: 'day', requests: 0, tokens: 0, usd: 0, resets: expect.any(String) },
    ];
    expect(await operator.json('keys', 'show', made.id)).toEqual({ ...expected, used });
    const text = await operator.out('keys', 'show', 'team');
    expect(text).toContain('60 requests/min, 9000 tokens/min, $0.50/day');
    expect(text).toContain('this day    $0.00 in 0 requests');
    expect(await operator.json('keys', 'revoke', 'team')).toEqual({ revoked: made.id, credentials: 0 });
    expect(await operator.json('keys', 'list')).toEqual([]);
  });

  test('of one name go by their ids, which the refusal tells', async () => {
    const first = await operator.json<ShownKey>('keys', 'create', '--name', 'twin', '--expires', '1m');
    const { credentials, close } = await operator.stores();
    const [record] = await credentials.listKeys();
    if (record === undefined) throw new Error('there is no key');
    await credentials.putKey({ ...record, expiresAt: 1 });
    await close();
    const second = await operator.json<ShownKey>('keys', 'create', '--name', 'twin');
    for (const command of ['show', 'revoke']) {
      const { code, message } = await refused(operator.run('keys', command, 'twin'));
      expect(code).toBe(1);
      expect(message).toMatch(/^sluice: Several keys have this name, give the id of one: /);
      expect(message).toContain(first.id);
      expect(message).toContain(second.id);
    }
    const listed = await operator.out('keys', 'list');
    expect(listed).toMatch(/twin +\S+ +expired/);
    expect(listed).toMatch(/twin +\S+ +never/);
    expect(await operator.out('keys', 'revoke', first.id)).toContain(`Revoked ${first.id} (twin)`);
    expect(await operator.out('keys', 'show', 'twin')).toContain(second.id);
  });

  test('whose name is another’s id do not hide that one', async () => {
    const { id } = await operator.json<ShownKey>('keys', 'create', '--name', 'first');
    await operator.key(id);
    expect(await operator.out('keys', 'revoke', id)).toContain('(first)');
  });

  test('that are not there are missed by the folder’s name', async () => {
    const { code, message } = await refused(operator.run('keys', 'show', 'nobody'));
    expect(code).toBe(1);
    expect(message).toContain(`no such key in the data folder ${operator.folder.path}`);
    expect(message).toContain('keys list');
    const listed = await operator.run('keys', 'list');
    expect(listed.stdout).toBe('There are no keys.\n');
    expect(listed.stderr).toContain('keys create --name NAME');
  });
});

describe('a wrong command line', () => {
  let operator: Operator;

  beforeAll(() => {
    operator = new Operator();
  });

  afterAll(() => operator.leave());

  const create = (...args: string[]) => ['keys', 'create', '--name', 'x', ...args];

  test.each<[string[], RegExp]>([
    [['keys', 'create', '--name', ' '], /needs --name NAME/],
    [['keys', 'create', '--name', 'x'.repeat(129)], /--name must have at most 128 characters/],
    [['keys', 'create', '--name', 'a\nb'], /--name must have .* no control characters/],
    [['keys', 'create', '--name'], /--name needs a value.*keys create --name NAME/],
    [create('--models', ''), /--models must name at least one: a,b/],
    [create('--rpm', '1.5'), /--rpm must be a whole number of at least 1/],
    [create('--rpm', '-5'), /--rpm needs a value.*--rpm=-1/],
    [create('--rpm=-5'), /--rpm must be a whole number of at least 1/],
    [create('--tpm', '1e6'), /--tpm must be a whole number of at least 1/],
    [create('--tpm', '9'.repeat(13)), /--tpm must be a whole number/],
    [create('--budget-usd', '$5', '--per', 'day'), /--budget-usd must be a number of US dollars above 0/],
    [create('--budget-usd', '0', '--per', 'day'), /--budget-usd must be a number of US dollars above 0/],
    [create('--budget-usd', '5', '--per', 'week'), /--per must be day or month/],
    [create('--per', 'day'), /--budget-usd and --per belong together/],
    [create('--expires', '0d'), /--expires must be .*90m, 12h, 30d/],
    [create('--expires', '30'), /--expires must be .*90m, 12h, 30d/],
    [create('--expires', '3654d'), /--expires must be .* to 3653d/],
    [create('more'), /does not take "more"/],
    [create('--scope', 'x'), /keys create does not take --scope/],
    [['keys', 'show'], /keys show needs the id or the name of a key/],
    [['keys', 'revoke', 'two', 'words'], /quote a name that has spaces/],
    [['keys'], /unknown command "keys"\. There are: keys create,.* cache purge/],
    [['keys', 'list', '--json=yes'], /--json takes no value/],
    [['keys', 'list', '--nme'], /there is no option --nme\. It is: keys list/],
    [['keys', 'list', '--stack', ''], /--stack needs a name: SluiceGateway/],
    [['keys', 'list', '--region', ''], /--region needs a name/],
  ])('%j is refused with 2, by a message that names what to do', async (args, expected) => {
    const { code, message } = await refused(operator.run(...args));
    expect(code).toBe(2);
    expect(message).toMatch(expected);
    expect(message.split('\n')).toHaveLength(1);
  });

  test('makes no key', async () => {
    expect(await operator.json('keys', 'list')).toEqual([]);
  });
});

describe('a key that the CLI made while the gateway runs', () => {
  let stage: Stage;
  let operator: Operator;

  beforeAll(async () => {
    stage = await startStage();
    stage.answer = (_request, response) => sendJson(response, completion('Hi'));
    operator = new Operator({ SLUICE_DATA: stage.gateway.dataFolder });
  });

  afterAll(async () => {
    await operator.leave();
    await stage.stop();
  });

  const call = (key: string, more?: object) =>
    stage.chat(more, { headers: { authorization: `Bearer ${key}` } });

  test('is held to its models', async () => {
    const key = await operator.key('models', '--models', 'gpt-test');
    expect((await call(key)).status).toBe(200);
    expect((await call(key, { model: 'gpt-other' })).status).toBe(403);
  });

  test('is held to its requests a minute', async () => {
    const key = await operator.key('rpm', '--rpm', '1');
    const first = await call(key);
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('1');
    // A minute may end between two calls, but not between each.
    const statuses = [first.status];
    while (statuses.length < 5 && !statuses.includes(429)) statuses.push((await call(key)).status);
    expect(statuses).toContain(429);
  });

  test('is held to its tokens a minute', async () => {
    const key = await operator.key('tpm', '--tpm', '1');
    const refusal = await call(key);
    expect(refusal.status).toBe(429);
    expect((await errorOf(refusal)).code).toBe('rate_limit_exceeded');
  });

  test('is held to its budget, and shows what it used', async () => {
    const key = await operator.key('budget', '--budget-usd', '0.000001', '--per', 'month');
    const refusal = await call(key, { model: 'gpt-4o' });
    expect(refusal.status).toBe(429);
    expect((await errorOf(refusal)).code).toBe('insufficient_quota');
    const spender = await operator.key('spender', '--budget-usd', '10', '--per', 'month');
    await (await call(spender, { model: 'gpt-4o', max_tokens: 100 })).text();
    await (await call(spender, { model: 'gpt-4o' })).text();
    const { used } = await operator.json<ShownKey>('keys', 'show', 'spender');
    expect(used).toEqual([expect.objectContaining({ window: 'month', requests: 2 })]);
  });

  test('gives credentials that end with it', async () => {
    const key = await operator.key('expiring', '--expires', '5m');
    const minted = await stage.gateway.post(
      '/credentials',
      { ttl_seconds: 86_400 },
      { headers: { authorization: `Bearer ${key}` } },
    );
    const { key: token } = (await minted.json()) as { key: string };
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { expires } = await operator.json<ShownKey>('keys', 'show', 'expiring');
    expect(exp).toBe(Date.parse(expires ?? '') / 1000);
  });

  test('does nothing once it has been revoked or has expired', async () => {
    const revoked = await operator.key('revoked');
    const { id } = await operator.json<ShownKey>('keys', 'show', 'revoked');
    expect(await operator.out('keys', 'revoke', id)).toContain('It ends within 5 seconds.');
    expect((await call(revoked)).status).toBe(401);
    const expired = await operator.key('expired', '--expires', '1m');
    const { credentials } = stage.gateway.stores;
    const record = (await credentials.listKeys()).find(({ name }) => name === 'expired');
    if (record?.expiresAt === undefined) throw new Error('the key does not expire');
    expect(record.expiresAt - record.createdAt).toBe(60);
    await credentials.putKey({ ...record, expiresAt: record.createdAt });
    expect((await call(expired)).status).toBe(401);
    expect(await operator.out('keys', 'list')).toMatch(/expired +\S+ +expired/);
  });
});
