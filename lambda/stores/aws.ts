import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Log } from '../log.ts';
import { CloudWatchRequestLog } from './cloudwatch-request-log.ts';
import type { CredentialStore } from './credential-store.ts';
import { DynamoDBCredentialStore } from './dynamodb-credential-store.ts';
import { DynamoDBUsageStore } from './dynamodb-usage-store.ts';
import type { KeyRing } from './key-ring.ts';
import { RememberingCredentialStore } from './remembering-credential-store.ts';
import type { RequestLog } from './request-log.ts';
import { SecretsManagerKeyRing } from './secrets-manager-key-ring.ts';
import { SecretsManagerSigningSecret } from './secrets-manager-signing-secret.ts';
import type { SigningSecret } from './signing-secret.ts';
import type { UsageStore } from './usage-store.ts';

export interface AwsStoreNames {
  readonly credentialsTable: string;
  readonly providerKeysSecret: string;
  readonly signingSecret: string;
  readonly requestLogGroup: string;
}

export interface AwsStores {
  readonly credentials: CredentialStore;
  readonly usage: UsageStore;
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
  const { credentials, usage } = tableStores(new DynamoDBClient(settings), names.credentialsTable);
  const secrets = new SecretsManagerClient(settings);
  return {
    credentials: new RememberingCredentialStore(credentials),
    usage,
    keyRing: new SecretsManagerKeyRing(secrets, names.providerKeysSecret, log),
    signing: new SecretsManagerSigningSecret(secrets, names.signingSecret),
    requestLog: new CloudWatchRequestLog(names.requestLogGroup, settings),
  };
}

/** What the credentials' table holds. */
export interface TableStores {
  readonly client: DynamoDBClient;
  readonly credentials: CredentialStore;
  readonly usage: UsageStore;
}

function tableStores(client: DynamoDBClient, table: string): TableStores {
  return {
    client,
    credentials: new DynamoDBCredentialStore(client, table),
    usage: new DynamoDBUsageStore(client, table),
  };
}

/** The table over an endpoint of one's own: the embedded DynamoDB of a local run. */
export function tableStoresAt(endpoint: string, table: string): TableStores {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return tableStores(new DynamoDBClient({ endpoint, region: 'local', credentials }), table);
}

/** The table of a deployed gateway, with the operator's own AWS credentials. */
export function tableStoresOf(table: string, region?: string): TableStores {
  return tableStores(new DynamoDBClient(region === undefined ? {} : { region }), table);
}
