import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KeyUnavailable } from '../../../lambda/errors.ts';
import { createLog } from '../../../lambda/log.ts';
import { createRegistry } from '../../../lambda/providers/index.ts';
import { environmentKeyRing } from '../../../lambda/stores/environment-key-ring.ts';
import type { KeyRing } from '../../../lambda/stores/key-ring.ts';
import { SecretsManagerKeyRing } from '../../../lambda/stores/secrets-manager-key-ring.ts';
import { type FakeSecretsManager, SECRET_ID, startSecretsManager } from '../../support/secrets-manager.ts';

let service: FakeSecretsManager;
let now: number;
let lines: string[];

beforeEach(async () => {
  service = await startSecretsManager();
  now = 1_000_000;
  lines = [];
});

afterEach(() => service.close());

function secretRing(secret: unknown): SecretsManagerKeyRing {
  service.secret = typeof secret === 'string' ? secret : JSON.stringify(secret);
  const log = createLog((...line) => lines.push(JSON.stringify(line)));
  return new SecretsManagerKeyRing(service.client, SECRET_ID, log, () => now);
}

/** The error of a ring that can't be read. */
async function failureOf(work: Promise<unknown>): Promise<KeyUnavailable> {
  const failure: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof KeyUnavailable) return failure;
  throw new Error('no KeyUnavailable was thrown', { cause: failure });
}

/** Each ring with two keys of OpenAI's (blanks about them), one of Groq's, and an empty place for Mistral's. */
const rings: [string, () => KeyRing][] = [
  [
    'environmentKeyRing',
    () => {
      const environment = { OPENAI_API_KEY: ' k1 , k2,', GROQ_API_KEY: 'g', MISTRAL_API_KEY: ' ' };
      return environmentKeyRing(environment, createRegistry([]).values());
    },
  ],
  ['SecretsManagerKeyRing', () => secretRing({ openai: [' k1 ', 'k2', ''], groq: 'g', mistral: ' ' })],
];

describe.each(rings)('%s', (_, createRing) => {
  test('gives one key', async () => {
    expect(await createRing().keys('groq')).toEqual([{ apiKey: 'g' }]);
  });

  test('gives several keys in the operator’s order, without blanks', async () => {
    expect(await createRing().keys('openai')).toEqual([{ apiKey: 'k1' }, { apiKey: 'k2' }]);
  });

  test.each(['mistral', 'xai', 'no-such-provider', 'constructor', '__proto__'])(
    'has none for %s',
    async (name) => {
      expect(await createRing().keys(name)).toEqual([]);
      expect(await createRing().refresh(name)).toEqual([]);
    },
  );

  test('names the providers that have a key', async () => {
    expect([...(await createRing().providers())].toSorted()).toEqual(['groq', 'openai']);
  });

  test('gives the keys anew on refresh', async () => {
    const ring = createRing();
    await ring.keys('openai');
    now += 60_000;
    expect(await ring.refresh('openai')).toEqual([{ apiKey: 'k1' }, { apiKey: 'k2' }]);
  });
});

describe('environmentKeyRing', () => {
  test('takes the first of a vendor’s variables that holds something', async () => {
    const environment = { CO_API_KEY: ' ', COHERE_API_KEY: 'c' };
    const ring = environmentKeyRing(environment, createRegistry([]).values());
    expect(await ring.keys('cohere')).toEqual([{ apiKey: 'c' }]);
  });

  test('reads an entry’s key from the variable of the entry’s name, not from the vendor’s', async () => {
    const registry = createRegistry([{ name: 'azure-eu', kind: 'azure', baseUrl: 'https://x.test' }]);
    const ring = environmentKeyRing(
      { AZURE_EU_API_KEY: 'eu', AZURE_OPENAI_API_KEY: 'us' },
      registry.values(),
    );
    expect(await ring.keys('azure-eu')).toEqual([{ apiKey: 'eu' }]);
    expect(await ring.keys('azure')).toEqual([{ apiKey: 'us' }]);
  });
});

describe('the forms of the secret', () => {
  test.each<[string, unknown, unknown]>([
    [
      'an object',
      { apiKey: 'k', baseUrl: 'https://x.test/v1' },
      [{ apiKey: 'k', baseUrl: 'https://x.test/v1' }],
    ],
    [
      'a list of objects',
      [{ apiKey: 'a' }, { apiKey: 'b', region: 'eu' }],
      [{ apiKey: 'a' }, { apiKey: 'b', region: 'eu' }],
    ],
    ['a list of both', ['a', { apiKey: 'b' }], [{ apiKey: 'a' }, { apiKey: 'b' }]],
    ['an object with blanks about its key', { apiKey: ' k\n' }, [{ apiKey: 'k' }]],
    ['an object with places not filled in', { apiKey: 'k', baseUrl: null, region: '' }, [{ apiKey: 'k' }]],
    ['a service account inside', { credentials: { type: 'x' } }, [{ credentials: '{"type":"x"}' }]],
    ['an object that is a template still', { apiKey: '' }, []],
    ['null', null, []],
    ['a number', 5, []],
    ['a list in a list', [['k']], []],
  ])('%s', async (_, value, keys) => {
    expect(await secretRing({ openai: value }).keys('openai')).toEqual(keys);
  });

  test('a name with an underscore before it is the template’s, no provider', async () => {
    const ring = secretRing({ _placeholder: 'generated', openai: 'k' });
    expect(await ring.providers()).toEqual(['openai']);
    expect(await ring.keys('_placeholder')).toEqual([]);
  });

  test.each(['very secret, no JSON', '"very secret"', '["very secret"]', 'null', ''])(
    'a secret that is no JSON object (%p) is a 503 that does not quote it',
    async (secret) => {
      const failure = await failureOf(secretRing(secret).keys('openai'));
      expect(failure).toMatchObject({ status: 503, code: 'store_unavailable' });
      const told = JSON.stringify([failure.toBody(), String(failure.cause), lines]);
      expect(told).not.toContain('very secret');
      expect(lines).toEqual([expect.stringContaining('provider_keys_invalid')]);
    },
  );
});

describe('SecretsManagerKeyRing in time', () => {
  test('asks once a minute', async () => {
    const ring = secretRing({ openai: 'k' });
    await ring.keys('openai');
    now += 59_999;
    await Promise.all([ring.keys('openai'), ring.keys('groq'), ring.providers()]);
    expect(service.reads).toBe(1);
    now += 1;
    service.secret = '{"openai": "new"}';
    expect(await ring.keys('openai')).toEqual([{ apiKey: 'new' }]);
    expect(service.reads).toBe(2);
  });

  test('asks anew on refresh, once for all who found their key refused at about the same time', async () => {
    const ring = secretRing({ openai: 'k' });
    await ring.keys('openai');
    now += 2_000;
    service.secret = '{"openai": "new"}';
    const [first, second] = await Promise.all([ring.refresh('openai'), ring.refresh('openai')]);
    expect([first, second]).toEqual([[{ apiKey: 'new' }], [{ apiKey: 'new' }]]);
    now += 1_999;
    await ring.refresh('openai');
    expect(service.reads).toBe(2);
  });

  test('asks once for readers at the same time', async () => {
    const ring = secretRing({ openai: 'k' });
    const found = await Promise.all(Array.from({ length: 20 }, () => ring.keys('openai')));
    expect(new Set(found.map((keys) => JSON.stringify(keys)))).toEqual(new Set(['[{"apiKey":"k"}]']));
    expect(service.reads).toBe(1);
  });

  test.each([
    ['the service is down', undefined],
    ['the secret was broken', 'no JSON'],
  ])('goes on with the keys it knows while %s, and asks once a second', async (_, state) => {
    const ring = secretRing({ openai: 'k' });
    await ring.keys('openai');
    now += 60_000;
    service.secret = state;
    expect(await ring.keys('openai')).toEqual([{ apiKey: 'k' }]);
    now += 999;
    expect(await ring.keys('openai')).toEqual([{ apiKey: 'k' }]);
    expect(service.reads).toBe(2);
    now += 1;
    service.secret = '{"openai": "new"}';
    expect(await ring.keys('openai')).toEqual([{ apiKey: 'new' }]);
  });

  test('is a 503 while nothing was ever read, and asks again at the next request', async () => {
    const ring = secretRing({ openai: 'k' });
    service.secret = undefined;
    expect((await failureOf(ring.keys('openai'))).toBody().error).toMatchObject({
      type: 'server_error',
      code: 'store_unavailable',
    });
    await failureOf(ring.providers());
    expect(lines).toHaveLength(2);
    service.secret = '{"openai": "k"}';
    expect(await ring.keys('openai')).toEqual([{ apiKey: 'k' }]);
  });

  test('logs a service that is down by the SDK’s error, without its message', async () => {
    const ring = secretRing({});
    service.secret = undefined;
    await failureOf(ring.keys('openai'));
    expect(lines[0]).toContain('provider keys not read');
    expect(lines[0]).toContain('"cause":"InternalServiceError"');
  });
});
