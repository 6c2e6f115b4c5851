import type { JsonObject } from '../../openai/wire.ts';
import { text } from './json.ts';

/** An image that the model made, as a part of `message.images`. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html */
export function imagePart(format: unknown, base64: unknown): JsonObject[] {
  const data = text(base64);
  if (data === undefined) return [];
  const url = `data:image/${text(format) ?? 'png'};base64,${data}`;
  return [{ type: 'image_url', image_url: { url } }];
}

/** Pieces of a blob, each base64 of its own, as one. */
export function joinBase64(pieces: readonly string[]): string {
  if (pieces.length === 1) return pieces[0] ?? '';
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64');
}
