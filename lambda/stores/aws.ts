import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Log } from '../log.ts';
import type { CredentialStore } from './credential-store.ts';
import { DynamoDBCredentialStore } from './dynamodb-credential-store.ts';
import type { KeyRing } from './key-ring.ts';
import { RememberingCredentialStore } from './remembering-credential-store.ts';
import { SecretsManagerKeyRing } from './secrets-manager-key-ring.ts';

export interface AwsStoreNames {
  readonly credentialsTable: string;
  readonly providerKeysSecret: string;
}

/** A store that is down must be known as such before a caller gives up. */
const CLIENT = { maxAttempts: 2, requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 } };

/** The stores of the deployed function. Region, credentials and endpoints come from the Lambda environment. */
export function createAwsStores(
  names: AwsStoreNames,
  log: Log,
): { credentials: CredentialStore; keyRing: KeyRing } {
  const credentials = new DynamoDBCredentialStore(new DynamoDBClient(CLIENT), names.credentialsTable);
  return {
    credentials: new RememberingCredentialStore(credentials),
    keyRing: new SecretsManagerKeyRing(new SecretsManagerClient(CLIENT), names.providerKeysSecret, log),
  };
}

/** The credential store over an endpoint of one's own: the embedded DynamoDB of a local run. */
export function credentialStoreAt(
  endpoint: string,
  table: string,
): { client: DynamoDBClient; credentials: CredentialStore } {
  const client = new DynamoDBClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return { client, credentials: new DynamoDBCredentialStore(client, table) };
}

/** The credential store of a deployed gateway, with the operator's own AWS credentials. */
export function credentialStoreOf(table: string): CredentialStore {
  return new DynamoDBCredentialStore(new DynamoDBClient({}), table);
}
