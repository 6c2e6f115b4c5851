import { describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { synthesize } from './synthesize.ts';

const TABLE = 'AWS::DynamoDB::GlobalTable';
const SECRET = 'AWS::SecretsManager::Secret';

describe('DataStack', () => {
  // GIVEN a gateway with every default
  const { data } = synthesize();

  test('keeps credentials under pk, expiring, on demand, guarded and restorable', () => {
    // THEN
    data.hasResource(TABLE, {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
        BillingMode: 'PAY_PER_REQUEST',
        Replicas: [
          {
            Region: { Ref: 'AWS::Region' },
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          },
        ],
      },
    });
  });

  test('keeps the cache under pk and sk, expiring, on demand, and disposable', () => {
    // THEN no deletion protection and no backup, which would cost
    data.hasResource(TABLE, {
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: {
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
        BillingMode: 'PAY_PER_REQUEST',
        Replicas: [{ Region: { Ref: 'AWS::Region' } }],
      },
    });
    const replicas = Object.values(data.findResources(TABLE, { DeletionPolicy: 'Delete' })).map(
      (table) => table.Properties.Replicas,
    );
    expect(replicas).toEqual([[{ Region: { Ref: 'AWS::Region' } }]]);
  });

  test('makes the secret of provider keys without a value and keeps it', () => {
    // THEN
    data.hasResource(SECRET, {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { GenerateSecretString: { SecretStringTemplate: '{}', GenerateStringKey: '_placeholder' } },
    });
    for (const secret of Object.values(data.findResources(SECRET))) {
      expect(secret.Properties).not.toHaveProperty('SecretString');
    }
  });

  test('costs nothing while idle but for its two secrets', () => {
    // THEN there is no key of KMS and nothing else that is billed by the month
    expect(resourceTypes(data)).toEqual([TABLE, TABLE, 'AWS::Logs::LogGroup', SECRET, SECRET]);
  });

  test('makes a secret of its own that nobody has to know, and keeps it', () => {
    // THEN
    data.hasResource(SECRET, {
      DeletionPolicy: 'Retain',
      Properties: { GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true } },
    });
  });

  test('keeps logged requests apart, for as long as the operator says', () => {
    // THEN
    data.hasResource('AWS::Logs::LogGroup', {
      DeletionPolicy: 'Retain',
      Properties: { RetentionInDays: 30 },
    });
    synthesize({ requestLogRetentionDays: 7 }).data.hasResourceProperties('AWS::Logs::LogGroup', {
      RetentionInDays: 7,
    });
  });

  test('names nothing, so that several gateways fit into one account', () => {
    // THEN
    for (const { Properties } of Object.values<{ Properties: object }>(data.toJSON().Resources)) {
      expect(Properties).not.toHaveProperty('TableName');
      expect(Properties).not.toHaveProperty('Name');
    }
  });

  test('may be replaced under the gateway: what it publishes is no export', () => {
    // THEN
    for (const output of Object.values(data.findOutputs('*'))) expect(output).not.toHaveProperty('Export');
  });
});

function resourceTypes(template: Template): string[] {
  return Object.values<{ Type: string }>(template.toJSON().Resources)
    .map((resource) => resource.Type)
    .sort();
}
