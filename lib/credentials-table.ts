import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../lambda/environment.ts';

/**
 * Gateway keys (as hashes), temporary credentials and their counters. Losing it locks every caller out, so it
 * outlives its stack and can be restored to any second of the last 35 days.
 */
export class CredentialsTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expires_at',
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /**
   * The table's name in the environment, and item by item access: to read, to mint, to count. The operator's CLI lists and
   * revokes, with the operator's own identity.
   */
  grantReadWrite(fn: LambdaFunction): void {
    fn.addEnvironment(ENVIRONMENT.credentialsTable, this.table.tableName);
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      resourceArns: [this.table.tableArn],
    });
  }
}
