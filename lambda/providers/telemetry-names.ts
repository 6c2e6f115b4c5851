/** Vendors whose name in traces is not the one they have here. https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/ */
const NAMES: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  gemini: 'gcp.gemini',
  mistral: 'mistral_ai',
  moonshot: 'moonshot_ai',
  vertex: 'gcp.vertex_ai',
  xai: 'x_ai',
};

/** `gen_ai.provider.name` of a vendor. */
export function telemetryName(vendor: string): string {
  return (Object.hasOwn(NAMES, vendor) ? NAMES[vendor] : undefined) ?? vendor;
}
