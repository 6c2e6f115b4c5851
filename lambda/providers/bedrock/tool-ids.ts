import { createHash } from 'node:crypto';
import type { ModelTraits } from './models.ts';

const MAX_LENGTH = 64;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * A call's id as Converse takes it (`[a-zA-Z0-9_-]{1,64}`); the same id always becomes the same. Mistral's models take nine
 * letters and digits, no more and no less. Ids of the answer are the vendor's own and go to the caller untouched.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html
 */
export function toolUseId(id: string, traits: ModelTraits): string {
  if (traits.family === 'mistral') return /^[a-zA-Z0-9]{9}$/.test(id) ? id : digest(id, 9);
  if (id.length <= MAX_LENGTH && /^[a-zA-Z0-9_-]+$/.test(id)) return id;
  // The digest keeps two ids apart that differ only in what is replaced or cut off.
  return `${id.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, MAX_LENGTH - 13)}_${digest(id, 12)}`;
}

function digest(id: string, length: number): string {
  const bytes = createHash('sha256').update(id).digest().subarray(0, length);
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
