import { InvalidRequest } from '../errors.ts';

/**
 * `target` (path and query, as the caller sent it) below `baseUrl`. Throws InvalidRequest where the joined URL is not
 * below it: whatever a URL parser may make of dots, escapes or control characters, a key never leaves its base URL.
 */
export function joinUrl(baseUrl: string, target: string): string {
  const base = new URL(baseUrl);
  const joined = URL.parse(`${baseUrl}${target}`);
  const prefix = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`;
  if (joined === null || joined.origin !== base.origin || !`${joined.pathname}/`.startsWith(prefix)) {
    throw new InvalidRequest('The path leads out of the provider.', { code: 'invalid_path' });
  }
  return joined.href;
}
