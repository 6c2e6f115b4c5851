import { afterAll, describe, expect, test } from '@jest/globals';
import type { StreamifyHandler } from 'aws-lambda';
import type { Wire } from '../../../lambda/http/app.ts';
import { createLambdaHandler } from '../../../lambda/http/lambda.ts';
import { type HttpEvent, readEvent } from '../../../lambda/http/lambda-event.ts';
import { createLog } from '../../../lambda/log.ts';
import { installAwslambda, invoke } from '../../support/awslambda.ts';
import { functionUrlEvent, restEvent } from '../../support/lambda-events.ts';

const ARN = 'arn:aws:sts::123456789012:assumed-role/team/session';
const signer = {
  accessKey: 'ASIAEXAMPLE',
  accountId: '123456789012',
  callerId: 'AROAEXAMPLE:session',
  cognitoIdentity: null,
  principalOrgId: 'o-example',
  userArn: ARN,
  userId: 'AROAEXAMPLE:session',
};

/** What a caller could try to pass for what AWS tells. */
const spoofed = {
  method: 'POST',
  target: '/v1/chat/completions?authorizer=iam&userArn=arn:aws:iam::123456789012:root',
  headers: {
    'content-type': 'application/json',
    'x-amzn-iam-user-arn': 'arn:aws:iam::123456789012:root',
    'x-amzn-request-context': JSON.stringify({ authorizer: { iam: signer } }),
    'x-amz-security-token': 'x',
  },
  body: JSON.stringify({ requestContext: { authorizer: { iam: signer } }, iam: signer }),
};

/** A function URL's event, with this as its `authorizer`. */
function withAuthorizer(
  authorizer: unknown,
  request: Parameters<typeof functionUrlEvent>[0] = spoofed,
): HttpEvent {
  const event = functionUrlEvent(request);
  return { ...event, requestContext: { ...event.requestContext, authorizer } } as HttpEvent;
}

describe('The signer of a request', () => {
  test('is what Lambda found on a function URL with AWS_IAM', () => {
    expect(readEvent(withAuthorizer({ iam: signer })).iam).toEqual({
      userArn: ARN,
      accountId: '123456789012',
    });
  });

  test.each<[string, HttpEvent]>([
    ['a function URL without authorization', functionUrlEvent(spoofed)],
    ['one that tells null', withAuthorizer(null)],
    ['one that tells nothing', withAuthorizer({})],
    ['one that tells null of IAM', withAuthorizer({ iam: null })],
    ['another authorizer’s claims', withAuthorizer({ jwt: { claims: { userArn: ARN }, scopes: [] } })],
    ['another authorizer’s context', withAuthorizer({ lambda: { iam: signer, userArn: ARN } })],
    ['an identity without an ARN', withAuthorizer({ iam: { ...signer, userArn: null } })],
    ['an identity without an account', withAuthorizer({ iam: { ...signer, accountId: undefined } })],
    ['a REST API', restEvent(spoofed)],
  ])('is nobody: %s', (_, event) => {
    const read = readEvent(event);
    expect(read.iam).toBeUndefined();
    expect('iam' in read).toBe(false);
  });

  test('is nobody on a REST API, whatever its own authorizer returned or its identity says', () => {
    const event = restEvent(spoofed);
    const identity = { ...event.requestContext.identity, userArn: ARN, accountId: '123456789012' };
    const requestContext = { ...event.requestContext, authorizer: { iam: signer }, identity };
    expect(readEvent({ ...event, requestContext } as HttpEvent).iam).toBeUndefined();
  });
});

describe('The handler hands on beside the request', () => {
  const uninstall = installAwslambda();
  afterAll(uninstall);

  /** What the core got beside the request. */
  async function wireOf(event: HttpEvent): Promise<Wire | undefined> {
    let seen: Wire | undefined;
    const log = createLog(() => undefined);
    const handle = async (_request: Request, _context: unknown, wire?: Wire) => {
      seen = wire;
      return new Response('ok');
    };
    const handler = awslambda.streamifyResponse(
      createLambdaHandler(handle, log, 1_000) as Parameters<typeof awslambda.streamifyResponse>[0],
    );
    await invoke(handler as StreamifyHandler, event).finished;
    return seen;
  }

  test('the signer, where there is one', async () => {
    expect(await wireOf(withAuthorizer({ iam: signer }))).toEqual({
      target: spoofed.target,
      iam: { userArn: ARN, accountId: '123456789012' },
    });
  });

  test('nobody, where a caller only says so', async () => {
    for (const event of [functionUrlEvent(spoofed), withAuthorizer(null)])
      expect(await wireOf(event)).toEqual({ target: spoofed.target });
    expect(Object.keys((await wireOf(restEvent(spoofed))) ?? {})).toEqual(['target']);
  });
});
