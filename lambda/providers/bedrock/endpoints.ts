/**
 * AWS's endpoints for inference, and the name that a Signature Version 4 for each must be made for. The runtime endpoint
 * is the one that AWS recommends for all APIs; the other serves some models alone, under ids without a region's prefix.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html
 */
export interface BedrockEndpoint {
  /** With `{region}` and `{suffix}` places. What the API's own paths are appended to. */
  readonly baseUrl: string;
  readonly service: 'bedrock' | 'bedrock-mantle';
  readonly page: string;
}

export type BedrockApi = 'converse' | 'messages' | 'openai';

export const ENDPOINTS: Readonly<Record<BedrockApi, BedrockEndpoint>> = {
  converse: {
    baseUrl: 'https://bedrock-runtime.{region}.{suffix}',
    service: 'bedrock',
    page: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html',
  },
  /** `/v1/messages` is appended. */
  messages: {
    baseUrl: 'https://bedrock-runtime.{region}.{suffix}/anthropic',
    service: 'bedrock',
    page: 'https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html',
  },
  /** `/chat/completions` is appended. */
  openai: {
    baseUrl: 'https://bedrock-runtime.{region}.{suffix}/openai/v1',
    service: 'bedrock',
    page: 'https://docs.aws.amazon.com/bedrock/latest/userguide/inference-chat-completions.html',
  },
};

export const MANTLE_ENDPOINTS: Readonly<Record<Exclude<BedrockApi, 'converse'>, BedrockEndpoint>> = {
  messages: {
    baseUrl: 'https://bedrock-mantle.{region}.api.aws/anthropic',
    service: 'bedrock-mantle',
    page: 'https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html',
  },
  /** Some models are served below `/openai/v1` instead. */
  openai: {
    baseUrl: 'https://bedrock-mantle.{region}.api.aws/v1',
    service: 'bedrock-mantle',
    page: 'https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html',
  },
};

/** https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
const SUFFIXES: readonly (readonly [prefix: string, suffix: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['us-iso-', 'c2s.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['eusc-', 'amazonaws.eu'],
];

export function endpointUrl(endpoint: BedrockEndpoint, region: string): string {
  const suffix = SUFFIXES.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com';
  return endpoint.baseUrl.replace('{region}', region).replace('{suffix}', suffix);
}

/** The region in an endpoint's host, also behind a VPC endpoint's name or a FIPS one. */
export function regionOfHost(hostname: string): string | undefined {
  return /(?:^|\.)bedrock(?:-runtime|-mantle)?(?:-fips)?\.([a-z]{2,5}(?:-[a-z]+)+-\d+)\./.exec(hostname)?.[1];
}

/** The service that a request to this host is signed for. */
export function serviceOfHost(hostname: string): BedrockEndpoint['service'] {
  return /(?:^|\.)bedrock-mantle\./.test(hostname) ? 'bedrock-mantle' : 'bedrock';
}

/** `arn:aws:bedrock:eu-west-1:…` → `eu-west-1`: what an ARN names exists in its own region only. */
export function regionOfArn(model: string): string | undefined {
  return /^arn:[^:]+:bedrock:([a-z0-9-]+):/.exec(model)?.[1];
}
