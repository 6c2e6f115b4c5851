import { createCipheriv, randomBytes } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { openAnswer, sealAnswer, type WholeAnswer } from '../../../../lambda/gateway/cache/cache-entry.ts';
import type { CacheKey } from '../../../../lambda/gateway/cache/cache-key.ts';
import { patterned } from '../../../support/cache-table.ts';
import { chatStream } from '../../../support/fake-upstream.ts';

const MAX = 8_000_000;
const keyNamed = (digit: string, byte: number): CacheKey => ({
  id: digit.repeat(64),
  secret: Buffer.alloc(32, byte),
});
const key = keyNamed('a', 1);

const answer: WholeAnswer = {
  body: Buffer.from('{"answer":"of nobody, \u{1F600}"}'),
  stream: false,
  contentType: 'application/json; charset=utf-8',
  headers: { 'x-bt-used-endpoint': 'openai', 'x-sluice-dropped': 'seed' },
  requestId: 'request-of-nobody',
  createdAt: 1_800_000_000,
  ttl: 60,
};

let sealed: Uint8Array;
beforeAll(async () => {
  sealed = await sealAnswer(answer, key);
});

/** As `sealAnswer`, of any plain bytes, and with any version. */
function sealedBytes(compressed: Uint8Array, version = 1): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key.secret, iv).setAAD(Buffer.from(key.id));
  const text = Buffer.concat([cipher.update(compressed), cipher.final()]);
  return Buffer.concat([Buffer.of(version), iv, text, cipher.getAuthTag()]);
}

function plainOf(head: string, body: Buffer, length = Buffer.byteLength(head)): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(length);
  return Buffer.concat([prefix, Buffer.from(head), body]);
}

describe('a sealed answer', () => {
  test.each([
    ['JSON', answer],
    ['a stream', { ...answer, stream: true, body: Buffer.from(chatStream(['a', 'b'], true)) }],
    ['bytes that are no text', { ...answer, body: patterned(100_000) }],
    ['a body of the largest size', { ...answer, body: patterned(MAX) }],
    ['an empty body', { ...answer, body: Buffer.alloc(0) }],
    ['no headers', { ...answer, headers: {} }],
  ])('of %s opens to the very same', async (_, given) => {
    const { body, ...head } = await openAnswer(await sealAnswer(given, key), key, MAX);
    const { body: wanted, ...wantedHead } = given;
    expect(Buffer.compare(body, wanted)).toBe(0);
    expect(head).toEqual(wantedHead);
  });

  test('opens out of the middle of other bytes, as a store gives it', async () => {
    const around = Buffer.concat([patterned(5), sealed, patterned(7)]);
    const within = new Uint8Array(around.buffer, around.byteOffset + 5, sealed.byteLength);
    expect(await openAnswer(within, key, MAX)).toEqual(answer);
  });

  test('tells nothing of what is in it, and is another one each time', async () => {
    const text = Buffer.from(sealed).toString('latin1');
    for (const word of ['nobody', 'openai', 'request-of-nobody', 'application']) {
      expect(text).not.toContain(word);
    }
    expect(Buffer.compare(await sealAnswer(answer, key), sealed)).not.toBe(0);
  });

  test('of a long stream is small, and bytes that can not be pressed grow by little', async () => {
    const words = Array.from({ length: 500 }, (_, index) => `word${index} `);
    const stream = { ...answer, stream: true, body: Buffer.from(chatStream(words, true)) };
    expect((await sealAnswer(stream, key)).byteLength).toBeLessThan(stream.body.byteLength / 10);
    const noise = { ...answer, body: randomBytes(1_000_000) };
    expect((await sealAnswer(noise, key)).byteLength).toBeLessThan(1_001_000);
  });

  test('is compressed by Brotli and encrypted by AES-256-GCM: any such tool makes one', async () => {
    const head = JSON.stringify({ ...answer, body: undefined });
    const made = sealedBytes(brotliCompressSync(plainOf(head, answer.body)));
    expect(await openAnswer(made, key, MAX)).toEqual(answer);
  });
});

describe('what is no entry of this request', () => {
  test('cut anywhere', async () => {
    for (let length = 0; length < sealed.byteLength; length++) {
      await expect(openAnswer(sealed.subarray(0, length), key, MAX)).rejects.toThrow();
      if (length > 0) await expect(openAnswer(sealed.subarray(length), key, MAX)).rejects.toThrow();
    }
  });

  test('altered in any bit, or longer than it was', async () => {
    for (let at = 0; at < sealed.byteLength * 8; at++) {
      const altered = Buffer.from(sealed);
      altered.writeUInt8((altered[at >> 3] ?? 0) ^ (1 << (at & 7)), at >> 3);
      await expect(openAnswer(altered, key, MAX)).rejects.toThrow();
    }
    await expect(openAnswer(Buffer.concat([sealed, Buffer.of(0)]), key, MAX)).rejects.toThrow();
  });

  test.each([
    ['another request’s', keyNamed('b', 2)],
    ['put under another’s id', keyNamed('b', 1)],
    ['of another secret', keyNamed('a', 2)],
  ])('%s', async (_, other) => {
    await expect(openAnswer(sealed, other, MAX)).rejects.toThrow();
  });

  test.each([0, 2, 255])('of version %i, though it is sealed with the right key', async (version) => {
    const plain = brotliCompressSync(plainOf('{}', answer.body));
    expect((await openAnswer(sealedBytes(plain), key, MAX)).body).toEqual(answer.body);
    await expect(openAnswer(sealedBytes(plain, version), key, MAX)).rejects.toThrow();
  });

  test.each([
    ['no Brotli', patterned(100)],
    ['nothing', Buffer.alloc(0)],
    ['less than a length', brotliCompressSync(Buffer.of(0, 0))],
    ['a header longer than all', brotliCompressSync(plainOf('{"a":', answer.body, 4_000_000))],
    ['a header that is no JSON', brotliCompressSync(plainOf('{', answer.body))],
  ])('with %s inside', async (_, inside) => {
    await expect(openAnswer(sealedBytes(inside), key, MAX)).rejects.toThrow();
  });
});

describe('an entry that unpacks to more than an answer may be', () => {
  test('is refused before it is in memory', async () => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 2 };
    const bomb = brotliCompressSync(plainOf('{}', Buffer.alloc(100 * 1024 * 1024)), { params });
    expect(bomb.byteLength).toBeLessThan(10_000);
    await expect(openAnswer(sealedBytes(bomb), key, 1_000_000)).rejects.toMatchObject({
      code: 'ERR_BUFFER_TOO_LARGE',
    });
  });

  test('is refused where the limit was lowered since, and one at the limit is not', async () => {
    const large = await sealAnswer({ ...answer, body: Buffer.alloc(1_000_000) }, key);
    expect((await openAnswer(large, key, 1_000_000)).body).toHaveLength(1_000_000);
    await expect(openAnswer(large, key, 900_000)).rejects.toThrow();
  });
});
