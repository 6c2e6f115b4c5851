import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { SignatureV4 } from '@smithy/signature-v4';
import { authorizeAws, signRequest } from '../../../lambda/providers/aws-sigv4.ts';
import type { UpstreamRequest } from '../../../lambda/providers/provider.ts';
import { sharedFixture } from '../../support/shared-fixtures.ts';

const NOW = new Date('2026-11-22T10:20:30.456Z');
const SCOPE = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'not-a-real-secret',
  region: 'eu-west-1',
  service: 'bedrock',
};

function post(
  url: string,
  body: string | null = '{"a":1}',
  headers: Record<string, string> = {},
): UpstreamRequest {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === null ? null : Buffer.from(body),
  };
}

describe("AWS's recorded signature", () => {
  const path = sharedFixture('openai-python/sigv4.json');
  const when = existsSync(path) ? test : test.skip;

  when('is the one that we make (skipped where the shared fixtures are absent)', () => {
    const vector = JSON.parse(readFileSync(path, 'utf8'));
    const signed = signRequest(
      post(vector.request.url, vector.request.body, { 'content-type': vector.request.contentType }),
      { ...vector.credentials, region: vector.region, service: vector.service },
      new Date(vector.signingDate),
    );
    expect(signed.headers).toMatchObject({
      authorization: vector.expected.authorization,
      'x-amz-date': vector.expected.date,
      'x-amz-content-sha256': vector.expected.payloadHash,
      'x-amz-security-token': vector.credentials.sessionToken,
    });
  });
});

describe("a signature is the one that AWS's own signer makes", () => {
  const model = encodeURIComponent(
    'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova:0',
  );
  test.each([
    ['for a plain path', post('https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova/converse')],
    [
      'for an ARN with colons and slashes in it',
      post(`https://bedrock-runtime.eu-west-1.amazonaws.com/model/${model}/converse`),
    ],
    ["for RFC 3986's odd characters", post("https://example.com/a!b'c(d)e*f~g%20h")],
    ['for an empty path', post('https://example.com')],
    ['for a path that ends in a slash', post('https://example.com/models/')],
    ['for a query out of order and with escapes', post('https://example.com/x?b=2&a=%2F%20&a=1&c')],
    ['for a port', post('http://127.0.0.1:8080/model/x/converse')],
    ['without a body', { ...post('https://example.com/x', null), method: 'GET' }],
    [
      'with a header that only AWS knows',
      post('https://example.com/x', '{}', { 'x-amzn-trace-id': 'a', 'x-amz-tag': ' a  b ' }),
    ],
  ])('%s', async (_, request) => {
    for (const sessionToken of [undefined, 'token']) {
      const ours = signRequest(request, { ...SCOPE, sessionToken }, NOW);
      expect(ours.headers).toMatchObject(await signedByAws(request, sessionToken));
    }
  });
});

/** Headers that only the other signer takes in are left out before. */
async function signedByAws(request: UpstreamRequest, sessionToken: string | undefined) {
  const url = new URL(request.url);
  const signer = new SignatureV4({
    credentials: { ...SCOPE, ...(sessionToken === undefined ? {} : { sessionToken }) },
    region: SCOPE.region,
    service: SCOPE.service,
    sha256: Sha256,
  });
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) query[name] = [...(query[name] ?? []), value];
  const headers = Object.entries({ ...request.headers, host: url.host }).filter(
    ([name]) => !/^x-amzn-/.test(name),
  );
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query,
      headers: Object.fromEntries(headers),
      body: request.body ?? undefined,
    },
    { signingDate: NOW },
  );
  const { host: _, 'x-amz-tag': __, ...rest } = signed.headers;
  return rest;
}

class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const { createHmac } = process.getBuiltinModule('node:crypto');
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', asBytes(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(asBytes(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

function asBytes(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}

describe('authorizing for AWS', () => {
  const scope = { region: 'us-east-1', service: 'bedrock' };
  const request = post('https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse');

  test('sends a Bedrock API key as a bearer, also where access keys stand beside it', () => {
    const key = { apiKey: 'a-bedrock-key', accessKeyId: 'akid', secretAccessKey: 'secret' };
    expect(authorizeAws(request, key, scope)).toMatchObject({
      headers: { authorization: 'Bearer a-bedrock-key' },
    });
  });

  test('signs with access keys, and never sends the secret', () => {
    const signed = authorizeAws(request, { accessKeyId: 'akid', secretAccessKey: 'very-secret' }, scope, NOW);
    expect((signed as UpstreamRequest).headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=akid\/20261122\/us-east-1\/bedrock\/aws4_request, /,
    );
    expect(JSON.stringify(signed)).not.toContain('very-secret');
  });

  test('leaves a request as it is where there is no key', () => {
    expect(authorizeAws(request, {}, scope)).toBe(request);
    expect(authorizeAws(request, { accessKeyId: 'akid' }, scope)).toBe(request);
  });

  test('replaces what was signed before, whatever its spelling', () => {
    const again = { ...request, headers: { ...request.headers, Authorization: 'old', 'X-Amz-Date': 'old' } };
    const signed = authorizeAws(
      again,
      { accessKeyId: 'akid', secretAccessKey: 's' },
      scope,
      NOW,
    ) as UpstreamRequest;
    expect(Object.keys(signed.headers).filter((name) => /^(authorization|x-amz-date)$/i.test(name))).toEqual([
      'x-amz-date',
      'authorization',
    ]);
  });

  test('reads a streamed body whole before it signs it', async () => {
    const body = new Blob(['{"a"', ':1}']).stream();
    const signed = await authorizeAws(
      { ...request, body },
      { accessKeyId: 'akid', secretAccessKey: 's' },
      scope,
      NOW,
    );
    const whole = authorizeAws(
      request,
      { accessKeyId: 'akid', secretAccessKey: 's' },
      scope,
      NOW,
    ) as UpstreamRequest;
    expect(signed.body).toEqual(Buffer.from('{"a":1}'));
    expect(signed.headers.authorization).toBe(whole.headers.authorization);
  });

  test('refuses a streamed body that is too large to be held', async () => {
    const piece = new Uint8Array(8 * 1024 * 1024);
    const body = ReadableStream.from(Array.from({ length: 5 }, () => piece)) as ReadableStream<Uint8Array>;
    const signing = authorizeAws(
      { ...request, body },
      { accessKeyId: 'akid', secretAccessKey: 's' },
      scope,
      NOW,
    );
    await expect(signing).rejects.toMatchObject({ status: 413 });
  });
});
