import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { only, synthesize } from './synthesize.ts';

const METHOD = 'AWS::ApiGateway::Method';
const RESPONSE = 'AWS::ApiGateway::GatewayResponse';

interface GatewayResponse {
  ResponseType: string;
  StatusCode?: string;
  ResponseParameters: Record<string, string>;
  ResponseTemplates: Record<string, string>;
}

describe('GatewayApi', () => {
  // GIVEN
  const { gateway } = synthesize();

  test('is regional, throttled, and its stage makes the URL an OpenAI base URL', () => {
    // THEN
    gateway.hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['REGIONAL'] },
    });
    gateway.hasResourceProperties('AWS::ApiGateway::Stage', {
      StageName: 'v1',
      MethodSettings: [
        Match.objectLike({
          ResourcePath: '/*',
          HttpMethod: '*',
          ThrottlingRateLimit: 100,
          ThrottlingBurstLimit: 200,
          DataTraceEnabled: false,
        }),
      ],
    });
    gateway.hasOutput('ApiUrl', {
      Value: {
        'Fn::Join': [
          '',
          [
            'https://',
            { Ref: Match.stringLikeRegexp('^ApiRestApi') },
            '.execute-api.',
            { Ref: 'AWS::Region' },
            '.',
            { Ref: 'AWS::URLSuffix' },
            '/v1',
          ],
        ],
      },
    });
  });

  test('takes forms, audio, images and other bytes unharmed, and JSON as text', () => {
    // WHEN
    const { BinaryMediaTypes } = only(gateway, 'AWS::ApiGateway::RestApi') as { BinaryMediaTypes: string[] };
    // THEN base64 would cost JSON a third of Lambda's 6 MB
    expect(BinaryMediaTypes).toEqual(
      expect.arrayContaining(['multipart/form-data', 'application/octet-stream', 'audio/*', 'image/*']),
    );
    expect(BinaryMediaTypes).not.toContain('*/*');
    expect(BinaryMediaTypes).not.toContain('application/json');
  });

  test('leaves the role that belongs to the whole account alone', () => {
    // THEN
    gateway.resourceCountIs('AWS::ApiGateway::Account', 0);
  });

  test('takes other throttling', () => {
    // WHEN
    const { gateway: other } = synthesize({ throttleRate: 5, throttleBurst: 10 });
    // THEN
    other.hasResourceProperties('AWS::ApiGateway::Stage', {
      MethodSettings: [Match.objectLike({ ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 })],
    });
  });
});

describe('The lambda integration', () => {
  // GIVEN
  const { gateway } = synthesize({ apiGatewayIntegration: 'lambda' });

  test('streams every method of every path, the root too, from the function for 15 minutes', () => {
    // THEN
    gateway.resourcePropertiesCountIs(
      METHOD,
      {
        HttpMethod: 'ANY',
        AuthorizationType: 'NONE',
        Integration: {
          Type: 'AWS_PROXY',
          IntegrationHttpMethod: 'POST',
          ResponseTransferMode: 'STREAM',
          TimeoutInMillis: 900_000,
        },
      },
      2,
    );
    gateway.resourceCountIs(METHOD, 2);
    gateway.hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: '{proxy+}' });
    for (const method of Object.values(gateway.findResources(METHOD))) {
      const uri = JSON.stringify(method.Properties.Integration.Uri);
      expect(uri).toContain(':lambda:path/2021-11-15/functions/');
      expect(uri).toContain('/response-streaming-invocations');
    }
  });

  test('lets this API alone invoke the function', () => {
    // THEN
    gateway.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: { 'Fn::Join': ['', Match.arrayWith([{ Ref: Match.stringLikeRegexp('^ApiRestApi') }])] },
    });
  });
});

describe('The function-url integration', () => {
  // GIVEN
  const { gateway } = synthesize({ apiGatewayIntegration: 'function-url' });
  const functionUrl = { 'Fn::GetAtt': [Match.anyValue(), 'FunctionUrl'] };
  const streamed = {
    Type: 'HTTP_PROXY',
    IntegrationHttpMethod: 'ANY',
    ResponseTransferMode: 'STREAM',
    TimeoutInMillis: 900_000,
  };

  test('streams the root from the function URL', () => {
    // THEN there is no path parameter to send on
    gateway.hasResourceProperties(METHOD, {
      HttpMethod: 'ANY',
      ResourceId: { 'Fn::GetAtt': [Match.anyValue(), 'RootResourceId'] },
      Integration: {
        ...streamed,
        Uri: { 'Fn::Join': ['', [functionUrl, 'v1']] },
        RequestParameters: Match.absent(),
      },
    });
  });

  test('streams every other path from the same path of the function URL', () => {
    // THEN
    gateway.hasResourceProperties(METHOD, {
      HttpMethod: 'ANY',
      RequestParameters: { 'method.request.path.proxy': true },
      Integration: {
        ...streamed,
        Uri: { 'Fn::Join': ['', [functionUrl, 'v1/{proxy}']] },
        RequestParameters: { 'integration.request.path.proxy': 'method.request.path.proxy' },
      },
    });
  });

  test('gives API Gateway no leave to invoke the function past its URL', () => {
    // THEN
    gateway.resourcePropertiesCountIs(
      'AWS::Lambda::Permission',
      { Principal: 'apigateway.amazonaws.com' },
      0,
    );
  });
});

describe("API Gateway's own answers", () => {
  // GIVEN
  const { gateway } = synthesize();
  const responses = Object.values(gateway.findResources(RESPONSE)).map(
    (response): GatewayResponse => response.Properties,
  );

  test('cover what API Gateway refuses, and any other failure', () => {
    // THEN
    const statuses = Object.fromEntries(
      responses.map(({ ResponseType, StatusCode }) => [ResponseType, StatusCode]),
    );
    expect(statuses).toEqual({
      REQUEST_TOO_LARGE: '413',
      THROTTLED: '429',
      INTEGRATION_TIMEOUT: '504',
      INTEGRATION_FAILURE: '502',
      DEFAULT_4XX: undefined,
      DEFAULT_5XX: undefined,
    });
  });

  test.each(responses)('$ResponseType is an OpenAI error that a browser may read', (response) => {
    // WHEN
    const body = JSON.parse(response.ResponseTemplates['application/json'] ?? '');
    // THEN
    expect(body).toEqual({
      error: { message: expect.any(String), type: expect.any(String), param: null, code: expect.any(String) },
    });
    expect(response.ResponseParameters).toMatchObject({
      'gatewayresponse.header.access-control-allow-origin': "'*'",
    });
  });

  test.each(responses)('$ResponseType quotes nothing of the request', (response) => {
    // THEN $context.error.message can hold the Authorization header
    const variables = JSON.stringify(response).match(/\$[\w.]*\w/g) ?? [];
    expect(variables.filter((variable) => variable !== '$context.error.responseType')).toEqual([]);
  });

  test("say Lambda's limit where the request is too large, and when to come back where there are too many", () => {
    // THEN
    gateway.hasResourceProperties(RESPONSE, {
      ResponseType: 'REQUEST_TOO_LARGE',
      ResponseTemplates: { 'application/json': Match.stringLikeRegexp('6 MB') },
    });
    gateway.hasResourceProperties(RESPONSE, {
      ResponseType: 'THROTTLED',
      ResponseParameters: { 'gatewayresponse.header.retry-after': "'1'" },
    });
  });
});
