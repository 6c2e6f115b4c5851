import { createVerify, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { authorizeGoogle, serviceAccountProject } from '../../../lambda/providers/google-auth.ts';
import type { UpstreamRequest } from '../../../lambda/providers/provider.ts';
import { type FakeUpstream, sendJson, startUpstream } from '../../support/fake-upstream.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const request: UpstreamRequest = { method: 'POST', url: 'http://localhost', headers: { a: 'b' }, body: null };

let server: FakeUpstream;
let answers: { status?: number; body: object }[];

beforeEach(async () => {
  answers = [];
  server = await startUpstream((_request, response) => {
    const { status, body } = answers.shift() ?? { body: { access_token: 'token-1', expires_in: 3600 } };
    sendJson(response, body, status);
  });
});

afterEach(async () => {
  jest.useRealTimers();
  await server.close();
});

function account(more: object = {}): string {
  return JSON.stringify({
    type: 'service_account',
    project_id: 'project-1',
    private_key_id: 'key-1',
    private_key: pem,
    client_email: 'robot@example.com',
    token_uri: `${server.origin}/token`,
    ...more,
  });
}

async function bearer(credentials: string): Promise<string | undefined> {
  return (await authorizeGoogle(request, { credentials })).headers.authorization;
}

function formOf(index: number): URLSearchParams {
  return new URLSearchParams(server.received[index]?.body.toString());
}

function segment(token: string, index: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());
}

describe('A service account', () => {
  test('signs a token of its own with its key and exchanges it', async () => {
    expect(await bearer(account())).toBe('Bearer token-1');
    const [sent] = server.received;
    expect(sent).toMatchObject({ method: 'POST', url: '/token' });
    expect(sent?.headers['content-type']).toContain('application/x-www-form-urlencoded');
    const form = formOf(0);
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const assertion = form.get('assertion') ?? '';
    const [head, claims, signature = ''] = assertion.split('.');
    const verify = createVerify('RSA-SHA256').update(`${head}.${claims}`);
    expect(verify.verify(publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(segment(assertion, 0)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' });
    const { iat, exp, ...rest } = segment(assertion, 1);
    expect(rest).toEqual({
      iss: 'robot@example.com',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: `${server.origin}/token`,
    });
    expect(Number(exp) - Number(iat)).toBe(3600);
    expect(Math.abs(Number(iat) - Date.now() / 1000)).toBeLessThan(5);
  });

  test('leaves the other headers and the request as they are', async () => {
    const authorized = await authorizeGoogle(request, { credentials: account() });
    expect(authorized.headers.a).toBe('b');
    expect(request.headers).toEqual({ a: 'b' });
  });

  test('is asked once while its token is good, also by callers at the same time', async () => {
    const credentials = account();
    await Promise.all([bearer(credentials), bearer(credentials), bearer(credentials)]);
    await bearer(credentials);
    expect(server.received).toHaveLength(1);
  });

  test('is asked again a minute before its token ends', async () => {
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'queueMicrotask'],
    });
    const credentials = account();
    answers.push({ body: { access_token: 'token-a', expires_in: 600 } });
    answers.push({ body: { access_token: 'token-b', expires_in: 600 } });
    const start = Date.now();
    expect(await bearer(credentials)).toBe('Bearer token-a');
    jest.setSystemTime(start + 539_000);
    expect(await bearer(credentials)).toBe('Bearer token-a');
    jest.setSystemTime(start + 541_000);
    expect(await bearer(credentials)).toBe('Bearer token-b');
  });

  test('has a token of its own for each', async () => {
    answers.push({ body: { access_token: 'one', expires_in: 600 } });
    answers.push({ body: { access_token: 'two', expires_in: 600 } });
    expect(await bearer(account({ client_email: 'one@example.com' }))).toBe('Bearer one');
    expect(await bearer(account({ client_email: 'two@example.com' }))).toBe('Bearer two');
  });

  test('tells its project', () => {
    expect(serviceAccountProject({ credentials: account() })).toBe('project-1');
    expect(serviceAccountProject({ apiKey: 'x' })).toBeUndefined();
  });
});

describe('A user’s credentials', () => {
  test('refresh their token, and name the project that is billed', async () => {
    const credentials = JSON.stringify({
      type: 'authorized_user',
      client_id: 'client',
      client_secret: 'not-a-secret',
      refresh_token: 'not-a-refresh-token',
      quota_project_id: 'billed',
      token_uri: `${server.origin}/token`,
    });
    const { headers } = await authorizeGoogle(request, { credentials });
    expect(headers).toMatchObject({ authorization: 'Bearer token-1', 'x-goog-user-project': 'billed' });
    expect(Object.fromEntries(formOf(0))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'client',
      client_secret: 'not-a-secret',
      refresh_token: 'not-a-refresh-token',
    });
  });
});

describe('Keys that need no exchange', () => {
  test.each([
    [{ accessToken: 'ready' }, { authorization: 'Bearer ready' }],
    [{ apiKey: 'express' }, { 'x-goog-api-key': 'express' }],
    [{ apiKey: 'ya29.token' }, { authorization: 'Bearer ya29.token' }],
    [{ accessToken: 'ready', credentials: 'x', apiKey: 'y' }, { authorization: 'Bearer ready' }],
  ])('%j go as %j', async (key, headers) => {
    expect((await authorizeGoogle(request, key)).headers).toEqual({ a: 'b', ...headers });
  });

  test('never take an API key for credentials: its token server would be the caller’s to choose', async () => {
    const { headers } = await authorizeGoogle(request, { apiKey: account() });
    expect(headers['x-goog-api-key']).toBeDefined();
    expect(server.received).toHaveLength(0);
  });
});

describe('A failure', () => {
  async function failure(credentials: string | undefined) {
    const key = credentials === undefined ? {} : { credentials };
    const error: unknown = await authorizeGoogle(request, key).catch((caught: unknown) => caught);
    return error as Error & { status: number; code: string };
  }

  test('of credentials that Google refuses is provider_auth, with Google’s word for it and nothing secret', async () => {
    const body = { error: 'invalid_grant', error_description: `secret ${pem}` };
    answers.push({ status: 400, body });
    const error = await failure(account({ client_email: 'refused@example.com' }));
    expect(error).toMatchObject({ status: 502, code: 'provider_auth' });
    expect(error.message).toBe('Google refused the credentials (400 invalid_grant).');
  });

  test('is not remembered', async () => {
    const credentials = account({ client_email: 'again@example.com' });
    answers.push({ status: 400, body: { error: 'invalid_grant' } });
    await failure(credentials);
    expect(await bearer(credentials)).toBe('Bearer token-1');
  });

  test.each([[500], [503], [429]])('of the token server (%i) is a 503', async (status) => {
    answers.push({ status, body: {} });
    expect(await failure(account({ client_email: `${status}@example.com` }))).toMatchObject({
      status: 503,
      name: 'KeyUnavailable',
    });
  });

  test('to reach the token server is a 503', async () => {
    const error = await failure(account({ token_uri: 'http://127.0.0.1:1/token' }));
    expect(error).toMatchObject({ status: 503, name: 'KeyUnavailable' });
  });

  test.each([
    ['no JSON', 'not json at all: SECRET'],
    ['no object', '"SECRET"'],
    ['no key', '{"client_email": "SECRET"}'],
    ['no PEM', '{"client_email": "a", "private_key": "SECRET"}'],
    ['half a user', '{"type": "authorized_user", "refresh_token": "SECRET"}'],
  ])(
    'of credentials that are %s is provider_auth, and quotes nothing of them',
    async (_what, credentials) => {
      const error = await failure(credentials);
      expect(error).toMatchObject({ status: 502, code: 'provider_auth' });
      expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain('SECRET');
    },
  );

  test('of a key with nothing in it is provider_auth', async () => {
    expect(await failure(undefined)).toMatchObject({ status: 502, code: 'provider_auth' });
  });

  test('of an answer without a token is provider_auth', async () => {
    answers.push({ body: {} });
    expect(await failure(account({ client_email: 'none@example.com' }))).toMatchObject({
      code: 'provider_auth',
    });
  });
});
