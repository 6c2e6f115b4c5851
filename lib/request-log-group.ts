import { RemovalPolicy } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../lambda/environment.ts';

/**
 * Logged requests, prompts and answers among them: apart from the gateway's own log, so that who may read the one need not be let
 * into the other.
 */
export class RequestLogGroup extends Construct {
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, retention: RetentionDays) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Group', { retention, removalPolicy: RemovalPolicy.RETAIN });
  }

  /** The group's name in the environment, and leave to write to it. */
  grantWrite(fn: LambdaFunction): void {
    fn.addEnvironment(ENVIRONMENT.requestLogGroup, this.logGroup.logGroupName);
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resourceArns: [this.logGroup.logGroupArn],
    });
  }
}
