import { InvalidRequest } from '../errors.ts';

/** Where the platform sets no limit of its own. */
const MAX_BODY_BYTES = 100 * 1024 * 1024;

export function tooLarge(limit: string): InvalidRequest {
  return new InvalidRequest(`The request body is larger than ${limit}.`, { code: 'request_too_large' }, 413);
}

/** A request's whole body. Throws InvalidRequest (413) as soon as it is known to be too large. */
export async function readBody(request: Request): Promise<Uint8Array> {
  const length = request.headers.get('content-length');
  if (length !== null) {
    if (Number(length) > MAX_BODY_BYTES) throw tooLarge('100 MB');
    return new Uint8Array(await request.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of request.body ?? []) {
    total += chunk.byteLength;
    if (total > MAX_BODY_BYTES) throw tooLarge('100 MB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
