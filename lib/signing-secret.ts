import { RemovalPolicy } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../lambda/environment.ts';

/**
 * The gateway's own secret, made at deployment and seen by nobody: it signs temporary credentials and locks cached responses. A
 * new value ends all of them at once.
 */
export class SigningSecret extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: "Sluice's own secret: it signs temporary credentials and encrypts cached responses.",
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** The secret's ARN in the environment, and leave to read its value. */
  grantRead(fn: LambdaFunction): void {
    fn.addEnvironment(ENVIRONMENT.signingSecret, this.secret.secretArn);
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [this.secret.secretArn],
    });
  }
}
