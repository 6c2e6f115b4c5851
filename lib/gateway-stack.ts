import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { type FunctionUrl, FunctionUrlAuthType, InvokeMode } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { apiIntegration } from './api-integration.ts';
import { grantBedrock } from './bedrock-access.ts';
import type { DeployConfig } from './config.ts';
import type { DataStack } from './data-stack.ts';
import { GatewayApi } from './gateway-api.ts';
import { GatewayFunction } from './gateway-function.ts';
import { findGatewayJson } from './gateway-json.ts';

export interface GatewayStackProps extends StackProps {
  readonly config: DeployConfig;
  readonly data: DataStack;
}

/** What a gateway runs: one function and its two doors, the REST API and the function URL. */
export class GatewayStack extends Stack {
  constructor(scope: Construct, id: string, { config, data, ...props }: GatewayStackProps) {
    super(scope, id, {
      description: 'Sluice, an AI gateway: its function, function URL and REST API',
      ...props,
    });
    const gatewayJson = findGatewayJson(config.config);
    const { handler } = new GatewayFunction(this, 'Function', {
      memorySize: config.memorySize,
      timeoutSeconds: config.timeoutSeconds,
      logRetention: config.logRetentionDays,
      ...(config.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrency: config.reservedConcurrency }),
      ...(gatewayJson === undefined ? {} : { gatewayJson }),
    });
    data.credentials.grantReadWrite(handler);
    data.cache.grantReadWrite(handler);
    data.providerKeys.grantRead(handler);
    data.signing.grantRead(handler);
    data.requestLog.grantWrite(handler);
    if (config.bedrock === 'on') grantBedrock(handler);

    // No `cors` here: Lambda would answer preflights and add headers beside the gateway's own.
    const functionUrl =
      config.functionUrlAuth === 'off'
        ? undefined
        : handler.addFunctionUrl({
            authType: FunctionUrlAuthType[config.functionUrlAuth],
            invokeMode: InvokeMode.RESPONSE_STREAM,
          });
    const api = new GatewayApi(this, 'Api', {
      integration: apiIntegration(config.apiGatewayIntegration, handler, functionUrl),
      throttleRate: config.throttleRate,
      throttleBurst: config.throttleBurst,
    });
    this.addOutputs(data, api, functionUrl);
  }

  /** Where the operator's CLI finds everything: the names are a contract. */
  private addOutputs(data: DataStack, api: GatewayApi, functionUrl: FunctionUrl | undefined): void {
    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, name, { value, description });
    output('ApiUrl', api.url, 'Base URL for OpenAI clients');
    if (functionUrl !== undefined) {
      output(
        'FunctionUrl',
        `${functionUrl.url}v1`,
        'Base URL past API Gateway: no throttling, no charge per request',
      );
    }
    output(
      'CredentialsTableName',
      data.credentials.table.tableName,
      'Table of gateway keys and temporary credentials',
    );
    output('CacheTableName', data.cache.table.tableName, 'Table of cached responses');
    output('SigningSecretArn', data.signing.secret.secretArn, 'Secret that signs temporary credentials');
    output('RequestLogGroupName', data.requestLog.logGroup.logGroupName, 'Log group of logged requests');
    output('ProviderKeysSecretArn', data.providerKeys.secret.secretArn, 'Secret of provider keys');
  }
}
