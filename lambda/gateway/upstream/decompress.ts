import { pipeline, type Readable } from 'node:stream';
import type { UpstreamResponse } from './exchange.ts';

/**
 * An answer's body without its content encoding. The gateway asks for `identity`, and some vendors compress all the
 * same. An encoding that nobody can undo here is left as it is, and fails as no JSON.
 */
export function decompressed({ headers, body }: Pick<UpstreamResponse, 'headers' | 'body'>): Readable {
  const encoding = headers['content-encoding']?.toLowerCase();
  if (encoding === undefined || encoding === 'identity') return body;
  // Loaded on need: most answers are plain, and the module costs a cold start some milliseconds.
  const zlib = process.getBuiltinModule('node:zlib');
  const decoder =
    encoding === 'gzip' || encoding === 'x-gzip' || encoding === 'deflate'
      ? zlib.createUnzip()
      : encoding === 'br'
        ? zlib.createBrotliDecompress()
        : encoding === 'zstd'
          ? zlib.createZstdDecompress()
          : undefined;
  // The error reaches the reader through the decoder, which pipeline destroys with it.
  return decoder ? pipeline(body, decoder, () => undefined) : body;
}
