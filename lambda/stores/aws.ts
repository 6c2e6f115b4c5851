import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Log } from '../log.ts';
import { CloudWatchRequestLog } from './cloudwatch-request-log.ts';
import type { CredentialStore } from './credential-store.ts';
import { DynamoDBCredentialStore } from './dynamodb-credential-store.ts';
import { DynamoDBResponseCache } from './dynamodb-response-cache.ts';
import { DynamoDBUsageStore } from './dynamodb-usage-store.ts';
import type { KeyRing } from './key-ring.ts';
import { RememberingCredentialStore } from './remembering-credential-store.ts';
import type { RequestLog } from './request-log.ts';
import type { CacheSurvey, LeaseStore, ResponseCache } from './response-cache.ts';
import { SecretsManagerKeyRing } from './secrets-manager-key-ring.ts';
import { SecretsManagerSigningSecret } from './secrets-manager-signing-secret.ts';
import type { SigningSecret } from './signing-secret.ts';
import type { UsageStore } from './usage-store.ts';

export interface AwsStoreNames {
  readonly credentialsTable: string;
  readonly cacheTable: string;
  readonly providerKeysSecret: string;
  readonly signingSecret: string;
  readonly requestLogGroup: string;
}

export interface AwsStores {
  readonly credentials: CredentialStore;
  readonly usage: UsageStore;
  readonly cache: ResponseCache & LeaseStore;
  readonly keyRing: KeyRing;
  readonly signing: SigningSecret;
  readonly requestLog: RequestLog;
}

/**
 * How the SDK's clients are set up: a store that is down must be known as such before a caller gives up. Without
 * `throwOnRequestTimeout` the SDK waits on for an answer that does not come, and only warns.
 */
export function clientSettings(requestTimeout = 3_000) {
  return {
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1_000, requestTimeout, throwOnRequestTimeout: true },
  };
}

/** The stores of the deployed function. Region, credentials and endpoints come from the Lambda environment. */
export function createAwsStores(names: AwsStoreNames, log: Log): AwsStores {
  const settings = clientSettings();
  const { credentials, usage, cache } = tableStores(new DynamoDBClient(settings), names);
  const secrets = new SecretsManagerClient(settings);
  return {
    credentials: new RememberingCredentialStore(credentials),
    usage,
    cache,
    keyRing: new SecretsManagerKeyRing(secrets, names.providerKeysSecret, log),
    signing: new SecretsManagerSigningSecret(secrets, names.signingSecret),
    requestLog: new CloudWatchRequestLog(names.requestLogGroup, settings),
  };
}

/** The names of the tables. */
export type TableNames = Pick<AwsStoreNames, 'credentialsTable' | 'cacheTable'>;

/** What the tables hold. */
export interface TableStores {
  readonly client: DynamoDBClient;
  readonly credentials: CredentialStore;
  readonly usage: UsageStore;
  readonly cache: ResponseCache & LeaseStore & CacheSurvey;
}

function tableStores(client: DynamoDBClient, names: TableNames): TableStores {
  return {
    client,
    credentials: new DynamoDBCredentialStore(client, names.credentialsTable),
    usage: new DynamoDBUsageStore(client, names.credentialsTable),
    cache: new DynamoDBResponseCache(client, names.cacheTable),
  };
}

/** The tables over an endpoint of one's own: the embedded DynamoDB of a local run. */
export function tableStoresAt(endpoint: string, names: TableNames): TableStores {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  // All requests of a local run go through one process: at the SDK's 50 sockets they would wait for each other.
  const requestHandler = { httpAgent: { keepAlive: true, maxSockets: 1_000 } };
  return tableStores(new DynamoDBClient({ endpoint, region: 'local', credentials, requestHandler }), names);
}

/** The tables of a deployed gateway, with the operator's own AWS credentials. */
export function tableStoresOf(names: TableNames, region?: string): TableStores {
  return tableStores(new DynamoDBClient(region === undefined ? {} : { region }), names);
}
