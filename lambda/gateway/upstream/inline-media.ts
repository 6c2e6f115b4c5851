import { InvalidRequest } from '../../errors.ts';
import { isObject } from '../../openai/json.ts';
import type { Json } from '../../openai/wire.ts';
import type { Call, Route } from '../../providers/provider.ts';
import { fetchMedia, type MediaLimits } from './media.ts';

/** Where a content part may name media by URL: the part's key, and the key inside where it holds an object. */
const PLACES: readonly (readonly [part: string, inner: string])[] = [
  ['image_url', 'url'],
  ['video_url', 'url'],
  ['audio_url', 'url'],
  ['file', 'file_data'],
  ['file', 'file_url'],
];

const MAX_FETCHED = 20;

/**
 * `call` with the media that the route's vendor can't fetch itself put in as `data:` URLs; the same call where there is
 * none. Throws InvalidRequest that names the part.
 */
export async function inlineMedia(call: Call, route: Route, limits: MediaLimits): Promise<Call> {
  const { needsInline } = route.provider;
  if (call.operation !== 'chat' || needsInline === undefined || !Array.isArray(call.body.messages))
    return call;
  const fetched = new Map<string, Promise<string>>();
  const inline = (url: string, param: string) => {
    if (!/^https?:/i.test(url) || !needsInline(url, route)) return undefined;
    if (fetched.size >= MAX_FETCHED && !fetched.has(url)) {
      throw new InvalidRequest(`More than ${MAX_FETCHED} media URLs can not be fetched for one request.`, {
        param,
        code: 'too_many_media_urls',
      });
    }
    const media = fetched.get(url) ?? fetchMedia(url, param, limits);
    fetched.set(url, media);
    return media;
  };
  const messages = await Promise.all(
    call.body.messages.map((message, i) => inlineMessage(message, `messages[${i}]`, inline)),
  );
  if (fetched.size === 0) return call;
  const body = { ...call.body, messages };
  return { ...call, body, bytes: Buffer.from(JSON.stringify(body)) };
}

type Inline = (url: string, param: string) => Promise<string> | undefined;

async function inlineMessage(message: Json, path: string, inline: Inline): Promise<Json> {
  if (!isObject(message) || !Array.isArray(message.content)) return message;
  const content = await Promise.all(
    message.content.map((part, i) => inlinePart(part, `${path}.content[${i}]`, inline)),
  );
  return { ...message, content };
}

async function inlinePart(part: Json, path: string, inline: Inline): Promise<Json> {
  if (!isObject(part)) return part;
  for (const [key, inner] of PLACES) {
    const value = part[key];
    const url = isObject(value) ? value[inner] : value;
    const data =
      typeof url === 'string'
        ? inline(url, isObject(value) ? `${path}.${key}.${inner}` : `${path}.${key}`)
        : undefined;
    if (data !== undefined)
      return { ...part, [key]: isObject(value) ? { ...value, [inner]: await data } : await data };
  }
  return part;
}
