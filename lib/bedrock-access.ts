import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/**
 * Lets the function invoke Bedrock's models as its own role: no key to keep. Models that the account has not enabled stay
 * closed. An inference profile leads to its models in several regions, so the region is open, and nothing else is.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
 */
export function grantBedrock(grantee: IGrantable & { readonly stack: Stack }): void {
  const { partition, account } = Stack.of(grantee.stack);
  const own = `arn:${partition}:bedrock:*:${account}`;
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'],
      resources: [
        `arn:${partition}:bedrock:*::foundation-model/*`,
        `${own}:inference-profile/*`,
        `${own}:application-inference-profile/*`,
        `${own}:provisioned-model/*`,
      ],
    }),
  );
}
