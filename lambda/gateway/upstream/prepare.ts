import { promptsOf, toChatBody } from '../../openai/completions.ts';
import type { Call } from '../../providers/provider.ts';
import type { RequestContext } from '../request/context.ts';
import type { Prepare } from './attempts.ts';
import { inlineMedia } from './inline-media.ts';

/** What a call needs before a route's provider can encode it. */
export function preparation(context: RequestContext): Prepare {
  return (call, route) => {
    const asked =
      call.operation === 'completions' && !route.provider.servesCompletions?.(route.model)
        ? asChat(call)
        : call;
    return inlineMedia(asked, route, context);
  };
}

/** A completion of one prompt as a chat. */
function asChat(call: Call): Call {
  const body = toChatBody(call.body, promptsOf(call.body)[0] ?? '');
  return { ...call, operation: 'chat', body, bytes: Buffer.from(JSON.stringify(body)) };
}
