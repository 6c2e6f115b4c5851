import { Stack } from 'aws-cdk-lib';
import { AuthorizationType, EndpointType, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import type { ApiIntegration } from './api-integration.ts';
import { addGatewayResponses } from './gateway-responses.ts';

export interface GatewayApiProps {
  readonly integration: ApiIntegration;
  /** Requests per second, over all callers. */
  readonly throttleRate: number;
  readonly throttleBurst: number;
}

/** Named so that the API's URL is an OpenAI base URL: https://ID.execute-api.REGION.amazonaws.com/v1 */
const STAGE = 'v1';

/** Request bodies that are not text. API Gateway takes all others for UTF-8, which corrupts them. */
const BINARY_MEDIA_TYPES = [
  'multipart/form-data',
  'application/octet-stream',
  'application/pdf',
  'application/zip',
  'application/gzip',
  'audio/*',
  'image/*',
  'video/*',
];

/** The public door: a REST API, since API Gateway's HTTP APIs can't stream a response. */
export class GatewayApi extends Construct {
  readonly restApi: RestApi;
  /** The base URL for OpenAI clients, without a slash at its end. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: GatewayApiProps) {
    super(scope, id);
    const { region, urlSuffix, stackName } = Stack.of(this);
    this.restApi = new RestApi(this, 'RestApi', {
      restApiName: stackName,
      description: 'Sluice: the gateway',
      // An edge-optimized API ends a stream after 30 silent seconds, a regional one after 5 minutes.
      endpointConfiguration: { types: [EndpointType.REGIONAL] },
      binaryMediaTypes: BINARY_MEDIA_TYPES,
      // The role is the account's, not the API's: making one would take it from the account's other APIs.
      cloudWatchRole: false,
      // The gateway authenticates each request itself, whichever door it came through.
      defaultMethodOptions: { authorizationType: AuthorizationType.NONE },
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: props.throttleRate,
        throttlingBurstLimit: props.throttleBurst,
      },
    });
    // The CDK's own output, whose name changes with the construct's path. The stack has `ApiUrl`.
    this.restApi.node.tryRemoveChild('Endpoint');
    this.restApi.root.addMethod('ANY', props.integration.root);
    this.restApi.root.addResource('{proxy+}').addMethod('ANY', props.integration.below, {
      requestParameters: { 'method.request.path.proxy': true },
    });
    addGatewayResponses(this.restApi);
    this.url = `https://${this.restApi.restApiId}.execute-api.${region}.${urlSuffix}/${STAGE}`;
  }
}
