import { Stack, type StackProps } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { CacheTable } from './cache-table.ts';
import { CredentialsTable } from './credentials-table.ts';
import { ProviderKeys } from './provider-keys.ts';
import { RequestLogGroup } from './request-log-group.ts';
import { SigningSecret } from './signing-secret.ts';

export interface DataStackProps extends StackProps {
  readonly requestLogRetention: RetentionDays;
}

/** What a gateway keeps. Apart from the gateway, so that one can be torn down and rebuilt over the other. */
export class DataStack extends Stack {
  readonly credentials: CredentialsTable;
  readonly cache: CacheTable;
  readonly providerKeys: ProviderKeys;
  readonly signing: SigningSecret;
  readonly requestLog: RequestLogGroup;

  constructor(scope: Construct, id: string, { requestLogRetention, ...props }: DataStackProps) {
    super(scope, id, {
      description: 'Sluice, an AI gateway: its tables, its secrets and its log of requests',
      ...props,
    });
    this.credentials = new CredentialsTable(this, 'Credentials');
    this.cache = new CacheTable(this, 'Cache');
    this.providerKeys = new ProviderKeys(this, 'ProviderKeys');
    this.signing = new SigningSecret(this, 'Signing');
    this.requestLog = new RequestLogGroup(this, 'RequestLog', requestLogRetention);
  }
}
