import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { CacheTable } from './cache-table.ts';
import { CredentialsTable } from './credentials-table.ts';
import { ProviderKeys } from './provider-keys.ts';

/** What a gateway keeps. Apart from the gateway, so that one can be torn down and rebuilt over the other. */
export class DataStack extends Stack {
  readonly credentials: CredentialsTable;
  readonly cache: CacheTable;
  readonly providerKeys: ProviderKeys;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, {
      description: 'Sluice, an AI gateway: its tables and its secret of provider keys',
      ...props,
    });
    this.credentials = new CredentialsTable(this, 'Credentials');
    this.cache = new CacheTable(this, 'Cache');
    this.providerKeys = new ProviderKeys(this, 'ProviderKeys');
  }
}
