import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseGatewayConfig } from '../../../../lambda/config.ts';
import { createIdentities, type Identities } from '../../../../lambda/gateway/callers/identities.ts';
import { createLog } from '../../../../lambda/log.ts';
import { sendJson, startUpstream } from '../../../support/fake-upstream.ts';
import {
  type IssuerKey,
  issuerKey,
  jwkOf,
  signToken,
  startIssuer,
  type TestIssuer,
} from '../../../support/oidc-issuer.ts';

const first = issuerKey('ES256', 'first');
const second = issuerKey('ES256', 'second');
const MINUTE = 60;

let issuer: TestIssuer;
/** Seconds since the epoch. */
let now: number;
let lines: object[];

beforeEach(async () => {
  issuer = await startIssuer([first]);
  now = 1_800_000_000;
  lines = [];
});

afterEach(() => issuer.close());

function identitiesOf(entry: object = {}, timeoutMs?: number): Identities {
  const oidc = [{ issuer: issuer.issuer, audience: 'sluice', rules: [{}], ...entry }];
  const { identities } = parseGatewayConfig(JSON.stringify({ identities: { oidc } }), 'gateway.json');
  const log = createLog((level, event, fields) => lines.push({ level, event, ...fields }));
  return createIdentities(identities, { now: () => now * 1000, log, ...(timeoutMs ? { timeoutMs } : {}) });
}

function token(key: IssuerKey, more: object = {}, header: object = {}): string {
  const claims = { iss: issuer.issuer, aud: 'sluice', sub: 'ann', iat: now, exp: now + 86_400, ...more };
  return signToken(key, claims, header);
}

/** `taken`, or the status it was refused with. */
async function outcome(identities: Identities, bearer: string): Promise<string | number> {
  return identities.oidc(bearer).then(
    () => 'taken',
    (error: { status: number }) => error.status,
  );
}

const UNAVAILABLE = {
  status: 503,
  code: 'issuer_unavailable',
  message: "The keys of the token's issuer can not be read at the moment.",
};

/** Does without the issuer: it answers everything with 500. */
const down: TestIssuer['answer'] = (_request, response) => sendJson(response, {}, 500);

describe('Keys are read', () => {
  test('where the discovery document says, at the first token, and once for all that come together', async () => {
    const identities = identitiesOf();
    expect(issuer.received).toEqual([]);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(identities, token(first))));
    expect(new Set(outcomes)).toEqual(new Set(['taken']));
    expect(issuer.received.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /.well-known/openid-configuration',
      'GET /keys',
    ]);
    expect(issuer.received[0]?.headers).toMatchObject({
      accept: expect.stringContaining('json'),
      connection: 'close',
    });
    expect(issuer.received[0]?.headers.authorization).toBeUndefined();
  });

  test('where jwksUri says, without a discovery document', async () => {
    const identities = identitiesOf({ jwksUri: `${issuer.issuer}/keys` });
    expect(await outcome(identities, token(first))).toBe('taken');
    expect(issuer.received.map(({ url }) => url)).toEqual(['/keys']);
  });

  test('of an issuer with a slash at its end', async () => {
    const iss = `${issuer.issuer}/`;
    issuer.answer = (request, response) =>
      request.url === '/keys'
        ? sendJson(response, { keys: [jwkOf(first)] })
        : sendJson(response, { issuer: iss, jwks_uri: issuer.keysUrl });
    expect(await outcome(identitiesOf({ issuer: iss }), token(first, { iss }))).toBe('taken');
    expect(issuer.received[0]?.url).toBe('/.well-known/openid-configuration');
  });

  test('again after ten minutes, the discovery document after an hour', async () => {
    const identities = identitiesOf();
    for (const seconds of [0, 5 * MINUTE, 10 * MINUTE - 1]) {
      now = 1_800_000_000 + seconds;
      await outcome(identities, token(first));
    }
    expect(issuer.keyRequests()).toBe(1);
    now = 1_800_000_000 + 10 * MINUTE;
    await outcome(identities, token(first));
    expect(issuer.keyRequests()).toBe(2);
    expect(issuer.received).toHaveLength(3);
    now = 1_800_000_000 + 60 * MINUTE;
    await outcome(identities, token(first));
    expect(issuer.received.slice(3).map(({ url }) => url)).toEqual([
      '/.well-known/openid-configuration',
      '/keys',
    ]);
  });
});

describe('A key', () => {
  test('that is new is found at once where the last question is half a minute old', async () => {
    const identities = identitiesOf();
    await outcome(identities, token(first));
    issuer.publish(first, second);
    now += 30;
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => outcome(identities, token(second))));
    expect(new Set(outcomes)).toEqual(new Set(['taken']));
    expect(issuer.keyRequests()).toBe(2);
    expect(await outcome(identities, token(first))).toBe('taken');
  });

  test('that is withdrawn opens nothing any more after ten minutes', async () => {
    const identities = identitiesOf();
    await outcome(identities, token(first));
    issuer.publish(second);
    now += 10 * MINUTE;
    expect(await outcome(identities, token(first))).toBe(401);
    expect(await outcome(identities, token(second))).toBe('taken');
  });

  test('that nobody published is asked for once in half a minute, however many tokens name one', async () => {
    const identities = identitiesOf();
    await outcome(identities, token(first));
    for (let second_ = 0; second_ < 120; second_ += 1) {
      now += 1;
      const garbage = token(first, {}, { kid: `invented-${second_}` });
      const outcomes = await Promise.all([outcome(identities, garbage), outcome(identities, garbage)]);
      expect(outcomes).toEqual([401, 401]);
    }
    expect(issuer.keyRequests()).toBe(5);
    expect(await outcome(identities, token(first))).toBe('taken');
  });

  test('that is no public key is passed over', async () => {
    const secret = Buffer.alloc(32, 1).toString('base64url');
    issuer.answer = (request, response) =>
      request.url === '/keys'
        ? sendJson(response, {
            keys: [{ kty: 'oct', k: secret, kid: 'o' }, { kty: 'RSA', kid: 'r' }, { kid: 'n' }, jwkOf(first)],
          })
        : sendJson(response, { issuer: issuer.issuer, jwks_uri: issuer.keysUrl });
    const identities = identitiesOf();
    expect(await outcome(identities, token(first))).toBe('taken');
    expect(await outcome(identities, token(first, {}, { alg: 'RS256', kid: 'r' }))).toBe(401);
  });
});

describe('An issuer that can not be asked', () => {
  test('leaves those out who come first, until it is back: asked once in two seconds', async () => {
    const identities = identitiesOf();
    issuer.answer = down;
    await expect(identities.oidc(token(first))).rejects.toMatchObject(UNAVAILABLE);
    await expect(identities.oidc(token(first))).rejects.toMatchObject(UNAVAILABLE);
    expect(issuer.received).toHaveLength(1);
    issuer.answer = undefined;
    now += 1;
    expect(await outcome(identities, token(first))).toBe(503);
    now += 1;
    expect(await outcome(identities, token(first))).toBe('taken');
  });

  test('is told of in the log, by its code', async () => {
    const identities = identitiesOf();
    issuer.answer = down;
    await outcome(identities, token(first));
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        event: 'issuer keys not read',
        issuer: issuer.issuer,
        cause: 'IssuerFailure',
        causeCode: 'status_500',
      }),
    ]);
  });

  test('is done without for an hour by those whose key is known: asked once in half a minute', async () => {
    const identities = identitiesOf();
    await outcome(identities, token(first));
    issuer.answer = down;
    const before = issuer.received.length;
    now += 10 * MINUTE;
    for (let passed = 0; passed < 50 * MINUTE; passed += 10) {
      expect(await outcome(identities, token(first))).toBe('taken');
      now += 10;
    }
    expect(issuer.received.length - before).toBe(100);
    expect(await outcome(identities, token(first))).toBe(503);
    issuer.answer = undefined;
    now += 2;
    expect(await outcome(identities, token(first))).toBe('taken');
  });

  test('leaves a key open that may be new: 503, not 401', async () => {
    const identities = identitiesOf();
    await outcome(identities, token(first));
    issuer.answer = down;
    now += 30;
    expect(await outcome(identities, token(second))).toBe(503);
    expect(await outcome(identities, token(second))).toBe(503);
    expect(await outcome(identities, token(first))).toBe('taken');
    issuer.answer = undefined;
    now += 30;
    expect(await outcome(identities, token(second))).toBe(401);
  });

  test('that moved its keys is found again by its discovery document', async () => {
    const identities = identitiesOf();
    await outcome(identities, token(first));
    issuer.answer = (request, response) => {
      if (request.url === '/moved') return sendJson(response, { keys: [jwkOf(second)] });
      const document = { issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/moved` };
      return request.url === '/keys' ? sendJson(response, {}, 404) : sendJson(response, document);
    };
    now += 30;
    expect(await outcome(identities, token(second))).toBe(503);
    now += 30;
    expect(await outcome(identities, token(second))).toBe('taken');
  });
});

describe('A document is not used', () => {
  /** The code in the log after one token; it must have been a 503, and have cost one line. */
  async function failureWith(
    answer: TestIssuer['answer'],
    entry: object = {},
    timeoutMs?: number,
  ): Promise<unknown> {
    issuer.answer = answer;
    await expect(identitiesOf(entry, timeoutMs).oidc(token(first))).rejects.toMatchObject(UNAVAILABLE);
    expect(lines).toHaveLength(1);
    return (lines[0] as { causeCode?: string }).causeCode;
  }

  const document =
    (more: object): TestIssuer['answer'] =>
    (request, response) =>
      request.url === '/keys'
        ? sendJson(response, { keys: [jwkOf(first)] })
        : sendJson(response, { issuer: issuer.issuer, jwks_uri: issuer.keysUrl, ...more });

  test.each<[string, () => object, string]>([
    ['of another issuer', () => ({ issuer: 'https://evil.example' }), 'another_issuer'],
    ['of our issuer, written in another way', () => ({ issuer: `${issuer.issuer}/` }), 'another_issuer'],
    ['of none', () => ({ issuer: undefined }), 'another_issuer'],
    ['without the place of its keys', () => ({ jwks_uri: undefined }), 'bad_jwks_uri'],
    ['that has a list there', () => ({ jwks_uri: [issuer.keysUrl] }), 'bad_jwks_uri'],
    ['that has no URL there', () => ({ jwks_uri: '/keys' }), 'bad_jwks_uri'],
    ['that has a file there', () => ({ jwks_uri: 'file:///etc/passwd' }), 'bad_jwks_uri'],
    ['that has a plain host there', () => ({ jwks_uri: 'http://evil.example/keys' }), 'bad_jwks_uri'],
    [
      'that has the machine’s metadata there',
      () => ({ jwks_uri: 'http://169.254.169.254/latest' }),
      'bad_jwks_uri',
    ],
    [
      'that has another port of the machine there',
      () => ({ jwks_uri: 'http://127.0.0.1:9/keys' }),
      'bad_jwks_uri',
    ],
    ['that has a user there', () => ({ jwks_uri: 'https://me:secret@evil.example/keys' }), 'bad_jwks_uri'],
  ])('%s', async (_, more, code) => {
    expect(await failureWith(document(more()))).toBe(code);
    expect(issuer.keyRequests()).toBe(0);
  });

  test('that is a redirect: nobody goes there', async () => {
    const elsewhere = await startUpstream((_request, response) =>
      sendJson(response, { keys: [jwkOf(first)] }),
    );
    try {
      const redirect: TestIssuer['answer'] = (_request, response) =>
        sendJson(response, {}, 302, { location: `${elsewhere.origin}/keys` });
      expect(await failureWith(redirect)).toBe('status_302');
      lines = [];
      expect(await failureWith(redirect, { jwksUri: issuer.keysUrl })).toBe('status_302');
      expect(elsewhere.received).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });

  test.each<[string, TestIssuer['answer'], string]>([
    ['that is no JSON', (_request, response) => response.end('<html>') && undefined, 'not_json'],
    ['that is no key set', (_request, response) => sendJson(response, { keys: {} }), 'no_key_set'],
    ['that is null', (_request, response) => sendJson(response, null), 'no_key_set'],
    [
      'that is larger than any',
      (_request, response) => response.end(' '.repeat(300_000)) && undefined,
      'too_large',
    ],
  ])('%s', async (_, answer, code) => {
    expect(await failureWith(answer, { jwksUri: issuer.keysUrl })).toBe(code);
  });

  test('that never ends: no more is read than it may have', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const endless: TestIssuer['answer'] = (_request, response) => {
      closed = new Promise((resolve) => response.on('close', resolve));
      const more = () => response.write('x'.repeat(60_000), () => response.destroyed || more());
      more();
    };
    expect(await failureWith(endless, { jwksUri: issuer.keysUrl })).toBe('too_large');
    await closed;
  });

  test('that does not come in time, nor that stops half-way', async () => {
    const silent: TestIssuer['answer'] = () => undefined;
    expect(await failureWith(silent, { jwksUri: issuer.keysUrl }, 50)).toBe('timeout');
    lines = [];
    const halting: TestIssuer['answer'] = (_request, response) => void response.write('{"keys":');
    expect(await failureWith(halting, { jwksUri: issuer.keysUrl }, 50)).toBe('timeout');
  });

  test('that breaks off', async () => {
    const breaking: TestIssuer['answer'] = (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{"keys":', () => response.destroy());
    };
    expect(await failureWith(breaking, { jwksUri: issuer.keysUrl })).toMatch(/^[A-Z_]+$/);
  });

  test('where nobody listens', async () => {
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    expect(await failureWith(undefined, { jwksUri: `http://127.0.0.1:${port}/keys` })).toBe('ECONNREFUSED');
  });
});
