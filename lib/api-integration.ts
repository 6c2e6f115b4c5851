import { Duration } from 'aws-cdk-lib';
import {
  HttpIntegration,
  type Integration,
  type IntegrationOptions,
  LambdaIntegration,
  ResponseTransferMode,
} from 'aws-cdk-lib/aws-apigateway';
import type { FunctionUrl, IFunction } from 'aws-cdk-lib/aws-lambda';

/** What the REST API calls for `/` and for every path below it. */
export interface ApiIntegration {
  readonly root: Integration;
  readonly below: Integration;
}

/**
 * The longest stream that API Gateway allows. The function's own timeout ends a request earlier.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
 */
const STREAM = { responseTransferMode: ResponseTransferMode.STREAM, timeout: Duration.minutes(15) };

/** API Gateway invokes the function with a response stream: one hop, and the function URL plays no part. */
function lambdaIntegration(fn: IFunction): ApiIntegration {
  const integration = new LambdaIntegration(fn, { ...STREAM, scopePermissionToMethod: false });
  return { root: integration, below: integration };
}

/**
 * API Gateway calls the function URL over HTTPS, under the path that the caller wrote: the stage is named v1, and
 * API Gateway takes a stage's name off.
 */
function functionUrlIntegration(functionUrl: FunctionUrl): ApiIntegration {
  const http = (path: string, options: IntegrationOptions) =>
    new HttpIntegration(`${functionUrl.url}v1${path}`, { httpMethod: 'ANY', proxy: true, options });
  return {
    root: http('', STREAM),
    below: http('/{proxy}', {
      ...STREAM,
      requestParameters: { 'integration.request.path.proxy': 'method.request.path.proxy' },
    }),
  };
}

/** `functionUrl` may be missing where the function is called directly. */
export function apiIntegration(
  kind: 'lambda' | 'function-url',
  fn: IFunction,
  functionUrl: FunctionUrl | undefined,
): ApiIntegration {
  if (kind === 'lambda') return lambdaIntegration(fn);
  if (functionUrl === undefined) throw new Error('The function-url integration needs a function URL.');
  return functionUrlIntegration(functionUrl);
}
