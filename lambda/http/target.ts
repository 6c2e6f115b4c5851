import { InvalidRequest } from '../errors.ts';

/** A request target taken apart. `path` begins with a slash and has no base path; `search` begins with `?` or is empty. */
export interface Target {
  readonly path: string;
  readonly search: string;
  readonly orgName?: string;
}

const BASE_PATHS = ['/v1/proxy', '/v1'];

/**
 * Throws InvalidRequest where a segment could climb out of the provider's base URL: `..` or `.` in any escape, or an
 * encoded slash beside dots. Other escapes are left as they are: `files/a%2Fb` is a name.
 */
function refuseTraversal(path: string): void {
  for (const segment of path.split(/[/\\]/)) {
    if (!segment.includes('.') && !/%2e/i.test(segment)) continue;
    const dots = segment.replaceAll(/%2e/gi, '.');
    const parts = dots.split(/%2f|%5c/i);
    if (dots === '.' || dots === '..' || (parts.length > 1 && parts.some((part) => /^\.{1,2}$/.test(part)))) {
      throw new InvalidRequest('The path must not hold "." or ".." segments.', { code: 'invalid_path' });
    }
  }
}

/** A proxy's clients name the host in the target; it decides nothing here. RFC 9112, section 3.2.2. */
const AUTHORITY = /^https?:\/\/[^/?#]*/i;

/** `target` is the request target as received: path and query, perhaps behind a host. Throws InvalidRequest. */
export function parseTarget(target: string): Target {
  const raw = target.startsWith('/') ? target : target.replace(AUTHORITY, '');
  const question = raw.indexOf('?');
  const pathname = question === -1 ? raw : raw.slice(0, question);
  const search = question === -1 ? '' : raw.slice(question);
  refuseTraversal(pathname);
  const outer = takeOrgName(pathname);
  const based = takeBasePath(outer.path);
  const inner = takeOrgName(based);
  if (outer.orgName !== undefined && inner.orgName !== undefined && outer.orgName !== inner.orgName) {
    throw new InvalidRequest('The path names two organizations.', { code: 'conflicting_organization' });
  }
  const orgName = inner.orgName ?? outer.orgName;
  const path = takeBasePath(inner.path);
  return { path, search, ...(orgName === undefined ? {} : { orgName }) };
}

function takeBasePath(path: string): string {
  for (const base of BASE_PATHS) {
    if (path === base) return '/';
    if (path.startsWith(`${base}/`)) return path.slice(base.length);
  }
  return path === '' ? '/' : path;
}

function takeOrgName(path: string): { path: string; orgName?: string } {
  const match = /^\/btorg\/([^/]+)(\/.*)?$/i.exec(path);
  if (match?.[1] === undefined) return { path };
  return { path: match[2] ?? '/', orgName: percentDecoded(match[1], 'organization name') };
}

/** Throws InvalidRequest where `text`, the path's `what`, is no percent-encoded UTF-8. */
export function percentDecoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InvalidRequest(`The ${what} in the path is not valid percent-encoding.`, {
      code: 'invalid_path',
    });
  }
}
