import { InvalidRequest, PermissionDenied } from '../../errors.ts';
import type { LoggingTarget } from '../../stores/credential-store.ts';
import { loggingTarget } from './logging-target.ts';
import type { Principal } from './principal.ts';

/** The `x-bt-*` and cache headers of a request, checked. https://www.braintrust.dev/docs/deploy/ai-proxy */
export interface CallerOptions {
  readonly useCache: 'auto' | 'always' | 'never';
  /** Seconds, 1 to 604800. */
  readonly cacheTtl: number;
  readonly cacheControl: { readonly noCache: boolean; readonly noStore: boolean; readonly maxAge?: number };
  readonly endpointName?: string;
  readonly orgName?: string;
  /** Where the request is to be logged: as the credential says, else as `x-bt-parent` does. */
  readonly logging?: LoggingTarget;
}

const MAX_TTL_SECONDS = 604_800;

/** Throws InvalidRequest that names the header. `orgName` is the one in the path, where there is one. */
export function callerOptions(
  headers: Headers,
  principal: Pick<Principal, 'orgName' | 'logging'>,
  orgName?: string,
  defaultTtl = MAX_TTL_SECONDS,
): CallerOptions {
  const useCache = (headers.get('x-bt-use-cache') ?? 'auto').toLowerCase();
  if (useCache !== 'auto' && useCache !== 'always' && useCache !== 'never') {
    throw invalidHeader('x-bt-use-cache', 'must be one of auto, always, never');
  }
  const format = headers.get('x-bt-stream-fmt');
  if (format !== null && format.toLowerCase() !== 'openai') {
    throw invalidHeader('x-bt-stream-fmt', 'must be openai: other formats are no longer served');
  }
  const headerOrg = headers.get('x-bt-org-name') ?? undefined;
  if (orgName !== undefined && headerOrg !== undefined && headerOrg !== orgName) {
    throw invalidHeader('x-bt-org-name', 'must name the same organization as the path');
  }
  const named = orgName ?? headerOrg;
  if (principal.orgName !== undefined && named !== undefined && named !== principal.orgName) {
    throw new PermissionDenied('This credential was made for another organization.', {
      param: 'x-bt-org-name',
      code: 'organization_not_allowed',
    });
  }
  const organization = principal.orgName ?? named;
  const parent = headers.get('x-bt-parent');
  const asked = parent === null ? undefined : loggingTarget(parent, 'x-bt-parent');
  const logging = principal.logging ?? asked;
  const endpointName = headers.get('x-bt-endpoint-name') || undefined;
  return {
    useCache,
    cacheTtl: ttl(headers.get('x-bt-cache-ttl'), defaultTtl),
    cacheControl: cacheControl(headers.get('cache-control')),
    ...(endpointName === undefined ? {} : { endpointName }),
    ...(organization === undefined ? {} : { orgName: organization }),
    ...(logging === undefined ? {} : { logging }),
  };
}

function ttl(value: string | null, otherwise: number): number {
  if (value === null) return otherwise;
  if (!/^-?\d+$/.test(value.trim()))
    throw invalidHeader('x-bt-cache-ttl', 'must be a whole number of seconds');
  return Math.min(MAX_TTL_SECONDS, Math.max(1, Number(value)));
}

/** https://www.rfc-editor.org/rfc/rfc9111#name-request-directives */
function cacheControl(value: string | null): CallerOptions['cacheControl'] {
  const directives = (value ?? '')
    .toLowerCase()
    .split(',')
    .map((directive) => directive.trim());
  const maxAge = directives.find((directive) => directive.startsWith('max-age='))?.slice('max-age='.length);
  if (maxAge !== undefined && !/^"?\d+"?$/.test(maxAge)) {
    throw invalidHeader('cache-control', 'max-age must be a whole number of seconds');
  }
  return {
    noCache: directives.includes('no-cache'),
    noStore: directives.includes('no-store'),
    ...(maxAge === undefined ? {} : { maxAge: Number(maxAge.replaceAll('"', '')) }),
  };
}

function invalidHeader(name: string, rule: string): InvalidRequest {
  return new InvalidRequest(`The header ${name} ${rule}.`, { param: name, code: 'invalid_header' });
}
