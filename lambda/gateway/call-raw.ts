import type { RawCall } from '../providers/provider.ts';
import { Followers, followedBody, statusOf } from './answers/followed.ts';
import type { FollowedRequest } from './answers/follower.ts';
import { openAccount } from './limits/account.ts';
import type { GatewayParts } from './parts.ts';
import { relayRaw } from './raw/raw.ts';
import type { RawAnswer } from './raw/raw-answer.ts';
import { jsonBody } from './raw/raw-body.ts';
import { openRecord } from './records/record.ts';
import type { CallerOptions } from './request/caller-options.ts';
import type { RequestContext } from './request/context.ts';
import type { Principal } from './request/principal.ts';

/** A request that is relayed as it is, its caller known. */
export interface RawRequest {
  readonly call: RawCall;
  readonly principal: Principal;
  readonly options: CallerOptions;
  /** As in `ModelRequest`. */
  readonly responseHeaders: Record<string, string>;
}

/** The fallthrough: counted and logged like every other request, otherwise untouched. Throws GatewayError. */
export async function callRaw(
  { call, principal, options, responseHeaders }: RawRequest,
  context: RequestContext,
  parts: GatewayParts,
): Promise<RawAnswer> {
  const [path = ''] = call.target.split('?');
  const body = options.logging === undefined ? undefined : jsonBody(call);
  const model = body?.model;
  const { traceparent } = call.headers;
  const followed: FollowedRequest = {
    operation: 'raw',
    path: `${call.method} ${path}`,
    body,
    stream: body?.stream === true,
    principal,
    options,
    context,
    responseHeaders,
    ...(typeof model === 'string' ? { model } : {}),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  const followers = new Followers();
  followers.add(openRecord(followed, parts));
  try {
    followers.add((await openAccount(followed, parts))?.follower);
    const answer = await relayRaw(call, principal, options.endpointName, context, parts);
    const contentType = answer.headers.find(([name]) => name === 'content-type')?.[1] ?? '';
    return { ...answer, body: followedBody(answer.body, { status: answer.status, contentType }, followers) };
  } catch (failure) {
    followers.ended({ status: statusOf(failure), failure });
    throw failure;
  }
}
