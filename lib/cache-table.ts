import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../lambda/environment.ts';

/**
 * Cached responses, encrypted by the gateway. The sort key numbers the parts of an entry above DynamoDB's 400 KB an
 * item. Disposable: it goes with its stack and has no backup.
 */
export class CacheTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expires_at',
      billing: Billing.onDemand(),
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  /** The table's name in the environment, and access item by item: entries, their parts, leases, counts. */
  grantReadWrite(fn: LambdaFunction): void {
    fn.addEnvironment(ENVIRONMENT.cacheTable, this.table.tableName);
    Grant.addToPrincipal({
      grantee: fn,
      actions: [
        'dynamodb:GetItem',
        'dynamodb:Query',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
      ],
      resourceArns: [this.table.tableArn],
    });
  }
}
