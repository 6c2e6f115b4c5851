/**
 * The environment variables that the deployed function and its stacks agree on. Used by the bundle and by the
 * CDK constructs: this file must import nothing.
 */
export const ENVIRONMENT = {
  /** Path of gateway.json. */
  config: 'SLUICE_CONFIG',
  /** Name of the DynamoDB table of gateway keys and temporary credentials. */
  credentialsTable: 'SLUICE_CREDENTIALS_TABLE',
  /** Name of the DynamoDB table of cached responses. */
  cacheTable: 'SLUICE_CACHE_TABLE',
  /** ARN of the Secrets Manager secret that signs temporary credentials. */
  signingSecret: 'SLUICE_SIGNING_SECRET',
  /** Name of the CloudWatch log group of logged requests. */
  requestLogGroup: 'SLUICE_REQUEST_LOG_GROUP',
  /** ARN of the Secrets Manager secret of provider keys. */
  providerKeysSecret: 'SLUICE_PROVIDER_KEYS_SECRET',
} as const;
