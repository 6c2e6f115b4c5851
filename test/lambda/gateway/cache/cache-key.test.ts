import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type CachedRequest, type CacheKey, cacheKey } from '../../../../lambda/gateway/cache/cache-key.ts';
import { isDrawn } from '../../../../lambda/gateway/routing/candidates.ts';
import { resolveRoutes } from '../../../../lambda/gateway/routing/routes.ts';
import { forwardedHeaders } from '../../../../lambda/gateway/upstream/forwarded-headers.ts';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { createRegistry } from '../../../../lambda/providers/index.ts';
import type { ProviderKey } from '../../../../lambda/providers/provider.ts';
import type { ProviderSettings } from '../../../../lambda/providers/settings.ts';
import { FixedKeyRing } from '../../../../lambda/stores/fixed-key-ring.ts';

const SECRET = Buffer.alloc(32, 7);
const PROMPT = 'a prompt of nobody';
const TEXT = `{"model":"gpt-test","messages":[{"role":"user","content":"${PROMPT}"}],"temperature":0}`;
/** A text with `more` at its end. */
const plus = (more: string, text = TEXT) => `${text.slice(0, -1)},${more}}`;

interface Setting {
  readonly entries?: readonly ProviderSettings[];
  readonly keys?: readonly ProviderKey[];
  readonly models?: Parameters<typeof resolveRoutes>[3]['config']['models'];
  readonly secret?: Uint8Array;
}

/** The key of a request as the gateway makes it: parsed, its model resolved. */
async function keyOf(
  text = TEXT,
  more: Partial<CachedRequest> = {},
  setting: Setting = {},
): Promise<CacheKey> {
  const { entries = [], keys = [{ apiKey: 'key-of-nobody' }], models = {}, secret = SECRET } = setting;
  const registry = createRegistry(entries);
  const keyRing = new FixedKeyRing(new Map([...registry.keys()].map((name) => [name, keys])));
  const body = JSON.parse(text) as JsonObject;
  const principal = { kind: 'gateway-key', id: 'key#of-nobody' } as const;
  const parts = { config: { models }, registry, keyRing };
  const routes = await resolveRoutes(String(body.model), principal, more.endpointName, parts);
  const drawn = isDrawn(String(body.model), parts);
  const scope = 'key#of-nobody';
  const request = { operation: 'chat', body, routes, drawn, headers: {}, scope, ...more } as const;
  return cacheKey(request, (name) => registry.get(name), Buffer.from(text), secret);
}

const openai = (more: object): readonly ProviderSettings[] => [{ name: 'openai', kind: 'openai', ...more }];

type Case = [string, ...Parameters<typeof keyOf>];

describe('the same key has a request', () => {
  const same: Case[] = [
    ['with white space', JSON.stringify(JSON.parse(TEXT), null, 2)],
    [
      'with its fields in another order',
      TEXT.replace('{"model":"gpt-test",', '{').replace(/}$/, ',"model":"gpt-test"}'),
    ],
    [
      'with nested fields in another order',
      TEXT.replace(/"role":"user",("content":"[^"]+")/, '$1,"role":"user"'),
    ],
    ['with escapes', TEXT.replace('nobody', '\\u006eobody')],
    ['with a number written in another way', TEXT.replace(':0}', ':0.0}')],
    ['that streams', plus('"stream":true,"stream_options":{"include_usage":true}')],
    ['that does not stream', plus('"stream":false')],
    ['of another user', plus('"user":"somebody"')],
    ['with the caller’s word on the cache', plus('"use_cache":true')],
    ['that names the provider', TEXT.replace('gpt-test', 'openai/gpt-test')],
    ['by an alias', TEXT.replace('gpt-test', 'fast'), {}, { models: { fast: [{ model: 'gpt-test' }] } }],
    ['with another of the provider’s keys', TEXT, {}, { keys: [{ apiKey: 'other-key-of-nobody' }] }],
    ['with several keys', TEXT, {}, { keys: [{ apiKey: 'one-of-nobody' }, { apiKey: 'two-of-nobody' }] }],
    [
      'with headers of tracing and of the client',
      TEXT,
      {
        headers: forwardedHeaders({
          traceparent: '00-a-b-01',
          tracestate: 'a=b',
          baggage: 'a=b',
          'x-stainless-os': 'Linux',
          'idempotency-key': 'a',
          accept: 'text/event-stream',
          'content-type': 'application/json; charset=utf-8',
        }),
      },
    ],
  ];
  test.each(same)('%s', async (_, ...changed) => {
    expect(await keyOf(...changed)).toEqual(await keyOf());
  });

  test('whose headers came in another order', async () => {
    const headers = [
      ['anthropic-beta', 'a'],
      ['openai-beta', 'b'],
      ['openai-project', 'c'],
    ] as const;
    const one = await keyOf(TEXT, { headers: Object.fromEntries(headers) });
    expect(await keyOf(TEXT, { headers: Object.fromEntries(headers.toReversed()) })).toEqual(one);
  });

  test('of a weighted alias, whichever target is drawn', async () => {
    const models = {
      split: [
        { model: 'gpt-test', weight: 1 },
        { model: 'groq/llama', weight: 1 },
      ],
    };
    const drawn = await Promise.all(
      Array.from({ length: 20 }, () => keyOf(TEXT.replace('gpt-test', 'split'), {}, { models })),
    );
    expect(new Set(drawn.map(({ id }) => id)).size).toBe(1);
  });
});

describe('an alias', () => {
  const lists = {
    smart: [{ model: 'gpt-test' }, { model: 'groq/llama' }],
    clever: [{ model: 'gpt-test' }, { model: 'groq/llama' }],
    fast: [{ model: 'groq/llama' }, { model: 'gpt-test' }],
  };
  const ofAlias = (name: string, keys: readonly ProviderKey[] = [{ apiKey: 'key-of-nobody' }]) =>
    keyOf(TEXT.replace('gpt-test', name), {}, { models: lists, keys });

  test('has the key of another one that prefers the same', async () => {
    expect(await ofAlias('smart')).toEqual(await ofAlias('clever'));
    expect(await ofAlias('smart')).not.toEqual(await ofAlias('fast'));
  });

  test('has one key, whichever of a provider’s keys has its turn, and wherever they lead', async () => {
    const keys = [{ baseUrl: 'https://a.example.com' }, { baseUrl: 'https://b.example.com' }];
    const turns = await Promise.all(Array.from({ length: 4 }, () => ofAlias('smart', keys)));
    expect(new Set(turns.map(({ id }) => id)).size).toBe(1);
    expect(turns[0]?.id).not.toBe((await ofAlias('smart')).id);
  });
});

describe('another key has a request', () => {
  const others: Case[] = [
    ['of other words', TEXT.replace('nobody', 'Nobody')],
    ['of another model', TEXT.replace('gpt-test', 'gpt-other')],
    ['of another provider’s model of that name', TEXT.replace('gpt-test', 'groq/gpt-test')],
    ['with one field more', plus('"top_p":1')],
    ['with a null more', plus('"seed":null')],
    ['with a seed', plus('"seed":1')],
    ['with another seed', plus('"seed":2')],
    ['with a seed beyond JavaScript’s numbers', plus('"seed":9007199254740992')],
    ['with the seed next to it', plus('"seed":9007199254740993')],
    ['with a seed of twenty digits', plus('"seed":18446744073709551615')],
    ['with the one next to it', plus('"seed":18446744073709551614')],
    ['with a seed as a text', plus('"seed":"1"')],
    ['with a number too large for any', plus('"seed":1e400')],
    ['with a field named user further inside', plus('"metadata":{"user":"a"}')],
    ['with another one', plus('"metadata":{"user":"b"}')],
    ['with a field named stream further inside', plus('"metadata":{"stream":true}')],
    ['with a field named model further inside', plus('"metadata":{"model":"a"}')],
    ['with __proto__ as a field', plus('"__proto__":{"a":1}')],
    ['with another __proto__', plus('"__proto__":{"a":2}')],
    ['with __proto__ further inside', plus('"metadata":{"__proto__":1}')],
    ['with constructor further inside', plus('"metadata":{"constructor":1}')],
    ['with a list in one order', plus('"stop":["a","b"]')],
    ['with that list in another order', plus('"stop":["b","a"]')],
    ['of another operation', TEXT, { operation: 'completions' }],
    ['of a third operation', TEXT, { operation: 'embeddings' }],
    ['of a beta of Anthropic’s', TEXT, { headers: { 'anthropic-beta': 'a' } }],
    ['of another beta', TEXT, { headers: { 'anthropic-beta': 'b' } }],
    ['of a version of Anthropic’s', TEXT, { headers: { 'anthropic-version': 'a' } }],
    ['of a beta of OpenAI’s', TEXT, { headers: { 'openai-beta': 'a' } }],
    ['of an organization at OpenAI', TEXT, { headers: { 'openai-organization': 'a' } }],
    ['of a project at OpenAI', TEXT, { headers: { 'openai-project': 'a' } }],
    ['to a named endpoint', TEXT, { endpointName: 'openai' }],
    ['of an organization', TEXT, { orgName: 'a' }],
    ['of another organization', TEXT, { orgName: 'b' }],
    ['of another scope', TEXT, { scope: 'key#of-somebody' }],
    ['of the organization and scope the other way round', TEXT, { orgName: 'key#of-nobody', scope: 'a' }],
    ['to a gateway of another secret', TEXT, {}, { secret: Buffer.alloc(32, 8) }],
    ['to another base URL', TEXT, {}, { entries: openai({ baseUrl: 'http://127.0.0.1:9/v1' }) }],
    ['to a third base URL', TEXT, {}, { entries: openai({ baseUrl: 'http://127.0.0.1:10/v1' }) }],
    ['to another region', TEXT, {}, { entries: openai({ region: 'eu-west-1' }) }],
    ['by a key with a base URL', TEXT, {}, { keys: [{ apiKey: 'a', baseUrl: 'http://127.0.0.1:9/v1' }] }],
    ['by a key with a region', TEXT, {}, { keys: [{ apiKey: 'a', region: 'eu-west-1' }] }],
    ['by a key with a project', TEXT, {}, { keys: [{ apiKey: 'a', project: 'eu-west-1' }] }],
    [
      'that may also be answered elsewhere',
      TEXT,
      {},
      { models: { 'gpt-test': [{ model: 'openai/gpt-test' }, { model: 'groq/a' }] } },
    ],
  ];

  test('in each of these ways, and each of them a key of its own', async () => {
    const cases: Case[] = [['as it is', TEXT], ...others];
    const keys = await Promise.all(
      cases.map(async ([name, ...changed]) => ({ name, ...(await keyOf(...changed)) })),
    );
    const byId = Map.groupBy(keys, ({ id }) => id);
    const alike = [...byId.values()].filter((group) => group.length > 1);
    expect(alike.map((group) => group.map(({ name }) => name))).toEqual([]);
    expect(new Set(keys.map(({ secret }) => Buffer.from(secret).toString('hex'))).size).toBe(keys.length);
  });

  test('but what a key of the provider’s is does not matter: no secret of it is in the entry’s', async () => {
    const keys = [{ apiKey: 'other-of-nobody', secretAccessKey: 'b', sessionToken: 'c' }];
    expect(await keyOf(TEXT, {}, { keys })).toEqual(await keyOf());
  });
});

describe('a key', () => {
  test('has an id of hex digits that tells nothing, and a secret that is not the id', async () => {
    const { id, secret } = await keyOf();
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(secret).toHaveLength(32);
    expect(Buffer.from(secret).toString('hex')).not.toBe(id);
    for (const guess of [PROMPT, TEXT]) {
      expect(createHash('sha256').update(guess).digest('hex')).not.toBe(id);
    }
  });

  test('is what RFC 5869 makes of the request’s meaning and the gateway’s secret', async () => {
    const place = ['openai', 'gpt-test', '[["kind","openai"],["name","openai"]]', Array(7).fill(null)];
    const meaning = {
      version: 1,
      operation: 'chat',
      routes: [[JSON.stringify(place)]],
      headers: [['openai-beta', 'a']],
      endpointName: null,
      orgName: 'org',
      scope: 'key#of-nobody',
    };
    const canonical = `{"messages":[{"content":"${PROMPT}","role":"user"}],"temperature":0}`;
    const digest = createHash('sha256')
      .update(`${JSON.stringify(meaning)}\n${canonical}`)
      .digest();
    const hmac = (key: Uint8Array, ...parts: (Uint8Array | string)[]) =>
      parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest();
    const extracted = hmac(SECRET, digest);
    const info = 'sluice response cache';
    const first = hmac(extracted, info, Buffer.of(1));
    const second = hmac(extracted, first, info, Buffer.of(2));
    const made = await keyOf(TEXT, { headers: { 'openai-beta': 'a', accept: '*/*' }, orgName: 'org' });
    expect(made.id).toBe(first.toString('hex'));
    expect(Buffer.from(made.secret).toString('hex')).toBe(second.toString('hex'));
  });
});
