import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type FakeUpstream, startUpstream } from './fake-upstream.ts';

export interface FakeSecretsManager {
  /** The secret's value, as text. Undefined: the service fails. */
  secret: string | undefined;
  /** How often the secret was asked for. */
  readonly reads: number;
  readonly client: SecretsManagerClient;
  close(): Promise<void>;
}

export const SECRET_ID = 'arn:aws:secretsmanager:local:000000000000:secret:sluice-provider-keys';

/** Secrets Manager's GetSecretValue over HTTP, and the SDK's own client for it. */
export async function startSecretsManager(): Promise<FakeSecretsManager> {
  const upstream: FakeUpstream = await startUpstream(({ headers, body }, response) => {
    const { SecretId } = JSON.parse(body.toString('utf8'));
    const known = headers['x-amz-target'] === 'secretsmanager.GetSecretValue' && SecretId === SECRET_ID;
    const [status, answer] =
      fake.secret === undefined
        ? [500, { __type: 'InternalServiceError' }]
        : known
          ? [200, { ARN: SECRET_ID, SecretString: fake.secret }]
          : [400, { __type: 'ResourceNotFoundException' }];
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  });
  const credentials = { accessKeyId: 'nobody', secretAccessKey: 'nobody' };
  const client = new SecretsManagerClient({
    endpoint: upstream.origin,
    region: 'local',
    credentials,
    maxAttempts: 1,
  });
  const fake = {
    secret: undefined as string | undefined,
    get reads() {
      return upstream.received.length;
    },
    client,
    close: () => {
      client.destroy();
      return upstream.close();
    },
  };
  return fake;
}
