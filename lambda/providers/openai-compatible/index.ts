import { isCompletionModel } from '../model-names.ts';
import type { Provider } from '../provider.ts';
import type { ProviderSettings } from '../settings.ts';
import type { CompatibleVendor } from '../vendor.ts';
import { authorize } from './auth.ts';
import { decodeError } from './error.ts';
import { encodeRequest, PATHS } from './request.ts';
import { usageOf } from './response.ts';
import { addsUsageChunk } from './stream.ts';
import { upstreamUrl } from './url.ts';

/** A provider that speaks OpenAI's format: its answers are relayed byte for byte. */
export function createProvider(vendor: CompatibleVendor, settings: ProviderSettings): Provider {
  const extra = settings.headers ?? {};
  return {
    name: settings.name,
    answer: { kind: 'relay', usageOf, addsUsageChunk: (call) => addsUsageChunk(call, vendor) },
    encodeRequest(call, given) {
      const route = { ...given, model: deployedName(settings, given.model) };
      const url = upstreamUrl(vendor, settings, route.key, PATHS[call.operation], route.model);
      const request = encodeRequest(call, route, vendor, url);
      return { ...request, headers: { ...request.headers, ...extra } };
    },
    encodeRaw(call, key) {
      const url = upstreamUrl(vendor, settings, key, call.target);
      return { method: call.method, url, headers: { ...call.headers, ...extra }, body: call.body };
    },
    authorize: (request, key) => authorize(request, key, vendor),
    decodeError,
    servesCompletions: (model) => vendor.servesCompletions === true || isCompletionModel(model),
  };
}

function deployedName({ deployments }: ProviderSettings, model: string): string {
  return (deployments && Object.hasOwn(deployments, model) ? deployments[model] : undefined) ?? model;
}
