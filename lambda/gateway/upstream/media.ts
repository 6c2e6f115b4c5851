import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { InvalidRequest } from '../../errors.ts';
import { BodyReader, readAll } from '../../streams/body-reader.ts';
import { publicAddress } from './public-address.ts';

export interface MediaLimits {
  readonly signal: AbortSignal;
  readonly deadline: number;
  /** For tests: how names resolve, and which addresses count as public. */
  readonly addressOf?: (hostname: string) => Promise<string | undefined>;
}

const MAX_BYTES = 20 * 1024 * 1024;
const MAX_REDIRECTS = 3;
const FETCH_MS = 30_000;

/**
 * The media at `url` as a `data:` URL, for vendors that can't fetch it themselves. Private, link-local and loopback
 * addresses are refused, after name resolution and at each redirect. Throws InvalidRequest that names `param`.
 */
export async function fetchMedia(url: string, param: string, limits: MediaLimits): Promise<string> {
  const by = Math.min(Date.now() + FETCH_MS, limits.deadline);
  try {
    let target = url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await get(new URL(target), limits, by);
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
        response.destroy();
        target = new URL(headers.location, target).href;
        continue;
      }
      if (statusCode !== 200) throw new MediaFailure(`its server answered ${statusCode}`, response);
      return await asDataUrl(response, by);
    }
    throw new MediaFailure('it redirects too often');
  } catch (error) {
    limits.signal.throwIfAborted();
    const reason = error instanceof MediaFailure ? error.message : 'it can not be fetched';
    throw new InvalidRequest(`The media at ${param} can not be used: ${reason}.`, {
      param,
      code: 'invalid_media_url',
      cause: error,
    });
  }
}

class MediaFailure extends Error {
  override name = 'MediaFailure';
  constructor(message: string, response?: IncomingMessage) {
    super(message);
    response?.destroy();
  }
}

async function asDataUrl(response: IncomingMessage, by: number): Promise<string> {
  const mediaType = response.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (!mediaType?.includes('/')) throw new MediaFailure('its server tells no content type', response);
  if (Number(response.headers['content-length'] ?? 0) > MAX_BYTES)
    throw new MediaFailure('it is larger than 20 MB', response);
  const body = await readAll(new BodyReader(response, () => by - Date.now()), MAX_BYTES).catch(
    (error: unknown) => {
      throw error instanceof RangeError ? new MediaFailure('it is larger than 20 MB') : error;
    },
  );
  return `data:${mediaType};base64,${body.toString('base64')}`;
}

/** One GET, to the address that was checked and to no other. */
async function get(url: URL, limits: MediaLimits, by: number): Promise<IncomingMessage> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new MediaFailure('its URL is neither http nor https');
  if (url.username !== '' || url.password !== '') throw new MediaFailure('its URL holds a user name');
  const addressOf = limits.addressOf ?? publicAddress;
  const address = await addressOf(url.hostname);
  if (address === undefined) throw new MediaFailure('its host is not a public one');
  return new Promise((resolve, reject) => {
    const options = {
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'sluice' },
      agent: false,
      signal: limits.signal,
      lookup: pinned(address),
    };
    const outgoing = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
    const timer = setTimeout(
      () => outgoing.destroy(new MediaFailure('its server is too slow')),
      Math.max(0, by - Date.now()),
    );
    outgoing.on('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.end();
  });
}

/** A resolver that knows one answer. Node asks for one address or for all, as its socket options have it. */
function pinned(address: string): LookupFunction {
  const family = isIP(address);
  return (_hostname, options, callback) => {
    if (options.all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
