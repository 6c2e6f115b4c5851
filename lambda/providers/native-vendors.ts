import type { NativeVendor } from './vendor.ts';

/** Vendors with a format of their own. */
export const NATIVE_VENDORS: readonly NativeVendor[] = [
  {
    name: 'anthropic',
    family: 'anthropic',
    baseUrl: 'https://api.anthropic.com',
    keyVariables: ['ANTHROPIC_API_KEY'],
    baseUrlVariables: ['ANTHROPIC_BASE_URL'],
    listsModels: true,
    page: 'https://docs.anthropic.com/en/api/messages',
  },
  {
    name: 'gemini',
    family: 'gemini',
    baseUrl: 'https://generativelanguage.googleapis.com',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    baseUrlVariables: ['GOOGLE_GEMINI_BASE_URL', 'GEMINI_BASE_URL'],
    listsModels: true,
    page: 'https://ai.google.dev/api/generate-content',
  },
  {
    name: 'vertex',
    family: 'vertex',
    settings: { project: 'GOOGLE_CLOUD_PROJECT', location: 'GOOGLE_CLOUD_LOCATION' },
    keyVariables: ['VERTEX_API_KEY'],
    keyFiles: { credentials: 'GOOGLE_APPLICATION_CREDENTIALS' },
    baseUrlVariables: ['GOOGLE_VERTEX_BASE_URL', 'VERTEX_BASE_URL'],
    // Its publishers' models are listed elsewhere, page by page, with no word on which the project may use.
    listsModels: false,
    page: 'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
  },
  {
    name: 'bedrock',
    family: 'bedrock',
    settings: { region: 'AWS_REGION' },
    keyVariables: ['AWS_BEARER_TOKEN_BEDROCK'],
    keyParts: {
      accessKeyId: 'AWS_ACCESS_KEY_ID',
      secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
      sessionToken: 'AWS_SESSION_TOKEN?',
    },
    baseUrlVariables: ['AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'BEDROCK_BASE_URL'],
    // Models are listed by another service, whose list has what the account may not use.
    listsModels: false,
    page: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html',
  },
];
