import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';

interface GatewayResponse {
  readonly type: ResponseType;
  /** @default - API Gateway's own for this type */
  readonly statusCode?: string;
  readonly headers?: Record<string, string>;
  readonly error: { readonly message: string; readonly type: string; readonly code: string };
}

/**
 * Fixed texts: API Gateway's `$context.error.message` can quote the Authorization header, which holds the
 * caller's key.
 */
const RESPONSES: Record<string, GatewayResponse> = {
  RequestTooLarge: {
    type: ResponseType.REQUEST_TOO_LARGE,
    statusCode: '413',
    error: {
      message:
        'The request is larger than the 6 MB that AWS Lambda takes. Forms, audio and images count a third more, ' +
        'since they travel in base64.',
      type: 'invalid_request_error',
      code: 'request_too_large',
    },
  },
  Throttled: {
    type: ResponseType.THROTTLED,
    statusCode: '429',
    headers: { 'retry-after': "'1'" },
    error: {
      message: 'The gateway receives more requests per second than its deployment allows.',
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
    },
  },
  IntegrationTimeout: {
    type: ResponseType.INTEGRATION_TIMEOUT,
    statusCode: '504',
    error: { message: 'The gateway did not answer in time.', type: 'server_error', code: 'gateway_timeout' },
  },
  IntegrationFailure: {
    type: ResponseType.INTEGRATION_FAILURE,
    // API Gateway says 504, which SDKs and people read as a slow model.
    statusCode: '502',
    error: {
      message: 'API Gateway could not reach the gateway.',
      type: 'server_error',
      code: 'gateway_unreachable',
    },
  },
  Refused: {
    type: ResponseType.DEFAULT_4XX,
    error: {
      message: 'API Gateway refused the request ($context.error.responseType).',
      type: 'invalid_request_error',
      code: 'refused_by_api_gateway',
    },
  },
  Failed: {
    type: ResponseType.DEFAULT_5XX,
    error: {
      message: 'The gateway failed to answer ($context.error.responseType).',
      type: 'server_error',
      code: 'gateway_failed',
    },
  },
};

/**
 * What API Gateway answers by itself, in OpenAI's error shape and readable for browsers.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 */
export function addGatewayResponses(api: RestApi): void {
  for (const [id, { type, statusCode, headers, error }] of Object.entries(RESPONSES)) {
    const body = { error: { message: error.message, type: error.type, param: null, code: error.code } };
    api.addGatewayResponse(id, {
      type,
      ...(statusCode === undefined ? {} : { statusCode }),
      responseHeaders: {
        'access-control-allow-origin': "'*'",
        'access-control-expose-headers': "'*'",
        ...headers,
      },
      templates: { 'application/json': JSON.stringify(body) },
    });
  }
}
