import { RemovalPolicy } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../lambda/environment.ts';

/**
 * The secret of provider keys: one JSON object by provider name. The template holds no key, and a later deployment
 * never touches what the operator stored: CloudFormation generates a value only when the secret is created or this
 * property changes. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
 */
export class ProviderKeys extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: 'Keys of Sluice\'s AI providers, as JSON: {"openai": "...", "anthropic": ["...", "..."]}.',
      // Without a template Secrets Manager generates a password, which is no JSON. The gateway passes over names
      // that begin with an underscore.
      generateSecretString: { secretStringTemplate: '{}', generateStringKey: '_placeholder' },
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** The secret's ARN in the environment, and leave to read its value. */
  grantRead(fn: LambdaFunction): void {
    fn.addEnvironment(ENVIRONMENT.providerKeysSecret, this.secret.secretArn);
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [this.secret.secretArn],
    });
  }
}
