import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';

/** 32 bytes for `seal`, made of a secret. `purpose` keeps keys of one secret apart. https://www.rfc-editor.org/rfc/rfc5869 */
export function sealingKey(secret: Uint8Array, salt: Uint8Array | string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, purpose, 32));
}

/**
 * AES-256-GCM: a version, an initialization vector, the ciphertext, its tag. What is sealed under one name opens under no
 * other. https://csrc.nist.gov/pubs/sp/800/38/d/final
 */
export function seal(plain: Uint8Array, key: Uint8Array, name: string): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(name));
  const sealed = [cipher.update(plain), cipher.final()];
  return Buffer.concat([Buffer.of(VERSION), iv, ...sealed, cipher.getAuthTag()]);
}

/** Throws where the bytes are not what `seal` made with this key and name. */
export function unseal(sealed: Uint8Array, key: Uint8Array, name: string): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const end = bytes.byteLength - TAG_BYTES;
  if (bytes[0] !== VERSION || end < 1 + IV_BYTES) throw new Error('nothing that was sealed here');
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(1, 1 + IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(end));
  return Buffer.concat([decipher.update(bytes.subarray(1 + IV_BYTES, end)), decipher.final()]);
}
