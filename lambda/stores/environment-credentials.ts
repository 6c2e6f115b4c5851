import { processEnvironment } from '../config.ts';

/**
 * Stands in the bundle for the AWS SDK's chain of credential providers (profiles, SSO, instance metadata, …): in Lambda the
 * role's credentials are in the environment, and the chain is a quarter of the bundle.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export function defaultProvider() {
  return async () => {
    const environment = processEnvironment();
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
    if (!accessKeyId || !secretAccessKey) throw new Error('There are no AWS credentials in the environment.');
    const sessionToken = environment.AWS_SESSION_TOKEN;
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  };
}
