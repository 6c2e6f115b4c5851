import { Readable } from 'node:stream';
import { Upstream } from '../../errors.ts';
import { failureFields, type Log } from '../../log.ts';
import type { ProviderKey } from '../../providers/provider.ts';
import { BodyReader, readAll } from '../../streams/body-reader.ts';
import { decompressed } from '../upstream/decompress.ts';
import type { UpstreamResponse } from '../upstream/exchange.ts';
import { secretsOf, withoutSecrets } from '../upstream/redact.ts';
import { connectionError } from '../upstream/upstream-error.ts';
import { vendorRequestId } from '../upstream/vendor-headers.ts';

/** An answer, the first bytes of its body already here: until then another attempt is possible. */
export interface Opened {
  readonly response: UpstreamResponse;
  readonly reader: BodyReader;
  readonly first: Uint8Array | undefined;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: readonly [string, string][];
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  readonly provider: string;
}

/** Headers that belong to one connection or to one host. RFC 9110, section 7.6.1; the rest would mislead the caller. */
const NOT_RELAYED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
  'server-timing',
  'openai-organization',
  'openai-project',
]);

/** An error's text is searched for the key up to here; the rest of a larger one is no message. */
const MAX_SEARCHED_BYTES = 256 * 1024;

/**
 * A provider's answer as the caller gets it: status, headers and bytes as they were, errors too. Only an error that quotes
 * the gateway's key is changed. Throws GatewayError.
 */
export async function rawAnswer(
  provider: string,
  opened: Opened,
  key: ProviderKey,
  ownKey: boolean,
  log: Log,
): Promise<RawAnswer> {
  const { response, reader } = opened;
  const { status } = response;
  if (status > 599) {
    throw new Upstream(`The provider ${provider} answered with a status that HTTP does not have.`, {
      code: 'upstream_invalid_response',
    });
  }
  let { first } = opened;
  const headers = relayedHeaders(provider, response);
  if (status >= 400 && !ownKey && first !== undefined) {
    const begun = await beginning(opened, provider);
    const clean = await withoutKey(begun, response, secretsOf(key));
    if (clean !== undefined) {
      reader.cancel();
      const kept = headers.filter(([name]) => !/^(?:content-(?:length|encoding)|etag)$/.test(name));
      return { provider, status, headers: kept, body: clean };
    }
    first = begun;
  }
  const empty = status === 204 || status === 205 || status === 304;
  return { provider, status, headers, body: empty ? null : relayedBody(provider, reader, first, log) };
}

function relayedBody(
  provider: string,
  reader: BodyReader,
  first: Uint8Array | undefined,
  log: Log,
): ReadableStream<Uint8Array> {
  let ahead = first;
  let left = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = ahead ?? (await reader.read());
          ahead = undefined;
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        } catch (failure) {
          if (left) return;
          // Bytes of an unknown format can't carry an error: the connection breaks, as the provider's did.
          const error = connectionError(provider, failure);
          log.warn('relay failed', { provider, ...failureFields(error) });
          controller.error(error);
        }
      },
      cancel() {
        left = true;
        reader.cancel();
        log.info('caller left', { provider });
      },
    },
    { highWaterMark: 0 },
  );
}

/** An error's bytes, to their end or a little past what is searched. */
async function beginning({ reader, first }: Opened, provider: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (let part = first; part !== undefined; part = await reader.read()) {
      parts.push(part);
      size += part.byteLength;
      if (size > MAX_SEARCHED_BYTES) break;
    }
  } catch (failure) {
    throw connectionError(provider, failure);
  }
  return Buffer.concat(parts);
}

/** The text without the key, where it quotes the key; undefined where it does not. */
async function withoutKey(
  bytes: Buffer,
  { headers }: UpstreamResponse,
  secrets: readonly string[],
): Promise<Buffer | undefined> {
  const plain = decompressed({ headers, body: Readable.from([bytes]) });
  const text = await readAll(new BodyReader(plain, () => 5_000), 64 * MAX_SEARCHED_BYTES).catch(() => bytes);
  return secrets.some((secret) => text.includes(secret))
    ? Buffer.from(withoutSecrets(text.toString('utf8'), secrets))
    : undefined;
}

/** Headers as the caller gets them. The provider's request id steps aside for the gateway's own. */
function relayedHeaders(provider: string, response: UpstreamResponse): [string, string][] {
  const result: [string, string][] = [];
  const connection = new Set((response.headers.connection ?? '').toLowerCase().split(/ *, */));
  for (let i = 0; i + 1 < response.rawHeaders.length; i += 2) {
    const name = (response.rawHeaders[i] ?? '').toLowerCase();
    const hidden =
      NOT_RELAYED.has(name) ||
      connection.has(name) ||
      name.startsWith('access-control-') ||
      name === 'x-request-id';
    if (!hidden) result.push([name, response.rawHeaders[i + 1] ?? '']);
  }
  const id = vendorRequestId(response.headers);
  if (id !== undefined) result.push(['x-upstream-request-id', id]);
  result.push(['x-bt-used-endpoint', provider], ['x-bt-cached', 'MISS']);
  return result;
}
