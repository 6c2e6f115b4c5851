import type { ProviderKey, RawCall, UpstreamRequest } from '../provider.ts';
import { type Host, VERSION } from './host.ts';

/** A call that is relayed as it is; the vendor refuses one without a version. https://platform.claude.com/docs/en/api/versioning */
export function encodeRaw(call: RawCall, key: ProviderKey, host: Host): UpstreamRequest {
  const version = host.versionHeader ? { 'anthropic-version': VERSION } : {};
  return {
    method: call.method,
    url: host.rawUrl(call.target, key),
    headers: { ...version, ...call.headers },
    body: call.body,
  };
}
