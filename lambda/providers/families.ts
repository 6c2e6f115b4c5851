import type { Provider } from './provider.ts';
import type { ProviderSettings } from './settings.ts';
import type { CompatibleVendor, NativeVendor, Vendor } from './vendor.ts';

/** Which code speaks to a vendor about a model. A cloud hosts several formats. */
export type Family =
  | 'openai-compatible'
  | 'anthropic'
  | 'gemini'
  | 'bedrock'
  | 'anthropic-on-vertex'
  | 'gemini-on-vertex'
  | 'openai-on-vertex'
  | 'anthropic-on-bedrock'
  | 'openai-on-bedrock';

/** An empty model stands for a call that is relayed as it is. */
export function familyOf(vendor: Vendor, settings: ProviderSettings, model: string): Family {
  if (!isNative(vendor)) return 'openai-compatible';
  if (vendor.family === 'vertex') return familyOnVertex(model);
  if (vendor.family === 'bedrock') return familyOnBedrock(settings, model);
  return vendor.family;
}

/** https://cloud.google.com/vertex-ai/generative-ai/docs/model-garden/available-models */
function familyOnVertex(model: string): Family {
  if (/^(anthropic\/|publishers\/anthropic\/)?(models\/)?claude/.test(model)) return 'anthropic-on-vertex';
  // The models of other makers are named with their maker, and served in OpenAI's format.
  const publisher = /^([\w-]+)\//.exec(model)?.[1];
  const others =
    publisher !== undefined &&
    !['google', 'publishers', 'models', 'projects', 'endpoints'].includes(publisher);
  return others ? 'openai-on-vertex' : 'gemini-on-vertex';
}

/** AWS embeds by its own API alone, and serves the Messages API for Claude alone. */
function familyOnBedrock({ api }: ProviderSettings, model: string): Family {
  if (/(^|[./])(amazon\.(titan|nova)|cohere)[\w.-]*embed/.test(model)) return 'bedrock';
  if (api === 'messages' && (model === '' || /claude/.test(model))) return 'anthropic-on-bedrock';
  return api === 'openai' ? 'openai-on-bedrock' : 'bedrock';
}

function isNative(vendor: Vendor): vendor is NativeVendor {
  return 'family' in vendor;
}

/** The family's code, loaded on first use. */
export async function createProvider(
  family: Family,
  vendor: Vendor,
  settings: ProviderSettings,
): Promise<Provider> {
  switch (family) {
    case 'openai-compatible':
      return (await import('./openai-compatible/index.ts')).createProvider(
        vendor as CompatibleVendor,
        settings,
      );
    case 'anthropic':
      return (await import('./anthropic/index.ts')).createProvider(settings);
    case 'gemini':
    case 'gemini-on-vertex':
      return (await import('./gemini/index.ts')).createProvider(
        settings,
        family === 'gemini' ? 'gemini' : 'vertex',
      );
    case 'bedrock':
      return (await import('./bedrock/index.ts')).createProvider(settings);
    default:
      return (await import('./hosted.ts')).createHosted(family, settings);
  }
}
